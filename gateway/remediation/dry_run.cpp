#include "gateway/remediation/dry_run.hpp"

#include "engine/deep_thread.hpp"
#include "engine/run_view.hpp"
#include "engine/runs.hpp"
#include "engine/state.hpp"
#include "gateway/effectors/result_text.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;
using Kind = DryAction::Kind;
using model::Effector;
using model::Phase;
using model::Run;
using model::RunState;

// More turns than any run of a plan that the gates let through can take.
constexpr std::size_t kTurnsMax =
    model::Plan::kStepsMax * model::kPhaseNames.size() * engine::Runs::kAttemptsMax;

// Telling somebody changes nothing that a check could find.
bool changes_something(const model::Action& action) {
    return action.effector != Effector::Check && action.effector != Effector::Notify;
}

// There would be something to take back.
bool acts(const model::Action& action) {
    return action.effector == Effector::Http || action.effector == Effector::Command ||
           action.effector == Effector::Silence;
}

const std::string& node_of(const model::Plan& plan, const model::Step& step) {
    return step.node.empty() ? plan.target : step.node;
}

// The dry effectors, asked one after the other, and what is known by what they said.
class Looker {
   public:
    Looker(EffectorParts parts, DryRunOptions options)
        : parts_(one_worker(std::move(parts))), effectors_(Effectors::make_dry(parts_)),
          until_(Clock::now() + options.time_max), is_over_(std::move(options.is_over)) {}

    DryAction look(const model::AttemptKey& key, const model::Action& action) {
        DryAction seen = describe(key.step, key.phase, action);
        if (seen.kind == Kind::Refused) {
            return seen;
        }
        if (action.effector == Effector::Check && is_time_up()) {
            seen.kind = Kind::NotMade;
            return seen;
        }
        const std::optional<ActionResult> result = ask(key, action);
        if (!result) {
            seen.kind = Kind::NotMade;
            return seen;
        }
        seen.text = result->text;
        seen.outcome = result->outcome;
        if (result->is_performed) {
            seen.kind = Kind::Found;
            seen.counts = !has_skipped_;
        } else {
            seen.kind = result->outcome == ActionResult::Outcome::Ok ? Kind::Would : Kind::Refused;
            has_skipped_ = has_skipped_ || changes_something(action);
        }
        return seen;
    }

    // In words alone: nothing is asked.
    DryAction describe(std::uint32_t step, Phase phase, const model::Action& action) const {
        DryAction seen;
        seen.step = step;
        seen.phase = phase;
        seen.action = action;
        const Result<std::string> what = describe_action(parts_, action);
        seen.kind = what ? Kind::Would : Kind::Refused;
        seen.outcome = what ? ActionResult::Outcome::Ok : ActionResult::Outcome::Failed;
        seen.text = printable(what ? "would " + *what : what.error().message);
        return seen;
    }

   private:
    static EffectorParts one_worker(EffectorParts parts) {
        parts.settings.workers = 1;
        return parts;
    }

    bool is_time_up() const { return Clock::now() >= until_ || (is_over_ && is_over_()); }

    std::optional<ActionResult> ask(const model::AttemptKey& key, model::Action action) {
        // What is so now, not what becomes so.
        action.arguments.erase("every");
        const auto left = std::chrono::duration_cast<model::Duration>(until_ - Clock::now());
        action.timeout = std::clamp(left, model::Duration(1), action.timeout);
        auto promise =
            std::make_shared<std::promise<ActionResult>>();  // shared: with a late answer
        std::future<ActionResult> result = promise->get_future();
        const model::Duration patience = action.timeout + engine::Runs::kGrace;
        const bool is_taken = effectors_->try_start(
            {std::move(action), model::to_string(key)},
            [promise](ActionResult done) { promise->set_value(std::move(done)); });
        if (!is_taken || result.wait_for(patience) != std::future_status::ready) {
            return std::nullopt;
        }
        return result.get();
    }

    EffectorParts parts_;
    std::unique_ptr<Effectors> effectors_;
    Clock::time_point until_;
    std::function<bool()> is_over_;
    bool has_skipped_ = false;  // something that would have changed what checks find
};

// What a real effector would have told the engine.
model::Outcome outcome_of(const DryAction& seen) {
    if (seen.kind == Kind::Refused) {
        return model::Outcome::Failed;
    }
    if (seen.kind != Kind::Found || !seen.counts) {
        return model::Outcome::Ok;
    }
    switch (seen.outcome) {
        case ActionResult::Outcome::Ok: return model::Outcome::Ok;
        case ActionResult::Outcome::Failed: return model::Outcome::Failed;
        case ActionResult::Outcome::Unknown: return model::Outcome::Unknown;
    }
    return model::Outcome::Unknown;
}

// A core of our own, of which nothing leaves.
class PrivateCore {
   public:
    PrivateCore(engine::Core core, model::Time now)
        : core_(std::move(core)), now_(std::max(now, core_.now())) {}

