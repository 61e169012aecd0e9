#include "engine/gates.hpp"

#include "engine/blast_radius.hpp"
#include "rules/subject.hpp"
#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nocturne::engine {

using model::Plan;
using model::Reason;
using model::Run;
using model::RunMode;
using model::RunState;
using topology::NodeIndex;
using Verdict = GateFinding::Verdict;

namespace {

constexpr std::size_t kSiblingsMax = 100'000;
constexpr std::size_t kDependentsMax = 100'000;
constexpr std::size_t kNearMax = 1000;  // below a node, looked at for maintenance

GateFinding pass() {
    return {};
}

GateFinding refuse(Reason reason, std::string text) {
    return {{}, Verdict::Refuse, reason, std::move(text)};
}

GateFinding ask_person(Reason reason, std::string text) {
    return {{}, Verdict::AskPerson, reason, std::move(text)};
}

GateFinding make_void(Reason reason, std::string text) {
    return {{}, Verdict::Void, reason, std::move(text)};
}

std::string quote(std::string_view text) {
    return "\"" + std::string(text.substr(0, 64)) + "\"";
}

std::string percent(double share) {
    return std::to_string(std::lround(share * 100)) + " %";
}

const std::string& node_of(const Plan& plan, const model::Step& step) {
    return step.node.empty() ? plan.target : step.node;
}

// "open|acknowledged" allows either.
bool is_one_of(std::string_view value, std::string_view alternatives) {
    while (true) {
        const std::size_t bar = alternatives.find('|');
        if (alternatives.substr(0, bar) == value) {
            return true;
        }
        if (bar == std::string_view::npos) {
            return false;
        }
        alternatives.remove_prefix(bar + 1);
    }
}

bool is_failure(RunState state) {
    return state == RunState::Failed || state == RunState::RolledBack;
}

model::Duration within_a_day(model::Duration window) {
    return std::clamp(window, model::Duration(0), model::PlaybookSettings::kWindowMax);
}

}  // namespace

std::string main_name(const topology::Graph& graph, const std::string& name) {
    const NodeIndex node = graph.find(name);
    return node == topology::kNoNode ? name : graph.node(node).name;
}

RunMode mode_allowed(const State& state, const Plan& plan, RunMode asked) {
    const model::PlaybookSettings& settings = state.runs.settings;
    const topology::Graph& graph = state.topology.now();
    const NodeIndex target = graph.find(plan.target);
    const topology::Node* node = target == topology::kNoNode ? nullptr : &graph.node(target);
    const auto fits = [&](const model::ModeRule& rule) {
        const auto is = [](const std::string& wanted, std::string_view found) {
            return wanted.empty() || wanted == found;
        };
        return is(rule.playbook, plan.playbook) && (!rule.risk || *rule.risk == plan.risk) &&
               is(main_name(graph, rule.node), node == nullptr ? plan.target : node->name) &&
               is(rule.type, node == nullptr ? "" : node->type) &&
               is(rule.owner, node == nullptr ? "" : node->owner);
    };
    const auto rule = std::find_if(settings.modes.begin(), settings.modes.end(), fits);
    return std::min(asked, rule == settings.modes.end() ? settings.mode_max : rule->mode);
}

model::RunLimits limits_allowed(const model::PlaybookSettings& settings,
                                const model::RunLimits& asked, model::Risk risk) {
    model::RunLimits limits = asked;
    limits.cooldown = within_a_day(std::max(asked.cooldown, settings.cooldown_min));
    limits.runs_window = within_a_day(asked.runs_window);
    // Not a number, and what is out of range, is the strictest.
    const auto share = [](double value) { return value >= 0 && value <= 1 ? value : 0.0; };
    limits.blast_share_max =
        std::min(share(asked.blast_share_max), share(settings.blast_share_max));
    const auto at_least = [](double value) { return value >= 0 && value <= 1 ? value : 1.0; };
    limits.confidence_min =
        std::max(at_least(asked.confidence_min), at_least(settings.confidence_min));
    limits.approvals = std::max({asked.approvals, settings.approvals, std::uint32_t{1},
                                 risk == model::Risk::High ? settings.approvals_high : 1U});
    limits.approver = std::max(asked.approver, model::Role::Responder);
    limits.approval_ttl =
        std::clamp(asked.approval_ttl, model::Duration(1000), settings.approval_ttl_max);
    return limits;
}

