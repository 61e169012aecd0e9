// RunStory: a night with one incident on an instance of "cart", plans for it, and the words of
// people and effectors.
#pragma once

#include "model/run.hpp"
#include "tests/engine/story.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nocturne::engine {

class RunStory : public Story {
   public:
    RunStory() {
        topology(R"(
services:
  - name: shop
    depends_on: [cart-1, cart-2, cart-3, cart-4, orders-db]
  - {name: cart-1, type: pod, aliases: ["10.0.0.1"]}
  - {name: cart-2, type: pod}
  - {name: cart-3, type: pod}
  - {name: cart-4, type: pod}
  - {name: orders-db, type: database}
)");
        fires("cart-1", "latency");
        incident = incidents().front()->id;
    }

    model::Id incident;

    static model::Step step(const std::string& name, const std::string& node) {
        model::Step step;
        step.name = name;
        step.node = node;
        step.run = {model::Effector::Command, "restart-unit", {{"unit", node}}};
        return step;
    }

    // Restarts cart-1: one step, with verify and undo, not idempotent.
    model::PlanProposed proposal(const std::string& node = "cart-1") const {
        model::PlanProposed proposal;
        proposal.plan.playbook = "restart";
        proposal.plan.version = "1";
        proposal.plan.incident = incident;
        proposal.plan.target = node;
        proposal.plan.summary = "restart " + node;
        proposal.plan.risk = model::Risk::Low;
        proposal.plan.steps.push_back(step("restart " + node, node));
        proposal.plan.steps[0].verify =
            model::Action{model::Effector::Check, "http", {{"url", "http://" + node}}};
        proposal.plan.steps[0].undo =
            model::Action{model::Effector::Command, "start-unit", {{"unit", node}}};
        proposal.by = "restart";
        proposal.from = model::kFromPlaybook;
        proposal.mode = model::RunMode::Approve;
        proposal.capabilities = {"command", "check"};
        return proposal;
    }

    // Three steps on cart-1, so that there is something to undo in order.
    model::PlanProposed three_steps() const {
        model::PlanProposed three = proposal();
        for (const char* name : {"two", "three"}) {
            model::Step more = three.plan.steps[0];
            more.name = name;
            three.plan.steps.push_back(more);
        }
        return three;
    }

    // Proposes it; gives back the run.
    const model::Run& propose(model::PlanProposed proposed) {
        apply(std::move(proposed));
        last_ = {core().position(), 0};
        return run();
    }

    // The last one that was proposed.
    const model::Run& run() const { return *state().runs.find(last_); }

    const model::Run& run(model::Id id) const { return *state().runs.find(id); }

    model::ApproveRun yes(const std::string& by = "anna",
                          model::Role role = model::Role::Approver) const {
        return {last_, run().hash, by, role, "cli"};
    }

    const model::Run& approves(const std::string& by = "anna",
                               model::Role role = model::Role::Approver) {
        apply(model::Command(yes(by, role)));
        return run();
    }

    const model::Run& answers(model::Outcome outcome, const std::string& text = "") {
        apply(model::StepResult{run().attempt->key, outcome, text});
        return run();
    }

    // The present action is begun, and ends so.
    const model::Run& acts(model::Outcome outcome, const std::string& text = "") {
        answers(model::Outcome::Started);
        return answers(outcome, text);
    }

    const model::Run& settles(model::SettleRun::Verdict verdict,
                              model::Role role = model::Role::Approver) {
        apply(model::Command(model::SettleRun{run().attempt->key, verdict, "anna", role, "cli"}));
        return run();
    }

    // A whole run that works.
    void helps(model::PlanProposed proposed) {
        propose(std::move(proposed));
        approves();
        while (model::is_active(run().state)) {
            acts(model::Outcome::Ok);
        }
    }

    void fails(model::PlanProposed proposed) {
        propose(std::move(proposed));
        approves();
        acts(model::Outcome::Failed);
    }

    // The key of the attempt that is wanted, without the run: "1/run/1"; "" when there is none.
    std::string wanted() const {
        if (!run().attempt) {
            return "";
        }
        const std::string key = model::to_string(run().attempt->key);
        return key.substr(key.find('/') + 1);
    }

   private:
    model::Id last_;
};

}  // namespace nocturne::engine