    model::Position apply(model::Input::Body body) {
        effects_.clear();
        core_.apply({core_.position() + 1, now_, std::move(body)}, effects_);
        return core_.position();
    }

    const engine::Core& core() const { return core_; }

    const engine::State& state() const { return core_.state(); }

    const Run* find(model::Id id) const { return state().runs.find(id); }

    model::Time now() const { return now_; }

   private:
    engine::Core core_;
    model::Time now_;
    std::vector<model::Effect> effects_;
};

class DryRun {
   public:
    DryRun(engine::Core core, model::Time now, const model::PlanProposed& proposal,
           EffectorParts parts, const DryRunOptions& options)
        : core_(std::move(core), now), proposal_(proposal),
          looker_(with_nodes(std::move(parts)), options) {}

    DryRunReport take() {
        core_.apply(model::Tick{});
        report_.at = core_.now();
        report_.self_approval = core_.state().runs.settings.self_approval;
        report_.gates =
            engine::Gates(core_.state(), engine::run_of(core_.state(), proposal_)).all();
        propose();
        say_yes();
        report_.end = *core_.find(run_);
        report_.is_refused = !has_begun(report_.end);
        if (report_.is_refused) {
            note_refusal();
            describe_steps();
        } else {
            take_steps();
            report_.end = *core_.find(run_);
        }
        describe_undos();
        return std::move(report_);
    }

   private:
    EffectorParts with_nodes(EffectorParts parts) {
        parts.is_node = [this](std::string_view name) {
            return core_.state().topology.now().find(name) != topology::kNoNode;
        };
        return parts;
    }

    void propose() {
        run_ = {core_.apply(proposal_), 0};
        report_.proposed = *core_.find(run_);
        if (report_.proposed.reason != model::Reason::AlreadyProposed) {
            return;
        }
        for (const engine::RunTable::Number number : core_.state().runs.open) {
            const Run& other = core_.state().runs.runs.at(number);
            if (other.state == RunState::AwaitingApproval && other.hash == report_.proposed.hash) {
                run_ = other.id;
                report_.proposed = other;
                report_.waits_already = true;
                return;
            }
        }
    }

    static bool has_begun(const Run& run) { return run.started_at != model::kNoTime; }

    // A yes that a gate refused leaves the run as it is: the answer has the reason.
    void note_refusal() {
        if (report_.end.state == RunState::AwaitingApproval) {
            report_.end.reason = report_.end.answer.reason;
            report_.end.reason_text = report_.end.answer.text;
        }
    }

    // As many people as it takes, each once; the gates are asked again at each yes.
    void say_yes() {
        for (std::size_t person = 1; core_.find(run_)->state == RunState::AwaitingApproval;
             ++person) {
            const std::size_t before = core_.find(run_)->approvals.size();
            core_.apply(model::Command(model::ApproveRun{run_, core_.find(run_)->hash,
                                                         "dry run " + std::to_string(person),
                                                         model::Role::Admin, "dry run"}));
            if (core_.find(run_)->approvals.size() == before) {
                return;
            }
        }
    }

    void take_steps() {
        for (std::size_t turn = 0; turn < kTurnsMax; ++turn) {
            const std::vector<engine::StepOrder> orders = engine::open_orders(core_.core());
            const auto order =
                std::find_if(orders.begin(), orders.end(),
                             [&](const engine::StepOrder& one) { return one.key.run == run_; });
            if (order == orders.end()) {
                return;
            }
            core_.apply(model::StepResult{order->key, model::Outcome::Started, ""});
            DryAction seen = looker_.look(order->key, order->action);
            core_.apply(model::StepResult{order->key, outcome_of(seen), seen.text});
            report_.actions.push_back(std::move(seen));
        }
    }

    void describe_steps() {
        each_step([&](std::uint32_t number, const model::Step& step) {
            report_.actions.push_back(looker_.describe(number, Phase::Run, step.run));
            if (step.verify) {
                report_.actions.push_back(looker_.describe(number, Phase::Verify, *step.verify));
            }
        });
    }

    // The last first, as they would come.
    void describe_undos() {
        each_step([&](std::uint32_t number, const model::Step& step) {
            if (step.undo) {
                report_.undos.push_back(looker_.describe(number, Phase::Undo, *step.undo));
            }
        });
        std::reverse(report_.undos.begin(), report_.undos.end());
    }

    template <typename Each>
    void each_step(Each each) const {
        const std::vector<model::Step>& steps = report_.proposed.plan.steps;
        for (std::uint32_t number = 0; number < steps.size(); ++number) {
            each(number, steps[number]);
        }
    }

    PrivateCore core_;
    const model::PlanProposed& proposal_;
    Looker looker_;
    model::Id run_;
    DryRunReport report_;
};

// ---- the report as JSON ----

using model::JsonWriter;

