#include "engine/core.hpp"

#include "engine/pipeline.hpp"
#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace nocturne::engine {

using model::Reader;
using model::Writer;

namespace {

constexpr std::uint64_t kSnapshotVersion = 7;

void encode(Writer& out, const Change& change) {
    out.zigzag(model::to_unix_ms(change.time));
    out.text(change.resource);
    out.text(change.what);
    out.text(change.summary);
}

Change decode_change(Reader& in) {
    Change change;
    change.time = model::from_unix_ms(in.zigzag());
    change.resource = in.text();
    change.what = in.text();
    change.summary = in.text();
    return change;
}

void encode(Writer& out, const Counters& counters) {
    for (const std::uint64_t count :
         {counters.inputs, counters.events, counters.rankings, counters.incidents_opened}) {
        out.varint(count);
    }
    out.varint(counters.reasons.size());
    for (const std::uint64_t count : counters.reasons) {
        out.varint(count);
    }
}

void decode(Reader& in, Counters& counters) {
    for (std::uint64_t* count :
         {&counters.inputs, &counters.events, &counters.rankings, &counters.incidents_opened}) {
        *count = in.varint();
    }
    const std::size_t reasons = in.count();
    for (std::size_t i = 0; i < reasons; ++i) {
        const std::uint64_t count = in.varint();
        if (i < counters.reasons.size()) {
            counters.reasons[i] = count;
        }
    }
}

tl::unexpected<Error> damaged() {
    return fail(ErrorCode::Damaged,
                "the snapshot does not decode; was it written by another version?");
}

}  // namespace

Core::Core(model::Settings settings, const PluginRun& run) : state_(std::make_unique<State>()) {
    state_->settings = settings;
    state_->plugins->set_run(run);
}

Core::~Core() = default;
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;

void Core::apply(const model::Input& input, std::vector<model::Effect>& effects) {
    State& state = *state_;
    NOCTURNE_ASSERT(input.position > state.position);
    state.position = input.position;
    ++state.counters.inputs;
    state.audit.clear();
    Pipeline pipeline(state, effects);
    pipeline.pass_time_until(std::max(state.now, input.at));
    std::visit([&](const auto& body) { pipeline.take(body); }, input.body);
    pipeline.conclude();
}

model::Time Core::next_deadline() const {
    const model::Time next = state_->deadlines.next();
    if (next == model::Time::max()) {
        return next;
    }
    return std::chrono::ceil<std::chrono::seconds>(next);  // what is due in one second is one tick
}

model::Time Core::now() const {
    return state_->now;
}

model::Position Core::position() const {
    return state_->position;
}

void Core::encode(Writer& out) const {
    const State& state = *state_;
    out.varint(kSnapshotVersion);
    model::encode(out, state.settings);
    out.zigzag(model::to_unix_ms(state.now));
    out.varint(state.position);
    state.alerts.encode(out);
    state.incidents.encode(out);
    state.topology.encode(out);
    state.book.encode(out);
    state.decisions.encode(out);
    state.identities.encode(out);
    state.silences.encode(out);
    state.change_windows.encode(out);
    state.flapping.encode(out);
    state.storms.encode(out);
    state.patterns.encode(out);
    state.routes.encode(out);
    state.past.encode(out);
    out.varint(state.changes.all().size());
    for (const Change& change : state.changes.all()) {
        engine::encode(out, change);
    }
    state.messages.encode(out);
    state.deadlines.encode(out);
    engine::encode(out, state.counters);
    out.zigzag(model::to_unix_ms(state.topology_reminder));
    state.incident_graphs.encode(out);
    state.plugins->encode(out);
    state.runs.encode(out);
}

void Core::foresee(std::vector<model::PluginKilled> kills) {
    state_->plugins->foresee(std::move(kills));
}

std::vector<model::PluginKilled> Core::take_kills() {
    return state_->plugins->take_kills();
}

std::vector<std::pair<std::string, std::string>> Core::take_plugin_logs() {
    return state_->plugins->take_logs();
}

bool Core::has_plugins() const {
    return !state_->plugins->empty();
}

void Core::set_plugin_run(const PluginRun& run) {
    state_->plugins->set_run(run);
}

Result<Core> Core::decode(Reader& in, const PluginRun& run) {
    if (const std::uint64_t version = in.varint(); version != kSnapshotVersion) {
        return fail(ErrorCode::Damaged, "the snapshot has version " + std::to_string(version) +
                                            ", this program reads " +
                                            std::to_string(kSnapshotVersion));
    }
    Core core({}, run);
    State& state = *core.state_;
    state.settings = model::decode_settings(in);
    state.now = model::from_unix_ms(in.zigzag());
    state.position = in.varint();
    state.alerts.decode(in);
    state.incidents.decode(in);
    NOCTURNE_TRY(state.topology, topology::LiveGraph::decode(in));
    state.book.decode(in);
    load_rules(state, nullptr);
    state.decisions.decode(in);
    state.identities.decode(in);
    state.silences.decode(in);
    state.change_windows.decode(in);
    state.flapping.decode(in);
    state.storms.decode(in);
    state.patterns.decode(in);
    state.routes.decode(in);
    state.past.decode(in);
    const std::size_t changes = in.count();
    for (std::size_t i = 0; i < changes && in.ok(); ++i) {
        state.changes.add(decode_change(in), model::Time::min());
    }
    state.messages.decode(in);
    state.deadlines.decode(in);
    engine::decode(in, state.counters);
    state.topology_reminder = model::from_unix_ms(in.zigzag());
    state.incident_graphs.decode(in);
    state.plugins->decode(in);
    state.runs.decode(in);
    if (!in.ok()) {
        return damaged();
    }
    for (Slot slot = 0; slot < state.alerts.bound(); ++slot) {
        if (state.alerts.is_used(slot)) {
            ++state.alerts_on_node[state.alerts[slot].node];
        }
    }
    Suppress::restore(state);
    return core;
}

}  // namespace nocturne::engine