Gates::Gates(const State& state, const Run& run)
    : state_(state), run_(run), settings_(state.runs.settings), graph_(state.topology.now()),
      target_(main_name(graph_, run.plan.target)) {
    const auto add = [&](const std::string& name) {
        if (const NodeIndex node = graph_.find(name); node != topology::kNoNode) {
            mine_.insert(node);
        }
    };
    add(run.plan.target);
    for (const model::Step& step : run.plan.steps) {
        add(node_of(run.plan, step));
    }
    touched_ = touched_lately();
    for (const NodeIndex node : mine_) {
        groups_.push_back({node, siblings_of(graph_, node, kSiblingsMax)});
    }
}

std::vector<GateFinding> Gates::all() const {
    struct Gate {
        std::string_view name;
        Finding (Gates::*look)() const;
    };

    static constexpr std::array<Gate, 22> kGates{{
        {"stop_switch", &Gates::stop},
        {"frozen_nodes", &Gates::freeze},
        {"plan", &Gates::shape},
        {"capability", &Gates::capability},
        {"nodes", &Gates::nodes},
        {"incident", &Gates::incident},
        {"preconditions", &Gates::preconditions},
        {"mode", &Gates::mode},
        {"proposer", &Gates::proposer},
        {"confidence", &Gates::confidence},
        {"novelty", &Gates::novelty},
        {"cooldown", &Gates::cooldown},
        {"rate", &Gates::rate},
        {"concurrency", &Gates::concurrency},
        {"blast_radius", &Gates::blast_radius},
        {"healthy_siblings", &Gates::healthy_siblings},
        {"dependents", &Gates::dependents},
        {"circuit_breaker", &Gates::circuit_breaker},
        {"recurrence", &Gates::recurrence},
        {"error_budget", &Gates::error_budget},
        {"loop", &Gates::loop},
        {"maintenance", &Gates::maintenance},
    }};
    std::vector<GateFinding> findings;
    findings.reserve(kGates.size());
    for (const Gate& gate : kGates) {
        findings.push_back((this->*gate.look)());
        findings.back().gate = gate.name;
    }
    return findings;
}

GateFinding Gates::decide() const {
    GateFinding worst;
    for (GateFinding& finding : all()) {
        if (finding.verdict > worst.verdict) {
            worst = std::move(finding);
        }
    }
    return worst;
}

GateFinding Gates::hold(const State& state, const std::string& node) {
    const RunTable& table = state.runs;
    if (table.is_stopped || table.settings.stopped) {
        return refuse(Reason::ActionsStopped, table.is_stopped
                                                  ? "all actions are stopped by " + table.stop.by
                                                  : "all actions are stopped by configuration");
    }
    const std::string name = main_name(state.topology.now(), node);
    if (const auto found = table.frozen.find(name); found != table.frozen.end()) {
        return refuse(Reason::NodeFrozen, name + " is frozen by " + found->second.by);
    }
    const auto& frozen = table.settings.frozen;
    if (std::any_of(frozen.begin(), frozen.end(), [&](const std::string& one) {
            return main_name(state.topology.now(), one) == name;
        })) {
        return refuse(Reason::NodeFrozen, name + " is frozen by configuration");
    }
    return pass();
}

GateFinding Gates::stop() const {
    Finding finding = hold(state_, "");
    return finding.reason == Reason::ActionsStopped ? finding : pass();
}

GateFinding Gates::freeze() const {
    const auto look = [&](const std::string& node) {
        Finding finding = hold(state_, node);
        return finding.reason == Reason::NodeFrozen ? finding : pass();
    };
    Finding finding = look(run_.plan.target);
    for (const model::Step& step : run_.plan.steps) {
        if (finding.verdict != Verdict::Pass) {
            break;
        }
        finding = look(node_of(run_.plan, step));
    }
    return finding;
}

