#include "plugins/kept.hpp"

#include "plugins/plain_data.hpp"
#include "plugins/slots.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr std::uint8_t kStateFormat = 1;
constexpr std::size_t kSeriesBytesMax = 256U << 10;

PlainDataLimits limits_of(std::size_t bytes_max) {
    PlainDataLimits limits;
    limits.bytes_max = bytes_max;
    return limits;
}

}  // namespace

// ---- looking ----

std::optional<std::string> Kept::check_state() {
    state_calls_since_ = 0;
    lua_pushnil(L_);
    if (lua_next(L_, kState) == 0) {
        state_nodes_ = 0;
        return std::nullopt;
    }
    lua_pop(L_, 2);
    PlainDataSize size;
    auto problem = check_plain(L_, kState, "nocturne.state",
                               limits_of(host_.manifest.wants.state_bytes_max), size);
    state_nodes_ = static_cast<std::uint32_t>(size.nodes);
    if (problem) {
        empty_state();
        *problem += "; nocturne.state was emptied";
    }
    return problem;
}

void Kept::empty_state() {
    lua_pushnil(L_);
    lua_setmetatable(L_, kState);
    lua_pushnil(L_);
    while (lua_next(L_, kState) != 0) {
        lua_pop(L_, 1);
        lua_pushvalue(L_, -1);
        lua_pushnil(L_);
        lua_rawset(L_, kState);
    }
    state_nodes_ = 0;
}

std::optional<std::string> Kept::look_at_series(SeriesIndex::Slot slot) {
    SeriesIndex::Series& series = series_.at(slot);
    if (++series.calls_since <= std::max(series.nodes * kCallsPerValue, kSeriesCallsMin) ||
        host_.meter.killed() != Verdict::Ok) {
        return std::nullopt;
    }
    series.calls_since = 0;
    PlainDataSize size;
    lua_rawgeti(L_, kSeriesStates, slot + 1);
    auto problem = check_plain(L_, -1, "series", limits_of(kSeriesBytesMax), size);
    lua_pop(L_, 1);
    series.nodes = static_cast<std::uint32_t>(size.nodes);
    if (problem) {
        forget_series(slot);
        *problem += "; the series begins anew";
    }
    return problem;
}

std::optional<std::string> Kept::add_series(const model::Fingerprint& identity,
                                            SeriesIndex::Slot& slot, bool& has_forgotten) {
    PlainDataSize size;
    auto problem = check_plain(L_, -1, "what series() returned", limits_of(kSeriesBytesMax), size);
    const int type = lua_type(L_, -1);
    if (!problem && type != LUA_TTABLE && type != LUA_TUSERDATA) {
        problem = std::string("series() must return a table, not ") + luaL_typename(L_, -1);
    }
    if (problem) {
        lua_pop(L_, 1);
        return problem;
    }
    has_forgotten = series_.size() >= host_.manifest.wants.series_max;
    if (has_forgotten) {
        forget_series(series_.oldest());
    }
    slot = series_.add(identity);
    series_.at(slot).nodes = static_cast<std::uint32_t>(size.nodes);
    lua_rawseti(L_, kSeriesStates, slot + 1);
    return std::nullopt;
}

void Kept::forget_series(SeriesIndex::Slot slot) {
    lua_pushboolean(L_, 0);  // the place stays in the list
    lua_rawseti(L_, kSeriesStates, slot + 1);
    series_.remove(slot);
}

void Kept::forget_all() {
    empty_state();
    state_calls_since_ = 0;
    series_.clear();
    lua_newtable(L_);
    lua_replace(L_, kSeriesStates);
}

// ---- saving ----

// What cannot be kept is left out: its error comes with the call after which it is looked at.
std::string Kept::encoded(int index, std::string_view root) const {
    PlainDataSize size;
    model::Writer out;
    return encode_plain(L_, index, root, limits_of(SIZE_MAX), out, size) ? std::string()
                                                                         : out.take();
}

std::string Kept::save() const {
    if (host_.meter.killed() != Verdict::Ok) {
        return {};
    }
    model::Writer out;
    out.u8(kStateFormat);
    out.text(host_.manifest.version);
    out.varint(host_.meter.call_number());
    out.varint(state_nodes_);
    out.varint(state_calls_since_);
    out.text(encoded(kState, "nocturne.state"));
    out.varint(series_.size());
    for (auto slot = series_.oldest(); slot != SeriesIndex::kNone; slot = series_.at(slot).newer) {
        const SeriesIndex::Series& series = series_.at(slot);
        out.u64(series.identity.high);
        out.u64(series.identity.low);
        out.varint(series.nodes);
        out.varint(series.calls_since);
        lua_rawgeti(L_, kSeriesStates, slot + 1);
        out.text(encoded(lua_gettop(L_), "series"));
        lua_pop(L_, 1);
    }
    return out.take();
}

// ---- restoring ----

Status Kept::damaged(std::string_view what) const {
    return fail(ErrorCode::Damaged,
                "the state of plugin " + host_.manifest.name + " is damaged: " + std::string(what));
}

