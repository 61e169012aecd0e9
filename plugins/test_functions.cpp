#include "plugins/test_functions.hpp"

#include "model/event_json.hpp"
#include "plugins/event_table.hpp"
#include "plugins/host.hpp"
#include "plugins/lua_json.hpp"
#include "plugins/read_only.hpp"
#include "plugins/test_fields.hpp"
#include "topology/yaml_source.hpp"

#include <array>
#include <cmath>
#include <span>
#include <sstream>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kNameBytesMax = 4096;
constexpr std::size_t kRowsMax = 100'000;
constexpr double kSecondsMax = 253'402'300'799;  // the end of the year 9999

constexpr std::array<std::string_view, 4> kChangeKeys{"resource", "what", "summary", "time"};
constexpr std::array<std::string_view, 4> kPastKeys{"id", "opened_at", "cause", "likeness"};

void check(lua_State* L, const Status& status) {
    if (!status) {
        fail_test(L, status.error().message);
    }
}

// ---- t.plugin, t.restart ----

std::string setting_of(lua_State* L, int index, const std::string& name) {
    switch (lua_type(L, index)) {
        case LUA_TBOOLEAN: return lua_toboolean(L, index) != 0 ? "true" : "false";
        case LUA_TSTRING: return lua_tostring(L, index);
        case LUA_TNUMBER: {
            model::JsonWriter number;
            write_json(L, index, "t.plugin", number);
            return number.take();
        }
        default:
            Host::refuse(L, "t.plugin",
                         "parameter \"" + printable(name, 60) + "\" cannot be a " +
                             luaL_typename(L, index));
    }
}

std::vector<PluginSetting> settings_argument(lua_State* L, int index) {
    std::vector<PluginSetting> settings;
    if (lua_isnoneornil(L, index)) {
        return settings;
    }
    if (!lua_istable(L, index)) {
        Host::refuse(L, "t.plugin", "takes the name of a file and a table of parameters");
    }
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            Host::refuse(L, "t.plugin", "the name of a parameter must be a string");
        }
        const std::string name = lua_tostring(L, -2);
        settings.push_back({name, setting_of(L, lua_gettop(L), name), "", "t.plugin"});
        lua_pop(L, 1);
    }
    std::sort(settings.begin(), settings.end(),
              [](const auto& a, const auto& b) { return a.parameter < b.parameter; });
    return settings;
}

int plugin(lua_State* L) {
    enter_test_function(L, "t.plugin", 2);
    const bool has_file = lua_type(L, 1) == LUA_TSTRING;
    const std::string file = has_file ? lua_tostring(L, 1) : "";
    std::vector<PluginSetting> settings = settings_argument(L, has_file ? 2 : 1);
    const UnwatchedTest unwatched(L);
    check(L, bench_of(L).load(file, std::move(settings)));
    return 0;
}

int restart(lua_State* L) {
    enter_test_function(L, "t.restart", 0);
    const UnwatchedTest unwatched(L);
    check(L, bench_of(L).restart());
    return 0;
}

// ---- calls of the plugin ----

