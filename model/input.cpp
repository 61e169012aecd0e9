#include "model/input.hpp"

#include <algorithm>
#include <type_traits>

namespace nocturne::model {

namespace {

// The members in the order in which they are written; a new one goes to the end.
template <typename AnySettings, typename Each>
void members(AnySettings& settings, Each each) {
    each(settings.alert_ttl), each(settings.resolved_keep), each(settings.alerts_max);
    each(settings.message_ids_max), each(settings.incident_severity_min),
        each(settings.correlation_window);
    each(settings.correlation_hops), each(settings.resolve_after), each(settings.reopen_window);
    each(settings.incident_keep), each(settings.incident_alerts_max), each(settings.incidents_max);
    each(settings.one_incident), each(settings.rank_interval), each(settings.change_window);
    each(settings.suspects_max), each(settings.lateness);
}

void put(Writer& out, Duration value) {
    out.zigzag(value.count());
}

template <typename Number>
void put(Writer& out, Number value) {
    out.varint(static_cast<std::uint64_t>(value));
}

void get(Reader& in, Duration& value) {
    value = Duration(in.zigzag());
}

void get(Reader& in, Severity& value) {
    value = static_cast<Severity>(std::min<std::uint64_t>(in.varint(), kSeverityNames.size() - 1));
}

template <typename Number>
void get(Reader& in, Number& value) {
    value = static_cast<Number>(in.varint());
}

void encode(Writer&, const Tick&) {}

void encode(Writer&, const Checkpoint&) {}

static_assert(
    std::is_same_v<std::variant_alternative_t<kPluginKilledKind, Input::Body>, PluginKilled>);

}  // namespace

void encode(Writer& out, const Settings& settings) {
    members(settings, [&](const auto& member) { put(out, member); });
}

Settings decode_settings(Reader& in) {
    Settings settings;
    members(settings, [&](auto& member) { get(in, member); });
    return settings;
}

std::string encode_body(const Input::Body& body) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(body.index()));
    std::visit([&](const auto& alternative) { encode(out, alternative); }, body);
    return out.take();
}

Result<Input::Body> decode_body(std::string_view bytes) {
    Reader in(bytes);
    Input::Body body;
    const std::uint8_t kind = in.u8();
    switch (kind) {
        case 0: body = decode_event_batch(in); break;
        case 1: body = decode_topology_change(in); break;
        case 2: body = decode_command(in); break;
        case 3: body = Tick{}; break;
        case 4: body = decode_settings(in); break;
        case 5: body = decode_rules_revision(in); break;
        case 6: body = decode_plugins_revision(in); break;
        case 7: body = decode_plugin_killed(in); break;
        case 8: body = Checkpoint{}; break;
        default:
            return fail(ErrorCode::Damaged, "journal row of kind " + std::to_string(kind) +
                                                " is unknown; was it written by a newer nocturne?");
    }
    if (!in.ok() || in.remaining() > 0) {
        return fail(ErrorCode::Damaged,
                    "journal row of kind " + std::to_string(kind) + " does not decode");
    }
    return body;
}

}  // namespace nocturne::model
