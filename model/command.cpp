#include "model/command.hpp"

namespace nocturne::model {

namespace {

void put(Writer& out, Id id) {
    out.varint(id.position);
    out.varint(id.index);
}

void put(Writer& out, Time time) {
    out.zigzag(to_unix_ms(time));
}

void put(Writer& out, const std::string& text) {
    out.text(text);
}

void put(Writer& out, bool value) {
    out.boolean(value);
}

void put(Writer& out, const Fingerprint& fingerprint) {
    out.u64(fingerprint.high);
    out.u64(fingerprint.low);
}

void put(Writer& out, const std::vector<Id>& ids) {
    out.varint(ids.size());
    for (const Id id : ids) {
        put(out, id);
    }
}

void get(Reader& in, Id& id) {
    id.position = in.varint();
    id.index = static_cast<std::uint32_t>(in.varint());
}

void get(Reader& in, Time& time) {
    time = from_unix_ms(in.zigzag());
}

void get(Reader& in, std::string& text) {
    text = in.text();
}

void get(Reader& in, bool& value) {
    value = in.boolean();
}

void get(Reader& in, Fingerprint& fingerprint) {
    fingerprint.high = in.u64();
    fingerprint.low = in.u64();
}

void get(Reader& in, std::vector<Id>& ids) {
    ids.resize(in.count());
    for (Id& id : ids) {
        get(in, id);
    }
}

// The members in the order in which they are written; `each` is called on all of them.
template <typename Each>
void members(AddSilence& command, Each each) {
    each(command.matchers), each(command.starts_at), each(command.ends_at),
        each(command.created_by), each(command.comment), each(command.until_clear);
}

template <typename Each>
void members(ExpireSilence& command, Each each) {
    each(command.silence), each(command.by);
}

template <typename Each>
void members(AcknowledgeIncident& command, Each each) {
    each(command.incident), each(command.by);
}

template <typename Each>
void members(ResolveIncident& command, Each each) {
    each(command.incident), each(command.by);
}

template <typename Each>
void members(LabelIncident& command, Each each) {
    each(command.incident), each(command.cause), each(command.by);
}

template <typename Each>
void members(MergeIncidents& command, Each each) {
    each(command.into), each(command.from), each(command.by);
}

template <typename Each>
void members(SplitIncident& command, Each each) {
    each(command.incident), each(command.alerts), each(command.by);
}

template <typename Each>
void members(UnmergeIdentity& command, Each each) {
    each(command.identity), each(command.by);
}

template <typename Each>
void members(PromotePlugin& command, Each each) {
    each(command.plugin), each(command.by);
}

template <typename Each>
void members(RollbackPlugin& command, Each each) {
    each(command.plugin), each(command.by);
}

template <typename Each>
void members(ReleasePlugin& command, Each each) {
    each(command.plugin), each(command.by);
}

template <typename Each>
void members(SetPluginMode& command, Each each) {
    each(command.plugin), each(command.mode), each(command.by);
}

template <std::size_t I = 0>
Command decode_alternative(Reader& in, std::size_t index) {
    if constexpr (I < std::variant_size_v<Command>) {
        if (index != I) {
            return decode_alternative<I + 1>(in, index);
        }
        std::variant_alternative_t<I, Command> command;
        members(command, [&](auto& member) { get(in, member); });
        return command;
    } else {
        in = Reader({});
        in.u8();  // an unknown command: the Reader fails
        return {};
    }
}

}  // namespace

void encode(Writer& out, const Command& command) {
    out.u8(static_cast<std::uint8_t>(command.index()));
    Command copy = command;
    std::visit(
        [&](auto& alternative) { members(alternative, [&](auto& member) { put(out, member); }); },
        copy);
}

Command decode_command(Reader& in) {
    return decode_alternative(in, in.u8());
}

}  // namespace nocturne::model
