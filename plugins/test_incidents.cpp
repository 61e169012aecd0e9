// t.incident and t.plan: incidents that a test makes, and what plugins say to them.
#include "plugins/plan_reader.hpp"
#include "plugins/test_fields.hpp"
#include "plugins/test_functions.hpp"

namespace nocturne::plugins {

namespace {

constexpr std::array<std::string_view, 8> kIncidentKeys{
    "id", "title", "severity", "state", "opened_at", "confidence", "alerts", "suspects"};
constexpr std::array<std::string_view, 7> kAlertKeys{"id",       "resource", "check",     "summary",
                                                     "severity", "firing",   "first_seen"};
constexpr std::array<std::string_view, 6> kSuspectKeys{"resource", "score",  "reason",
                                                       "kind",     "silent", "evidence"};
constexpr std::array<std::string_view, 3> kEvidenceKeys{"name", "score", "text"};

// What an IncidentSight borrows from.
struct MadeIncident {
    std::string id;
    std::string title;
    std::vector<std::array<std::string, 4>> texts;  // of the alerts
    std::vector<IncidentSight::Alert> alerts;
    std::vector<model::Suspect> suspects;
    IncidentSight sight;
};

void read_alerts(lua_State* L, const char* function, Fields& fields, MadeIncident& made) {
    fields.each("alerts", [&](int index) {
        Fields alert(L, index, function, kAlertKeys);
        made.texts.push_back({alert.text("id", "A" + std::to_string(made.texts.size() + 1)),
                              alert.text("resource"), alert.text("check"), alert.text("summary")});
        IncidentSight::Alert one;
        one.severity = alert.severity("severity");
        one.is_firing = alert.flag("firing", true);
        one.first_seen = alert.time("first_seen", bench_of(L).now());
        made.alerts.push_back(one);
    });
    for (std::size_t i = 0; i < made.alerts.size(); ++i) {
        made.alerts[i].id = made.texts[i][0];
        made.alerts[i].resource = made.texts[i][1];
        made.alerts[i].check = made.texts[i][2];
        made.alerts[i].summary = made.texts[i][3];
    }
}

void read_incident(lua_State* L, const char* function, MadeIncident& made) {
    TestBench& bench = bench_of(L);
    Fields fields(L, 1, function, kIncidentKeys);
    made.id = fields.text("id", "I1");
    made.title = fields.text("title", "an incident");
    made.sight.severity = fields.severity("severity");
    made.sight.state =
        fields.one_of("state", model::kIncidentStateNames, model::IncidentState::Open);
    made.sight.opened_at = fields.time("opened_at", bench.now());
    made.sight.confidence = fields.number("confidence", 0.5);
    bench.see(made.sight.opened_at);
    read_alerts(L, function, fields, made);
    fields.each("suspects", [&](int index) {
        Fields suspect(L, index, function, kSuspectKeys);
        model::Suspect one;
        one.resource = suspect.text("resource");
        one.score = suspect.number("score", 0.5);
        one.reason = suspect.text("reason");
        one.kind = suspect.one_of("kind", model::kCauseKindNames, model::CauseKind::Unknown);
        one.silent = suspect.flag("silent", false);
        suspect.each("evidence", [&](int entry) {
            Fields part(L, entry, function, kEvidenceKeys);
            one.evidence.push_back({part.text("name"), part.number("score", 0), part.text("text")});
        });
        made.suspects.push_back(std::move(one));
    });
    made.sight.id = made.id;
    made.sight.title = made.title;
    made.sight.alerts = made.alerts;
    made.sight.suspects = made.suspects;
}

int incident(lua_State* L) {
    enter_test_function(L, "t.incident", 1);
    MadeIncident made;
    read_incident(L, "t.incident", made);
    const UnwatchedTest unwatched(L);
    push_result(L, result_of(L, bench_of(L).incident(made.sight)));
    return 1;
}

// ---- plans ----

void set(lua_State* L, const char* key, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, key);
}

void set_action(lua_State* L, const char* key, const std::optional<model::Action>& action) {
    if (action) {
        push_action(L, *action);
        lua_setfield(L, -2, key);
    }
}

void push_step(lua_State* L, const model::Step& step) {
    lua_createtable(L, 0, 6);
    set(L, "name", step.name);
    set(L, "node", step.node);
    lua_pushboolean(L, step.idempotent ? 1 : 0);
    lua_setfield(L, -2, "idempotent");
    set_action(L, "run", step.run);
    set_action(L, "verify", step.verify);
    set_action(L, "undo", step.undo);
}

void push_texts(lua_State* L, const std::vector<std::string>& texts) {
    lua_createtable(L, static_cast<int>(texts.size()), 0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        lua_pushlstring(L, texts[i].data(), texts[i].size());
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
}

// What a person would be asked about, without what stands in the playbook's table.
void push_plan(lua_State* L, const model::PlanProposed& proposed) {
    const model::Plan& plan = proposed.plan;
    luaL_checkstack(L, 16, "t");
    lua_createtable(L, 0, 6);
    set(L, "target", plan.target);
    set(L, "summary", plan.summary);
    set(L, "risk", model::name_of(plan.risk));
    push_texts(L, proposed.capabilities);
    lua_setfield(L, -2, "capabilities");
    lua_createtable(L, 0, static_cast<int>(plan.preconditions.size()));
    for (const auto& [name, value] : plan.preconditions) {
        set(L, name.c_str(), value);
    }
    lua_setfield(L, -2, "preconditions");
    lua_createtable(L, static_cast<int>(plan.steps.size()), 0);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        push_step(L, plan.steps[i]);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    lua_setfield(L, -2, "steps");
}

// plan(incident): the plan; or nil and why there is none.
int plan(lua_State* L) {
    enter_test_function(L, "t.plan", 1);
    MadeIncident made;
    read_incident(L, "t.plan", made);
    const UnwatchedTest unwatched(L);
    const Result<TestBench::Planned> planned = bench_of(L).plan(made.sight);
    if (!planned) {
        fail_test(L, planned.error().message);
    }
    if (planned->proposed) {
        push_plan(L, *planned->proposed);
        return 1;
    }
    lua_pushnil(L);
    lua_pushlstring(L, planned->why_not.data(), planned->why_not.size());
    return 2;
}

}  // namespace

void add_incident_functions(lua_State* L, TestBench& bench) {
    static constexpr luaL_Reg kFunctions[] = {
        {"incident", incident}, {"plan", plan}, {nullptr, nullptr}};
    lua_pushlightuserdata(L, &bench);
    luaL_setfuncs(L, kFunctions, 1);
}

}  // namespace nocturne::plugins
