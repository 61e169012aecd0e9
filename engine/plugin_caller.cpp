#include "engine/plugin_caller.hpp"

#include "engine/plugin_rack.hpp"
#include "engine/plugin_world.hpp"
#include "engine/state.hpp"

#include <utility>

namespace nocturne::engine {

using plugins::CallResult;

model::PluginKilled PluginCaller::name_call(const RackedPlugin& racked,
                                            const PluginVersion& version, std::string_view handler,
                                            std::uint32_t number) const {
    return {state_.position, racked.name, version.hash, std::string(handler), number, "", ""};
}

template <typename Call>
const CallResult* PluginCaller::one(RackedPlugin& racked, PluginVersion& version,
                                    std::string_view handler, std::uint32_t number,
                                    const Call& call) {
    if (!version.is_callable()) {
        return nullptr;
    }
    if (state_.plugins->foresees_at(state_.position)) {
        if (const model::PluginKilled* kill =
                state_.plugins->foreseen(name_call(racked, version, handler, number))) {
            ++version.tally.calls;
            version.tally.last_call = state_.now;
            state_.plugins->killed(version, *kill);
            version.is_kill_told = true;  // the journal has it
            return nullptr;
        }
    }
    const CallResult& result = call(*version.plugin);
    if (result.was_called) {
        ++version.tally.calls;
        version.tally.last_call = state_.now;
        return settle(racked, version, result, handler, number);
    }
    return nullptr;
}

const CallResult* PluginCaller::settle(RackedPlugin& racked, PluginVersion& version,
                                       const CallResult& result, std::string_view handler,
                                       std::uint32_t number) {
    if (result.verdict == plugins::Verdict::Ok) {
        if (version.breaker.state() == PluginBreaker::State::Probing) {
            state_.plugins->went_well(racked, version, state_.now);
        }
        return &result;
    }
    if (plugins::is_kill(result.verdict)) {
        model::PluginKilled kill = name_call(racked, version, handler, number);
        kill.verdict = plugins::name_of(result.verdict);
        kill.message = result.message;
        state_.plugins->killed(version, std::move(kill));
        return nullptr;
    }
    state_.counters.count(model::Reason::PluginFailed);
    state_.plugins->failed(racked, version, result, state_.now);
    if (version.breaker.is_open()) {
        state_.deadlines.add(version.breaker.until(), Deadline::Kind::Plugin, 0);
    }
    return nullptr;
}

template <typename Call, typename About>
const CallResult* PluginCaller::both(RackedPlugin& racked, std::string_view handler,
                                     std::uint32_t number, const Call& call, const About& about) {
    const CallResult* result = one(racked, racked.current, handler, number, call);
    if (racked.trial) {
        const CallResult* other = one(racked, *racked.trial, handler, number, call);
        if (result != nullptr || other != nullptr) {
            racked.comparison.note(result, other, about(), state_.now);
        }
    }
    return result;
}

const CallResult* PluginCaller::on_event(RackedPlugin& racked, const model::EventView& event,
                                         std::uint32_t number) {
    const PluginWorld world(state_);
    return both(
        racked, "on_event", number,
        [&](plugins::Plugin& plugin) -> const CallResult& { return plugin.on_event(event, world); },
        [&] {
            return PluginComparison::About{event.resource, event.check, event.time};
        });
}

const CallResult* PluginCaller::on_sample(RackedPlugin& racked, const model::EventView& event,
                                          std::uint32_t number) {
    const PluginWorld world(state_);
    return both(
        racked, "on_sample", number,
        [&](plugins::Plugin& plugin) -> const CallResult& {
            return plugin.on_sample(event, world);
        },
        [&] {
            return PluginComparison::About{event.resource, event.check, event.time};
        });
}

const CallResult* PluginCaller::on_incident(RackedPlugin& racked,
                                            const plugins::IncidentSight& incident, Slot slot,
                                            std::uint32_t number) {
    const PluginWorld world(state_, slot);
    return both(
        racked, "on_incident", number,
        [&](plugins::Plugin& plugin) -> const CallResult& {
            return plugin.on_incident(incident, world);
        },
        [&] {
            return PluginComparison::About{incident.id, {}, model::kNoTime};
        });
}

}  // namespace nocturne::engine
