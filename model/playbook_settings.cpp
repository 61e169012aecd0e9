#include "model/playbook_settings.hpp"

#include "model/member_codec.hpp"

namespace nocturne::model {

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, RunLimits>

void each_member(Self& limits, Each each) {
    each(limits.cooldown), each(limits.runs_max), each(limits.runs_window);
    each(limits.blast_share_max), each(limits.healthy_min), each(limits.dependents_max);
    each(limits.confidence_min), each(limits.approvals), each(limits.approver);
    each(limits.approval_ttl);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, ModeRule>

void each_member(Self& rule, Each each) {
    each(rule.playbook), each(rule.risk), each(rule.node), each(rule.type), each(rule.owner);
    each(rule.mode);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, PlaybookSettings>

void each_member(Self& settings, Each each) {
    each(settings.mode_max), each(settings.modes), each(settings.capabilities);
    each(settings.self_approval), each(settings.approvals), each(settings.approvals_high);
    each(settings.approval_ttl_max), each(settings.confidence_min), each(settings.runs_max);
    each(settings.active_max), each(settings.cooldown_min), each(settings.blast_window);
    each(settings.blast_share_max), each(settings.failures_max), each(settings.breaker_rest);
    each(settings.successes_max), each(settings.success_window), each(settings.error_budget);
    each(settings.error_window), each(settings.loop_window), each(settings.frozen);
    each(settings.stopped);
}

void encode(Writer& out, const RunLimits& limits) {
    put(out, limits);
}

void encode(Writer& out, const PlaybookSettings& settings) {
    put(out, settings);
}

RunLimits decode_run_limits(Reader& in) {
    RunLimits limits;
    get(in, limits);
    return limits;
}

PlaybookSettings decode_playbook_settings(Reader& in) {
    PlaybookSettings settings;
    get(in, settings);
    return settings;
}

}  // namespace nocturne::model