GateFinding Gates::shape() const {
    const Plan& plan = run_.plan;
    if (plan.steps.empty()) {
        return refuse(Reason::PlanMalformed, "the plan has no steps");
    }
    if (plan.steps.size() > Plan::kStepsMax) {
        return refuse(Reason::PlanTooLarge, "the plan has " + std::to_string(plan.steps.size()) +
                                                " steps, at most " +
                                                std::to_string(Plan::kStepsMax) + " are allowed");
    }
    model::Writer out;
    model::encode(out, plan);
    if (out.bytes().size() > Plan::kBytesMax) {
        return refuse(Reason::PlanTooLarge, "the plan has " + std::to_string(out.bytes().size()) +
                                                " bytes, at most " +
                                                std::to_string(Plan::kBytesMax) + " are allowed");
    }
    if (plan.playbook.empty() || plan.target.empty()) {
        return refuse(Reason::PlanMalformed, plan.playbook.empty() ? "the plan names no playbook"
                                                                   : "the plan names no target");
    }
    std::set<std::string_view> names;
    for (const model::Step& step : plan.steps) {
        if (step.name.empty() || !names.insert(step.name).second) {
            return refuse(Reason::PlanMalformed, step.name.empty()
                                                     ? "a step has no name"
                                                     : "two steps are called " + quote(step.name));
        }
        bool has_time = true;
        model::each_action(step, [&](const model::Action& action) {
            has_time = has_time && action.timeout > model::Duration(0) &&
                       action.timeout <= model::PlaybookSettings::kWindowMax;
        });
        if (!has_time) {
            return refuse(Reason::PlanMalformed,
                          "step " + quote(step.name) + " has a timeout that is not within a day");
        }
    }
    return pass();
}

GateFinding Gates::capability() const {
    Finding finding;
    for (const model::Step& step : run_.plan.steps) {
        model::each_action(step, [&](const model::Action& action) {
            if (finding.verdict != Verdict::Pass || !model::needs_capability(action)) {
                return;
            }
            const std::string wanted =
                std::string(model::name_of(action.effector)) + ":" + action.target.substr(0, 64);
            if (!model::grants(run_.capabilities, action)) {
                finding = refuse(Reason::CapabilityMissing,
                                 "step " + quote(step.name) + " needs " + wanted +
                                     ", which the playbook does not declare");
            } else if (settings_.capabilities && !model::grants(*settings_.capabilities, action)) {
                finding = refuse(Reason::CapabilityMissing,
                                 "step " + quote(step.name) + " needs " + wanted +
                                     ", which configuration does not grant");
            }
        });
    }
    return finding;
}

GateFinding Gates::nodes() const {
    const auto is_unknown = [&](const std::string& name) {
        return graph_.find(name) == topology::kNoNode;
    };
    std::string unknown = is_unknown(run_.plan.target) ? run_.plan.target : "";
    for (const model::Step& step : run_.plan.steps) {
        if (const std::string& name = node_of(run_.plan, step);
            unknown.empty() && is_unknown(name)) {
            unknown = name;
        }
    }
    return unknown.empty() && !run_.plan.target.empty()
               ? pass()
               : refuse(Reason::NodeUnknown,
                        "the graph does not know " + quote(unknown) + ", nor what it would hit");
}

const model::Incident* Gates::find_incident() const {
    const Slot slot = state_.incidents.find(run_.plan.incident);
    return slot == kNoSlot ? nullptr : &state_.incidents[slot];
}

// A person may plan without an incident; a playbook may not.
GateFinding Gates::incident() const {
    if (run_.plan.incident == model::kNoId && run_.proposed_from != model::kFromPlaybook) {
        return pass();
    }
    const model::Incident* incident = find_incident();
    const std::string name = model::format_id(model::kIncidentPrefix, run_.plan.incident);
    if (incident == nullptr) {
        return refuse(Reason::IncidentUnknown, "no incident " + name + " is known");
    }
    if (incident->is_over()) {
        return make_void(Reason::IncidentOver,
                         name + " is " + std::string(model::name_of(incident->state)));
    }
    return pass();
}

GateFinding Gates::preconditions() const {
    const model::Incident* incident = find_incident();
    for (const auto& [name, wanted] : run_.plan.preconditions) {
        std::string found;
        if (name == "target_present") {
            found = graph_.find(run_.plan.target) == topology::kNoNode ? "no" : "yes";
        } else if (incident == nullptr) {
            return refuse(Reason::PreconditionUnknown,
                          quote(name) + " asks for an incident, and there is none");
        } else if (name == "incident_state") {
            found = model::name_of(incident->state);
            if (wanted == "active" && !incident->is_over()) {
                found = wanted;
            }
        } else if (name == "first_suspect") {
            found = incident->suspects.empty() ? "" : incident->suspects.front().resource;
        } else if (name == "suspect_kind") {
            found = incident->suspects.empty()
                        ? ""
                        : std::string(model::name_of(incident->suspects.front().kind));
        } else if (name == "severity") {
            found = model::name_of(incident->severity);
        } else {
            return refuse(Reason::PreconditionUnknown,
                          "nobody can check " + quote(name) +
                              "; expected one of incident_state, first_suspect, severity, "
                              "suspect_kind, target_present");
        }
        if (!is_one_of(found, wanted)) {
            std::string text = name;
            text.append(" is ").append(found.empty() ? "none" : found);
            text.append(", the plan was made for ").append(wanted);
            return make_void(Reason::PreconditionChanged, std::move(text));
        }
    }
    return pass();
}

