// Plans: what playbooks would do about an incident, a plan that is proposed, and one run dry.
#include "engine/run_view.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "gateway/remediation/dry_runs.hpp"
#include "gateway/remediation/incident_plans.hpp"
#include "gateway/request_body.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace nocturne::gateway {

namespace {

HttpResponse response_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::Invalid: return error_response(409, error.message);
        case ErrorCode::NotFound: return error_response(404, error.message);
        case ErrorCode::Unavailable: return unavailable(error.message);
        default: return error_response(500, error.message);
    }
}

// Calls `go` with the plan that the body has, or else, in the background, with the one that a
// playbook makes. It is the caller's own.
void with_plan(const Context& context, const Call& call, const Respond& respond,
               std::function<void(model::PlanProposed)> go) {
    Checked<PlanRequest> request = parse_plan_request(call.request.body);
    if (!request.problems.empty()) {
        respond(problems_response(request.problems));
        return;
    }
    model::PlanProposed& proposal = request.value.proposal;
    proposal.by = name_of(call.caller, std::move(proposal.by));
    if (call.caller.role) {
        proposal.from = call.caller.from;
    }
    if (!request.value.is_for_playbook) {
        go(std::move(proposal));
        return;
    }
    context->parts.in_background([context, respond, go = std::move(go),
                                  wish = PlanWish{proposal.plan.incident, proposal.plan.playbook,
                                                  proposal.by, proposal.from}] {
        Result<model::PlanProposed> made = plan_for_person(context->parts.planner, wish);
        made ? go(*std::move(made)) : respond(response_of(made.error()));
    });
}

// 201 when it goes on, 409 with the reason when a gate refuses it. Both tell the run.
HttpResponse answer_to_proposal(const engine::Core& core, model::Position position) {
    const model::Id id{position, 0};
    const std::optional<model::RunEvent> event = engine::answer_at(core, id, position);
    const std::optional<std::string> json = engine::render_run(core, id);
    if (!event || !json) {
        return error_response(500, "the run is gone already");
    }
    return model::is_refusal(event->reason) ? refusal_response(*event, *json)
                                            : json_response(*json, 201);
}

}  // namespace

void get_incident_plans(const Context& context, Call call, Respond respond) {
    if (const Status status = check_parameters(call.target, {}); !status) {
        respond(error_response(400, status.error().message));
        return;
    }
    const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
    if (!id) {
        respond(error_response(404, "no incident \"" + call.name.substr(0, 64) + "\""));
        return;
    }
    context->parts.in_background([context, respond = std::move(respond), id = *id] {
        const Result<std::vector<JudgedOffer>> offers =
            plans_for(context->loop, context->parts.planner, id);
        respond(offers ? json_response(to_json(id, *offers)) : response_of(offers.error()));
    });
}

void post_run(const Context& context, Call call, Respond respond) {
    with_plan(context, call, respond,
              [context, respond, caller = call.caller,
               bytes = call.request.body.size()](model::PlanProposed plan) {
                  model::AuditNote note = note_of(plan);
                  note.role = caller.role_name();
                  note.from = caller.from;
                  submit(context, std::move(plan), std::move(note), bytes, respond,
                         [context](model::Position position, Respond answer) {
                             ask(context, std::move(answer), [position](const engine::Core& core) {
                                 return answer_to_proposal(core, position);
                             });
                         });
              });
}

void post_dry_run(const Context& context, Call call, Respond respond) {
    if (context->parts.dry_runs == nullptr) {
        respond(unavailable("no dry runs are made here"));
        return;
    }
    with_plan(context, call, respond, [context, respond](model::PlanProposed plan) {
        const bool is_taken = context->parts.dry_runs->try_start(
            std::move(plan), [respond](const Result<DryRunReport>& report) {
                respond(report ? json_response(to_json(*report)) : response_of(report.error()));
            });
        if (!is_taken) {
            respond(unavailable("too many dry runs wait for their turn; try again"));
        }
    });
}

}  // namespace nocturne::gateway