// sample("jobs/queue_length", time, value): the score, or nil. Without a check it is "value".
int sample(lua_State* L) {
    constexpr const char* kName = "t.sample";
    enter_test_function(L, kName, 3);
    const std::string_view series =
        text_argument(L, 1, kName, "the series", kNameBytesMax, Cleanness::Name);
    TestBench& bench = bench_of(L);
    model::EventView event;
    event.time = time_of(L, 2, kName);
    if (lua_type(L, 3) != LUA_TNUMBER) {
        Host::refuse(L, kName,
                     std::string("the value must be a number, not ") + luaL_typename(L, 3));
    }
    event.value = lua_tonumber(L, 3);
    event.has_value = !std::isnan(event.value);
    event.source = "test";
    const std::size_t slash = series.rfind('/');
    const bool has_check =
        slash != std::string_view::npos && slash > 0 && slash + 1 < series.size();
    event.resource = has_check ? series.substr(0, slash) : series;
    event.check = has_check ? series.substr(slash + 1) : "value";
    event.kind = model::Kind::Metric;
    event.severity = model::Severity::Info;
    event.fingerprint = model::identity_of(event.resource, event.check, {});
    bench.see(event.time);
    const UnwatchedTest unwatched(L);
    const CallResult& result = result_of(L, bench.sample(event));
    if (result.score) {
        lua_pushnumber(L, *result.score);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

void push_wish(lua_State* L, const Wish& wish) {
    using Type = model::AnnotationView::Type;
    if (wish.type == Type::Boolean) {
        lua_pushboolean(L, wish.value == "true" ? 1 : 0);
    } else if (wish.type == Type::Number) {
        lua_stringtonumber(L, wish.value.c_str());
    } else {
        lua_pushlstring(L, wish.value.data(), wish.value.size());
    }
}

// The event, without what the engine counts in it.
void push_emitted(lua_State* L, const model::EventView& event) {
    push_event_table(L, event);
    lua_getfield(L, -1, "annotations");
    lua_pushlstring(L, kDepthAnnotation.data(), kDepthAnnotation.size());
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

}  // namespace

void push_result(lua_State* L, const CallResult& result) {
    luaL_checkstack(L, 16, "t");
    lua_createtable(L, 0, 6);
    const int table = lua_gettop(L);
    lua_pushboolean(L, result.was_called ? 1 : 0);
    lua_setfield(L, table, "called");
    lua_newtable(L);
    lua_newtable(L);
    for (const Wish& wish : result.wishes) {
        push_wish(L, wish);
        switch (wish.what) {
            case Wish::What::Annotate: lua_setfield(L, table + 1, wish.name.c_str()); break;
            case Wish::What::Label: lua_setfield(L, table + 2, wish.name.c_str()); break;
            case Wish::What::Resource: lua_setfield(L, table, "resource"); break;
            case Wish::What::Severity: lua_setfield(L, table, "severity"); break;
            case Wish::What::Emit: lua_pop(L, 1); break;
        }
    }
    lua_setfield(L, table, "labels");
    lua_setfield(L, table, "annotations");
    lua_newtable(L);
    lua_Integer count = 0;
    for (const model::EventView& event : result.emitted.events()) {
        push_emitted(L, event);
        lua_rawseti(L, -2, ++count);
    }
    lua_setfield(L, table, "emitted");
}

namespace {

// The table at index 1 as JSON; its time is that of the test unless it has one.
std::string event_json(lua_State* L, TestBench& bench) {
    if (!lua_istable(L, 1)) {
        Host::refuse(L, "t.event", std::string("takes a table, not ") + luaL_typename(L, 1));
    }
    lua_getfield(L, 1, "time");
    if (!lua_isnil(L, -1)) {
        bench.see(time_of(L, lua_gettop(L), "t.event"));
    }
    const model::Time time = lua_isnil(L, -1) ? bench.now() : time_of(L, lua_gettop(L), "t.event");
    lua_newtable(L);  // a copy, for the test may use its own again
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushinteger(L, model::to_unix_ms(time));
    lua_setfield(L, -2, "time");
    model::JsonWriter json;
    write_json(L, lua_gettop(L), "t.event", json);
    lua_pop(L, 2);
    return json.take();
}

int event(lua_State* L) {
    enter_test_function(L, "t.event", 1);
    TestBench& bench = bench_of(L);
    model::EventBatch batch;
    if (const Status status = model::EventDecoder().decode_one(event_json(L, bench), batch);
        !status) {
        Host::refuse(L, "t.event", status.error().message);
    }
    const UnwatchedTest unwatched(L);
    push_result(L, result_of(L, bench.event(batch.events().front())));
    return 1;
}

// ---- the world ----

// graph{ {name=...}, ... } or graph{ services = {...}, edges = {...} }: what topology files say.
int graph(lua_State* L) {
    constexpr const char* kName = "t.graph";
    enter_test_function(L, kName, 1);
    luaL_checktype(L, 1, LUA_TTABLE);
    model::JsonWriter json;
    if (lua_rawlen(L, 1) > 0) {
        json.begin_object().key("services");
        write_json(L, 1, kName, json);
        json.end_object();
    } else {
        write_json(L, 1, kName, json);
    }
    topology::TopologyFile file = topology::parse_topology(json.json(), "t.graph");
    if (!file.problems.empty()) {
        Host::refuse(L, kName, file.problems.front().message);
    }
    file.change.mode = model::TopologyChange::Mode::Merge;
    TestBench& bench = bench_of(L);
    (void)bench.now();
    const topology::ChangeReport report = bench.world.grow(file.change);
    if (!report.problems.empty()) {
        Host::refuse(L, kName, report.problems.front());
    }
    return 0;
}

int change(lua_State* L) {
    enter_test_function(L, "t.change", 1);
    TestBench& bench = bench_of(L);
    Fields fields(L, 1, "t.change", kChangeKeys);
    SeenChange change;
    change.time = fields.time("time", bench.now());
    change.resource = fields.text("resource");
    change.what = fields.text("what", "deploy");
    change.summary = fields.text("summary");
    bench.see(change.time);
    bench.world.add(std::move(change));
    return 0;
}

// past{ {id=, opened_at=, cause=, likeness=}, ... }
int past(lua_State* L) {
    constexpr const char* kName = "t.past";
    enter_test_function(L, kName, 1);
    luaL_checktype(L, 1, LUA_TTABLE);
    TestBench& bench = bench_of(L);
    std::vector<SeenIncident> seen;
    const lua_Unsigned length = lua_rawlen(L, 1);
    for (lua_Unsigned i = 1; i <= length; ++i) {
        lua_rawgeti(L, 1, static_cast<lua_Integer>(i));
        Fields fields(L, lua_gettop(L), kName, kPastKeys);
        SeenIncident one;
        one.id = fields.text("id", "I" + std::to_string(i));
        one.opened_at = fields.time("opened_at", bench.now());
        one.cause = fields.text("cause");
        one.likeness = fields.number("likeness", 0.5);
        seen.push_back(std::move(one));
        lua_pop(L, 1);
    }
    bench.world.set_past(std::move(seen));
    return 0;
}

int time(lua_State* L) {
    enter_test_function(L, "t.time", 1);
    TestBench& bench = bench_of(L);
    if (!lua_isnoneornil(L, 1)) {
        const model::Time time = time_of(L, 1, "t.time");
        if (!bench.set_now(time)) {
            Host::refuse(L, "t.time",
                         "it is " + model::format_time(bench.now()) + ", and time never goes back");
        }
    }
    lua_pushnumber(L, static_cast<double>(model::to_unix_ms(bench.now())) / 1000.0);
    return 1;
}

// table(name, { {"service", "owner"}, {"web", "shop"} }): the first row names the columns.
int table(lua_State* L) {
    constexpr const char* kName = "t.table";
    enter_test_function(L, kName, 2);
    PluginTable made;
    made.name = text_argument(L, 1, kName, "the name", kNameBytesMax, Cleanness::Name);
    luaL_checktype(L, 2, LUA_TTABLE);
    const lua_Unsigned length = lua_rawlen(L, 2);
    if (length == 0 || length > kRowsMax) {
        Host::refuse(L, kName,
                     "takes a list of rows, the first of them the names of the columns: "
                     "{ {\"service\", \"owner\"}, {\"web\", \"shop\"} }");
    }
    for (lua_Unsigned i = 1; i <= length; ++i) {
        Meter::of(L).tick(L);
        lua_rawgeti(L, 2, static_cast<lua_Integer>(i));
        luaL_argcheck(L, lua_istable(L, -1), 2, "each row must be a list of texts");
        std::vector<std::string> cells;
        const lua_Unsigned cells_count = lua_rawlen(L, -1);
        for (lua_Unsigned cell = 1; cell <= cells_count; ++cell) {
            lua_rawgeti(L, -1, static_cast<lua_Integer>(cell));
            luaL_argcheck(L, lua_isstring(L, -1) != 0, 2, "each cell must be a text");
            cells.emplace_back(lua_tostring(L, -1));
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        if (i == 1) {
            made.columns = std::move(cells);
        } else {
            cells.resize(made.columns.size());
            made.rows.push_back(std::move(cells));
        }
    }
    const UnwatchedTest unwatched(L);
    check(L, bench_of(L).add_table(std::move(made)));
    return 0;
}

// log(): what the plugin printed since the last time, a text a line.
int log(lua_State* L) {
    enter_test_function(L, "t.log", 0);
    std::istringstream in(bench_of(L).take_log());
    lua_newtable(L);
    lua_Integer count = 0;
    for (std::string line; std::getline(in, line);) {
        lua_pushlstring(L, line.data(), line.size());
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

}  // namespace

TestBench& bench_of(lua_State* L) {
    return *static_cast<TestBench*>(lua_touserdata(L, lua_upvalueindex(1)));
}

void enter_test_function(lua_State* L, const char* function, int arguments_max) {
    Meter::of(L).tick(L, 10);
    arguments_at_most(L, arguments_max, function);
}

void fail_test(lua_State* L, const std::string& message) {
    luaL_where(L, 1);
    lua_pushlstring(L, message.data(), message.size());
    lua_concat(L, 2);
    lua_error(L);
    std::abort();  // lua_error does not come back
}

model::Time time_of(lua_State* L, int index, const char* function) {
    if (lua_type(L, index) == LUA_TNUMBER && std::abs(lua_tonumber(L, index)) <= kSecondsMax) {
        return model::from_unix_ms(std::llround(lua_tonumber(L, index) * 1000));
    }
    if (lua_type(L, index) == LUA_TSTRING) {
        const Result<model::Time> time = model::parse_time(lua_tostring(L, index));
        if (time) {
            return *time;
        }
        Host::refuse(L, function, time.error().message);
    }
    Host::refuse(L, function,
                 std::string("a time is seconds since 1970 or RFC 3339, not ") +
                     luaL_typename(L, index));
}

const CallResult& result_of(lua_State* L, const Result<const CallResult*>& result) {
    if (!result) {
        fail_test(L, result.error().message);
    }
    return **result;
}

Limits test_limits() {
    Limits limits;
    limits.memory_bytes_max = 64U << 20;
    limits.block_bytes_max = 8U << 20;
    limits.call_cpu_max = limits.load_cpu_max = std::chrono::seconds(30);
    limits.instructions_max = 100'000'000;
    limits.error_bytes_max = 8U << 10;
    return limits;
}

UnwatchedTest::UnwatchedTest(lua_State* L) : L_(L) {
    (void)WatchedThread::here().end();
}

UnwatchedTest::~UnwatchedTest() {
    Meter& meter = Meter::of(L_);
    const Limits& limits = meter.limits();
    WatchedThread::here().begin(meter,
                                {limits.call_cpu_max, limits.call_cpu_max * limits.wall_factor});
}

void push_test_functions(lua_State* L, TestBench& bench) {
    static constexpr luaL_Reg kFunctions[] = {
        {"change", change}, {"event", event},   {"graph", graph},     {"log", log},
        {"past", past},     {"plugin", plugin}, {"restart", restart}, {"sample", sample},
        {"table", table},   {"time", time},     {nullptr, nullptr}};
    lua_createtable(L, 0, 20);
    lua_pushlightuserdata(L, &bench);
    luaL_setfuncs(L, kFunctions, 1);
    add_incident_functions(L, bench);
    add_expectations(L);
    make_read_only(L, "t", MissingKey::IsError);
}

}  // namespace nocturne::plugins