GateFinding Gates::mode() const {
    switch (mode_allowed(state_, run_.plan, run_.mode)) {
        case RunMode::Observe:
            return refuse(Reason::ModeObserve, "its mode is observe: plans are noted, never run");
        case RunMode::Suggest:
            return refuse(Reason::ModeSuggest, "its mode is suggest: plans are shown, never run");
        case RunMode::Approve:
            return ask_person(Reason::ModeApprove, "its mode is approve: a person must say yes");
        case RunMode::Auto: break;
    }
    return pass();
}

GateFinding Gates::proposer() const {
    return run_.proposed_from == model::kFromPlaybook
               ? pass()
               : ask_person(Reason::ProposedByPerson, "what a person proposes is never automatic");
}

GateFinding Gates::confidence() const {
    const model::Incident* incident = find_incident();
    const double found =
        incident == nullptr || incident->suspects.empty() ? 0 : incident->confidence;
    return found >= run_.limits.confidence_min
               ? pass()
               : ask_person(Reason::ConfidenceLow, "the cause is sure to " + percent(found) +
                                                       ", automatic needs " +
                                                       percent(run_.limits.confidence_min));
}

GateFinding Gates::novelty() const {
    const bool was_seen =
        !run_.suspect.empty() &&
        state_.runs.seen_succeed.contains(Combination{run_.suspect, run_.kind, run_.plan.playbook});
    return was_seen ? pass()
                    : ask_person(Reason::NeverSeenSucceed,
                                 run_.plan.playbook + " was never seen to help when " +
                                     (run_.suspect.empty()
                                          ? "no cause is known"
                                          : run_.suspect + " is suspected (" +
                                                std::string(model::name_of(run_.kind)) + ")"));
}

GateFinding Gates::cooldown() const {
    const auto& past = state_.runs.past;
    for (auto one = past.rbegin(); one != past.rend(); ++one) {
        if (one->run == run_.id || one->playbook != run_.plan.playbook || one->target != target_ ||
            one->ended_at == model::kNoTime) {
            continue;
        }
        if (const model::Duration since = state_.now - one->ended_at;
            since < run_.limits.cooldown) {
            return refuse(Reason::CooldownActive, "it ran on " + one->target + " " +
                                                      model::format_duration(since) +
                                                      " ago, its cooldown is " +
                                                      model::format_duration(run_.limits.cooldown));
        }
        break;
    }
    return pass();
}

GateFinding Gates::rate() const {
    std::uint32_t own = 0;
    std::uint32_t all = 0;
    for (const PastRun& one : state_.runs.past) {
        const model::Duration since = state_.now - one.started_at;
        all += since < std::chrono::hours(1) ? 1U : 0U;
        own += one.playbook == run_.plan.playbook && since < run_.limits.runs_window ? 1U : 0U;
    }
    if (own >= run_.limits.runs_max) {
        return refuse(Reason::RateLimited,
                      run_.plan.playbook + " ran " + std::to_string(own) + " times within " +
                          model::format_duration(run_.limits.runs_window) + ", at most " +
                          std::to_string(run_.limits.runs_max) + " are allowed");
    }
    if (all >= settings_.runs_max) {
        return refuse(Reason::RateLimited, std::to_string(all) +
                                               " runs of all playbooks within an hour, at most " +
                                               std::to_string(settings_.runs_max) + " are allowed");
    }
    return pass();
}

