#include "engine/plugin_wishes.hpp"

#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"

namespace nocturne::engine {

using model::Reason;
using plugins::PluginKind;
using plugins::PluginMode;
using plugins::Wish;

namespace {

bool is_granted(const RackedPlugin& racked, Wish::What what) {
    switch (racked.mode) {
        case PluginMode::Shadow: return false;
        case PluginMode::Auto: return true;
        case PluginMode::Suggest:
        case PluginMode::Approve: break;
    }
    return what == Wish::What::Annotate ||
           (what == Wish::What::Emit && racked.is(PluginKind::Detector));
}

// As the plugin sent it, in the shape that the later stages rely on. Borrows from `annotations`.
model::EventView normal(model::EventView event, const RackedPlugin& racked,
                        std::vector<model::AnnotationView>& annotations) {
    annotations.clear();
    for (const model::AnnotationView& annotation : event.annotations) {
        if (annotation.name != plugins::kDepthAnnotation) {  // OwnEvent knows its depth
            annotations.push_back(annotation);
        }
    }
    event.annotations = annotations;
    event.message = {};
    event.id = {};
    event.time = model::kNoTime;
    if (event.source.empty()) {
        event.source = "nocturne";
    }
    if (racked.mode != PluginMode::Auto) {
        event.severity = model::Severity::Info;
    }
    event.fingerprint = model::identity_of(event.resource, event.check, event.labels);
    return event;
}

}  // namespace

bool may_send(State& state, std::uint32_t plugin, const EventInHand& hand, const OwnEvents& own) {
    const bool is_too_deep = hand.depth() >= kEmitDepthMax;
    if (!is_too_deep && own.size() < kOwnEventsMax) {
        return true;
    }
    state.counters.count(is_too_deep ? Reason::EmitTooDeep : Reason::EmitTooMany);
    ++state.plugins->all()[plugin].current.tally.refused;
    return false;
}

void take_wishes(State& state, std::uint32_t plugin, const plugins::CallResult& result,
                 EventInHand& hand, OwnEvents& own) {
    if (result.wishes.empty()) {
        return;
    }
    RackedPlugin& racked = state.plugins->all()[plugin];
    PluginTally& tally = racked.current.tally;
    bool annotates = false;
    bool changes = false;
    bool would = false;
    std::size_t emitted = 0;
    std::vector<model::AnnotationView> room;
    for (const Wish& wish : result.wishes) {
        const bool is_emit = wish.what == Wish::What::Emit;
        const std::size_t number = emitted;
        emitted += is_emit ? 1U : 0U;
        if (!is_granted(racked, wish.what)) {
            would = true;
        } else if (is_emit) {
            if (number < result.emitted.size() && may_send(state, plugin, hand, own)) {
                own.add({normal(result.emitted.events()[number], racked, room),
                         Reason::EmittedByPlugin, plugin, UINT32_MAX, hand.depth() + 1});
                ++tally.emitted;
            }
        } else if (!hand.grant(wish)) {
            ++tally.refused;
        } else {
            (wish.what == Wish::What::Annotate ? annotates : changes) = true;
        }
    }
    const Reason reason = changes     ? Reason::ChangedByPlugin
                          : annotates ? Reason::AnnotatedByPlugin
                                      : Reason::None;
    tally.acted += reason != Reason::None || (emitted > 0 && !would) ? 1U : 0U;
    tally.would_have += would ? 1U : 0U;
    if (reason != Reason::None) {
        state.counters.count(reason);
        hand.note(plugin, reason);
    }
    if (would) {
        state.counters.count(Reason::PluginWouldAct);
        hand.note(plugin, Reason::PluginWouldAct);
    }
}

}  // namespace nocturne::engine
