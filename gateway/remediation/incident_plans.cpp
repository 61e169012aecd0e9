#include "gateway/remediation/incident_plans.hpp"

#include "engine/loop.hpp"
#include "engine/run_view.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/remediation/plan_json.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::gateway {

namespace {

Result<std::vector<PlanOffer>> ask(Planner* planner, model::Id incident) {
    if (planner == nullptr) {
        return fail(ErrorCode::Unavailable, "no playbooks run here, so there is no plan");
    }
    return planner->plans_for(incident);
}

// "restart_stateless: severity is "minor", wanted ...; scale_out: ..."
std::string reasons_of(const std::vector<PlanOffer>& offers) {
    std::string text;
    for (const PlanOffer& offer : offers) {
        text += (text.empty() ? "" : "; ") + offer.playbook + ": " + printable(offer.why_not, 300);
    }
    return text.empty() ? "there are no playbooks" : text;
}

std::string names_of(const std::vector<PlanOffer>& offers) {
    std::string text;
    for (const PlanOffer& offer : offers) {
        text += (text.empty() ? "" : ", ") + offer.playbook;
    }
    return text.empty() ? "there are none" : "there are " + text;
}

Result<PlanOffer> choose(std::vector<PlanOffer> offers, const std::string& playbook) {
    const auto is_wanted = [&](const PlanOffer& one) {
        return playbook.empty() ? one.proposal.has_value() : one.playbook == playbook;
    };
    const auto found = std::find_if(offers.begin(), offers.end(), is_wanted);
    if (found != offers.end() && found->proposal) {
        return std::move(*found);
    }
    if (found != offers.end()) {
        return fail(ErrorCode::Invalid,
                    playbook + " has no plan for it: " + printable(found->why_not, 300));
    }
    return playbook.empty()
               ? fail(ErrorCode::Invalid, "no playbook has a plan for it; " + reasons_of(offers))
               : fail(ErrorCode::NotFound,
                      "no playbook \"" + printable(playbook, 64) + "\"; " + names_of(offers));
}

}  // namespace

Result<std::vector<JudgedOffer>> plans_for(engine::Loop& loop, Planner* planner,
                                           model::Id incident) {
    NOCTURNE_TRY(std::vector<PlanOffer> offers, ask(planner, incident));
    std::vector<JudgedOffer> judged;
    if (!loop.query_and_wait([&](const engine::Core& core) {
            for (PlanOffer& offer : offers) {
                JudgedOffer& one = judged.emplace_back();
                one.finding = offer.proposal ? engine::finding_for(core, *offer.proposal)
                                             : engine::GateFinding();
                one.offer = std::move(offer);
            }
        })) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    return judged;
}

std::string to_json(model::Id incident, const std::vector<JudgedOffer>& offers) {
    model::JsonWriter out;
    out.begin_object().member("incident", model::format_id(model::kIncidentPrefix, incident));
    out.key("plans").begin_array();
    for (const auto& [offer, finding] : offers) {
        out.begin_object().member("playbook", offer.playbook);
        if (offer.proposal) {
            out.key("plan");
            write_plan(out, *offer.proposal);
            out.key("gate");
            engine::write_gate(out, finding);
            out.key("why_not").null();
        } else {
            out.key("plan").null().key("gate").null().member("why_not", offer.why_not);
        }
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

Result<model::PlanProposed> plan_for_person(Planner* planner, const PlanWish& wish) {
    NOCTURNE_TRY(std::vector<PlanOffer> offers, ask(planner, wish.incident));
    NOCTURNE_TRY(PlanOffer offer, choose(std::move(offers), wish.playbook));
    model::PlanProposed proposal = *std::move(offer.proposal);
    proposal.by = wish.by;
    proposal.from = wish.from;
    proposal.mode = model::RunMode::Approve;
    return proposal;
}

model::AuditNote note_of(const model::PlanProposed& proposal) {
    model::AuditNote note;
    note.actor = proposal.by;
    note.from = proposal.from;
    note.action = "run.propose";
    note.subject = proposal.plan.playbook;
    note.reason = proposal.plan.summary;
    return note;
}

}  // namespace nocturne::gateway