GateFinding Gates::concurrency() const {
    std::uint32_t active = 0;
    for (const RunTable::Number number : state_.runs.open) {
        const Run& other = state_.runs.runs.at(number);
        if (other.id == run_.id || !model::is_active(other.state)) {
            continue;
        }
        ++active;
        const auto is_mine = [&](const std::string& name) {
            return mine_.contains(graph_.find(name));
        };
        bool is_shared = is_mine(other.plan.target);
        for (const model::Step& step : other.plan.steps) {
            is_shared = is_shared || is_mine(node_of(other.plan, step));
        }
        if (is_shared) {
            return refuse(Reason::TargetBusy, model::format_id(model::kRunPrefix, other.id) + " (" +
                                                  other.plan.playbook + ") is at it");
        }
    }
    return active < settings_.active_max
               ? pass()
               : refuse(Reason::TooManyRuns, std::to_string(active) + " runs are under way, at " +
                                                 "most " + std::to_string(settings_.active_max) +
                                                 " are allowed");
}

std::set<NodeIndex> Gates::touched_lately() const {
    std::set<NodeIndex> touched;
    const model::Duration window = within_a_day(settings_.blast_window);
    for (auto touch = state_.runs.touches.rbegin(); touch != state_.runs.touches.rend(); ++touch) {
        if (state_.now - touch->at >= window) {
            break;
        }
        if (const NodeIndex node = graph_.find(touch->node);
            touch->run != run_.id && node != topology::kNoNode) {
            touched.insert(node);
        }
    }
    return touched;
}

GateFinding Gates::blast_radius() const {
    for (const auto& [node, siblings] : groups_) {
        if (siblings.size() < 2) {
            return ask_person(Reason::NoSiblings,
                              "nothing else does the work of " + graph_.node(node).name);
        }
        const auto hit = static_cast<std::size_t>(
            std::count_if(siblings.begin(), siblings.end(), [&](NodeIndex sibling) {
                return mine_.contains(sibling) || touched_.contains(sibling);
            }));
        const auto allowed = std::max<std::size_t>(
            1, static_cast<std::size_t>(
                   std::floor(run_.limits.blast_share_max * static_cast<double>(siblings.size()))));
        if (hit > allowed) {
            return refuse(Reason::BlastRadiusExceeded,
                          std::to_string(hit) + " of " + std::to_string(siblings.size()) +
                              " siblings of " + graph_.node(node).name +
                              " would be touched within " +
                              model::format_duration(settings_.blast_window) + ", at most " +
                              std::to_string(allowed) + " are allowed");
        }
    }
    return pass();
}

// Of the siblings, those on which an alert burns, hidden or not.
std::set<NodeIndex> Gates::hurt_siblings() const {
    std::set<NodeIndex> suspected;
    for (const Group& group : groups_) {
        for (const NodeIndex sibling : group.siblings) {
            if (state_.alerts_on_node.contains(sibling)) {  // burning, or over since a short while
                suspected.insert(sibling);
            }
        }
    }
    std::set<NodeIndex> hurt;
    for (Slot slot = 0; slot < state_.alerts.bound() && hurt.size() < suspected.size(); ++slot) {
        if (state_.alerts.is_used(slot) && state_.alerts[slot].is_burning() &&
            suspected.contains(state_.alerts[slot].node)) {
            hurt.insert(state_.alerts[slot].node);
        }
    }
    return hurt;
}

GateFinding Gates::healthy_siblings() const {
    const std::set<NodeIndex> hurt = hurt_siblings();
    for (const auto& [node, siblings] : groups_) {
        if (siblings.size() < 2) {
            continue;  // the gate before asks a person
        }
        const auto healthy = std::count_if(siblings.begin(), siblings.end(), [&](NodeIndex one) {
            return !mine_.contains(one) && !touched_.contains(one) && !hurt.contains(one);
        });
        if (static_cast<std::uint64_t>(healthy) < run_.limits.healthy_min) {
            return refuse(Reason::TooFewHealthy,
                          std::to_string(healthy) + " of " + std::to_string(siblings.size()) +
                              " siblings of " + graph_.node(node).name +
                              " would be left whole, at least " +
                              std::to_string(run_.limits.healthy_min) + " must be");
        }
    }
    return pass();
}

GateFinding Gates::dependents() const {
    std::set<NodeIndex> all = mine_;
    all.insert(touched_.begin(), touched_.end());
    const std::size_t most = std::min<std::size_t>(run_.limits.dependents_max, kDependentsMax);
    const std::size_t found = dependents_of(graph_, all, most).size();
    return found <= most ? pass()
                         : refuse(Reason::TooManyDependents,
                                  "more than " + std::to_string(most) +
                                      " nodes depend on what would be touched within " +
                                      model::format_duration(settings_.blast_window));
}