Status Kept::restore(std::string_view bytes) {
    if (bytes.empty()) {
        return {};
    }
    forget_all();
    model::Reader in(bytes);
    const int top = lua_gettop(L_);
    Status status = restore_parts(in);
    lua_settop(L_, top);
    if (!status) {
        forget_all();
    }
    return status;
}

Status Kept::restore_parts(model::Reader& in) {
    if (in.u8() != kStateFormat) {
        return damaged("it begins wrong, or is of a later nocturne");
    }
    const std::string version(in.text());
    const bool is_same = version == host_.manifest.version;
    const std::uint64_t call_number = in.varint();
    NOCTURNE_TRY_STATUS(restore_state(in, is_same, version));
    NOCTURNE_TRY_STATUS(restore_series(in, is_same, version));
    host_.meter.set_call_number(call_number);
    return {};
}

Status Kept::restore_state(model::Reader& in, bool is_same, const std::string& version) {
    const std::uint64_t nodes = in.varint();
    const std::uint64_t calls_since = in.varint();
    const std::string_view bytes = in.text();
    if (!in.ok()) {
        return damaged("it ends early");
    }
    if (bytes.empty() || (!is_same && !host_.manifest.handlers.migrate)) {
        return {};
    }
    model::Reader value(bytes);
    if (!push_plain(L_, value) || !lua_istable(L_, -1)) {
        return damaged("nocturne.state does not read");
    }
    if (!is_same) {
        NOCTURNE_TRY_STATUS(migrate(kMigrate, "migrate", version));
        if (!lua_istable(L_, -1)) {
            return fail(ErrorCode::Invalid, file_ + ": migrate must return a table");
        }
    }
    copy_state();
    if (is_same) {
        state_nodes_ = static_cast<std::uint32_t>(nodes);
        state_calls_since_ = static_cast<std::uint32_t>(calls_since);
    }
    return {};
}

// From the table on top of the stack, which goes, into the one that the plugin may hold.
void Kept::copy_state() {
    const int table = lua_gettop(L_);
    lua_pushnil(L_);
    while (lua_next(L_, table) != 0) {
        lua_pushvalue(L_, -2);
        lua_insert(L_, -2);
        lua_rawset(L_, kState);
    }
    lua_settop(L_, table - 1);
}

// The old value is on top of the stack, the new one takes its place.
Status Kept::migrate(int function, const char* name, const std::string& version) {
    lua_pushvalue(L_, function);
    lua_insert(L_, -2);
    lua_pushlstring(L_, version.data(), version.size());
    host_.begin(Host::Stage::MakeState, nullptr, nullptr);
    const Verdict verdict =
        sandbox_.run(WatchedThread::here(), 2, 1, host_.meter.limits().load_cpu_max);
    host_.end();
    if (verdict != Verdict::Ok) {
        return fail(ErrorCode::Invalid,
                    file_ + ": " + name + " from version " + version + ": " + sandbox_.message());
    }
    PlainDataSize size;
    const PlainDataLimits limits =
        limits_of(function == kMigrate ? host_.manifest.wants.state_bytes_max : kSeriesBytesMax);
    const auto problem =
        check_plain(L_, -1, std::string("what ") + name + " returned", limits, size);
    if (problem && !lua_isnil(L_, -1)) {
        return fail(ErrorCode::Invalid, file_ + ": " + *problem);
    }
    return {};
}

Status Kept::restore_series(model::Reader& in, bool is_same, const std::string& version) {
    const std::size_t count = in.count();
    const bool is_kept = is_same || host_.manifest.handlers.migrate_series;
    for (std::size_t i = 0; i < count; ++i) {
        SeriesIndex::Series restored;
        restored.identity.high = in.u64();
        restored.identity.low = in.u64();
        restored.nodes = static_cast<std::uint32_t>(in.varint());
        restored.calls_since = static_cast<std::uint32_t>(in.varint());
        const std::string_view bytes = in.text();
        if (!in.ok()) {
            break;
        }
        if (!is_kept || bytes.empty() || series_.find(restored.identity) != SeriesIndex::kNone) {
            continue;
        }
        model::Reader value(bytes);
        if (!push_plain(L_, value)) {
            return damaged("a series does not read");
        }
        if (!is_same) {
            NOCTURNE_TRY_STATUS(migrate(kMigrateSeries, "migrate_series", version));
        }
        keep_restored(restored);
    }
    return in.ok() ? Status() : damaged("it ends early");
}

// The state is on top of the stack and goes; nil is a series that begins anew.
void Kept::keep_restored(const SeriesIndex::Series& restored) {
    const int type = lua_type(L_, -1);
    if (type != LUA_TTABLE && type != LUA_TUSERDATA) {
        lua_pop(L_, 1);
        return;
    }
    if (series_.size() >= host_.manifest.wants.series_max) {
        forget_series(series_.oldest());
    }
    const SeriesIndex::Slot slot = series_.add(restored.identity);
    series_.at(slot).nodes = restored.nodes;
    series_.at(slot).calls_since = restored.calls_since;
    lua_rawseti(L_, kSeriesStates, slot + 1);
}

}  // namespace nocturne::plugins