void write(JsonWriter& out, const DryRunReport& report, const DryAction& seen) {
    const model::Plan& plan = report.proposed.plan;
    const model::Step& step = plan.steps.at(seen.step);
    out.begin_object().member("step", std::uint64_t{seen.step} + 1).member("name", step.name);
    out.member("node", node_of(plan, step)).member("phase", model::name_of(seen.phase));
    out.member("kind", kDryKindNames[static_cast<std::size_t>(seen.kind)]);
    out.member("outcome", kOutcomeNames[static_cast<std::size_t>(seen.outcome)]);
    out.member("counts", seen.counts).member("text", seen.text).key("action");
    engine::write_action(out, seen.action);
    out.end_object();
}

void write_all(JsonWriter& out, std::string_view name, const DryRunReport& report,
               const std::vector<DryAction>& actions) {
    out.key(name).begin_array();
    for (const DryAction& seen : actions) {
        write(out, report, seen);
    }
    out.end_array();
}

void write_steps(JsonWriter& out, const DryRunReport& report) {
    const model::Plan& plan = report.proposed.plan;
    out.key("steps").begin_array();
    for (std::uint32_t number = 0; number < plan.steps.size(); ++number) {
        const model::Step& step = plan.steps[number];
        const bool is_reached =
            !report.is_refused &&
            std::any_of(report.actions.begin(), report.actions.end(),
                        [&](const DryAction& seen) { return seen.step == number; });
        out.begin_object().member("name", step.name).member("node", node_of(plan, step));
        out.member("acts", acts(step.run)).member("reached", is_reached);
        out.member("has_undo", step.undo.has_value());
        out.member("idempotent", step.idempotent).end_object();
    }
    out.end_array();
}

void write_plan(JsonWriter& out, const Run& run) {
    const bool has_incident = run.plan.incident != model::kNoId;
    out.key("plan").begin_object().member("playbook", run.plan.playbook);
    out.member("target", run.plan.target).member("summary", run.plan.summary);
    out.member("prose", run.plan.prose).member("risk", model::name_of(run.plan.risk));
    out.member("reversible", run.plan.reversible).member("hash", run.hash);
    out.member("incident", has_incident
                               ? model::format_id(model::kIncidentPrefix, run.plan.incident)
                               : std::string());
    out.member("proposed_by", run.proposed_by).member("mode", model::name_of(run.mode));
    out.member("step_count", std::uint64_t{run.plan.steps.size()}).end_object();
}

void write_state(JsonWriter& out, std::string_view name, const Run& run) {
    out.key(name).begin_object().member("state", model::name_of(run.state));
    out.member("reason", model::name_of(run.reason)).member("text", run.reason_text).end_object();
}

void write_approval(JsonWriter& out, const DryRunReport& report) {
    const Run& run = report.proposed;
    const bool is_needed = run.state == RunState::AwaitingApproval;
    out.key("approval").begin_object().member("needed", is_needed);
    out.member("people", std::uint64_t{is_needed ? run.limits.approvals : 0U});
    out.member("given", std::uint64_t{run.approvals.size()});
    out.member("role", model::name_of(run.limits.approver));
    out.member("self_approval", report.self_approval);
    out.member("within", model::format_duration(run.limits.approval_ttl)).end_object();
}

}  // namespace

bool DryRunReport::is_good() const {
    const auto is_refused_one = [](const DryAction& seen) { return seen.kind == Kind::Refused; };
    return !is_refused && end.state == RunState::Succeeded &&
           std::none_of(undos.begin(), undos.end(), is_refused_one);
}

Result<std::string> state_of(engine::Loop& loop) {
    model::Writer out;
    if (!loop.query_and_wait([&](const engine::Core& core) { core.encode(out); })) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    return std::string(out.bytes());
}

Result<DryRunReport> dry_run(std::string_view state, model::Time now,
                             const model::PlanProposed& proposal, EffectorParts parts,
                             DryRunOptions options) {
    Result<DryRunReport> report = DryRunReport();
    engine::run_deep([&] {  // the state may have plugins in it
        model::Reader in(state);
        Result<engine::Core> core = engine::Core::decode(in, engine::PluginRun::patient());
        if (core) {
            report = DryRun(*std::move(core), now, proposal, std::move(parts), options).take();
        } else {
            report = fail(core.error());
        }
    });
    return report;
}

std::string to_json(const DryRunReport& report) {
    JsonWriter out;
    out.begin_object().member("dry_run", true).member("at", report.at);
    out.member("good", report.is_good()).member("refused", report.is_refused);
    out.key("waits_already");
    report.waits_already ? out.text(model::format_id(model::kRunPrefix, report.proposed.id))
                         : out.null();
    write_plan(out, report.proposed);
    write_state(out, "proposed", report.proposed);
    out.key("gates");
    engine::write_gates(out, report.gates);
    write_approval(out, report);
    write_steps(out, report);
    write_all(out, "actions", report, report.actions);
    write_all(out, "undos", report, report.undos);
    write_state(out, "end", report.end);
    out.end_object();
    return out.take();
}

}  // namespace nocturne::gateway