GateFinding Gates::circuit_breaker() const {
    std::uint32_t failures = 0;
    model::Time last = model::kNoTime;
    const auto& past = state_.runs.past;
    for (auto one = past.rbegin(); one != past.rend(); ++one) {
        if (one->playbook != run_.plan.playbook || one->ended_at == model::kNoTime) {
            continue;
        }
        if (!is_failure(one->state)) {
            break;
        }
        last = std::max(last, one->ended_at);
        ++failures;
    }
    const bool is_open = failures > 0 && failures >= settings_.failures_max &&
                         state_.now - last < within_a_day(settings_.breaker_rest);
    return is_open ? refuse(Reason::BreakerOpen,
                            run_.plan.playbook + " failed " + std::to_string(failures) +
                                " times in a row; it rests until " +
                                model::format_time(last + within_a_day(settings_.breaker_rest)))
                   : pass();
}

GateFinding Gates::recurrence() const {
    std::uint32_t successes = 0;
    for (const PastRun& one : state_.runs.past) {
        successes += one.playbook == run_.plan.playbook && one.target == target_ &&
                             one.state == RunState::Succeeded &&
                             state_.now - one.ended_at < within_a_day(settings_.success_window)
                         ? 1U
                         : 0U;
    }
    return successes > 0 && successes >= settings_.successes_max
               ? refuse(Reason::KeepsComingBack,
                        run_.plan.playbook + " helped " + run_.plan.target + " " +
                            std::to_string(successes) + " times within " +
                            model::format_duration(settings_.success_window) +
                            ", and it does not last: look for the cause")
               : pass();
}

GateFinding Gates::error_budget() const {
    std::uint32_t spent = 0;
    for (const PastRun& one : state_.runs.past) {
        const bool counts = is_failure(one.state) || one.made_worse;
        spent +=
            counts && state_.now - one.ended_at < within_a_day(settings_.error_window) ? 1U : 0U;
    }
    const std::string text = std::to_string(spent) + " runs failed within " +
                             model::format_duration(settings_.error_window) +
                             ", the error budget is " + std::to_string(settings_.error_budget);
    if (spent >= settings_.error_budget) {
        return refuse(Reason::ErrorBudgetSpent, text);
    }
    return 2 * spent >= settings_.error_budget ? ask_person(Reason::ErrorBudgetBurning, text)
                                               : pass();
}

GateFinding Gates::loop() const {
    const model::Incident* incident = find_incident();
    if (incident == nullptr) {
        return pass();
    }
    for (const PastRun& one : state_.runs.past) {
        if (one.run == run_.id || one.playbook != run_.plan.playbook || one.target != target_) {
            continue;
        }
        const std::string name = model::format_id(model::kRunPrefix, one.run);
        if (one.incident == incident->id && one.reopened) {
            return refuse(Reason::LoopDetected,
                          "the incident came back after " + name + " did the same");
        }
        if (one.incident != incident->id && one.ended_at != model::kNoTime &&
            incident->opened_at >= one.started_at &&
            incident->opened_at - one.ended_at < within_a_day(settings_.loop_window)) {
            return refuse(Reason::LoopDetected,
                          "the incident began right after " + name + " did the same");
        }
    }
    return pass();
}

GateFinding Gates::maintenance() const {
    const auto& windows = state_.book.rules().maintenances;
    for (std::uint32_t window = 0; window < windows.size(); ++window) {
        const rules::MaintenanceRule& rule = windows[window];
        if (!state_.maintenances.is_active(window) || state_.book.is_shadow(rule.rule)) {
            continue;
        }
        for (const NodeIndex node : mine_) {
            rules::SubjectView subject;
            subject.resource = graph_.node(node).name;
            bool covers = rule.nodes.empty() && rule.match.holds(subject);
            for (const std::string& name : rule.nodes) {
                const NodeIndex covered = graph_.find(name);
                covers = covers || covered == node;
                for (const topology::Near& near :
                     topology::below(graph_, node, {rule.dependents, kNearMax})) {
                    covers = covers || near.node == covered;
                }
            }
            if (covers) {
                return refuse(Reason::InMaintenance, graph_.node(node).name +
                                                         " is in maintenance by " +
                                                         state_.book.text_of(rule.rule));
            }
        }
    }
    return pass();
}

}  // namespace nocturne::engine
