#include "plugins/incident_table.hpp"

#include "plugins/read_only.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kAlertsMax = 256;
constexpr std::size_t kSuspectsMax = 16;

void set(lua_State* L, const char* name, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, model::Time time) {
    if (time != model::kNoTime) {
        lua_pushinteger(L, model::to_unix_ms(time));
        lua_setfield(L, -2, name);
    }
}

void set_number(lua_State* L, const char* name, double number) {
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

void set_flag(lua_State* L, const char* name, bool flag) {
    lua_pushboolean(L, flag ? 1 : 0);
    lua_setfield(L, -2, name);
}

void push_alert(lua_State* L, const IncidentSight::Alert& alert) {
    lua_createtable(L, 0, 7);
    set(L, "id", alert.id);
    set(L, "resource", alert.resource);
    set(L, "check", alert.check);
    set(L, "summary", alert.summary);
    set(L, "severity", model::name_of(alert.severity));
    set_flag(L, "firing", alert.is_firing);
    set(L, "first_seen", alert.first_seen);
}

void push_evidence(lua_State* L, const std::vector<model::Evidence>& evidence) {
    lua_createtable(L, static_cast<int>(evidence.size()), 0);
    for (std::size_t i = 0; i < evidence.size(); ++i) {
        lua_createtable(L, 0, 3);
        set(L, "name", evidence[i].name);
        set(L, "text", evidence[i].text);
        set_number(L, "score", evidence[i].score);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
}

void push_suspect(lua_State* L, const model::Suspect& suspect) {
    lua_createtable(L, 0, 6);
    set(L, "resource", suspect.resource);
    set(L, "reason", suspect.reason);
    set(L, "kind", model::name_of(suspect.kind));
    set_number(L, "score", suspect.score);
    set_flag(L, "silent", suspect.silent);
    push_evidence(L, suspect.evidence);
    lua_setfield(L, -2, "evidence");
}

}  // namespace

void push_incident_table(lua_State* L, const IncidentSight& incident) {
    lua_createtable(L, 0, 8);
    set(L, "id", incident.id);
    set(L, "title", incident.title);
    set(L, "severity", model::name_of(incident.severity));
    set(L, "state", model::name_of(incident.state));
    set(L, "opened_at", incident.opened_at);
    set_number(L, "confidence", incident.confidence);
    lua_pushinteger(L, static_cast<lua_Integer>(incident.alerts.size()));
    lua_setfield(L, -2, "alert_count");
    lua_newtable(L);
    for (std::size_t i = 0; i < std::min(incident.alerts.size(), kAlertsMax); ++i) {
        push_alert(L, incident.alerts[i]);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    lua_setfield(L, -2, "alerts");
    lua_newtable(L);
    for (std::size_t i = 0; i < std::min(incident.suspects.size(), kSuspectsMax); ++i) {
        push_suspect(L, incident.suspects[i]);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    lua_setfield(L, -2, "suspects");
}

void push_plan_context(lua_State* L) {
    const int incident = lua_gettop(L) - 1;
    lua_createtable(L, 0, 2);
    lua_insert(L, -2);
    lua_setfield(L, -2, "parameters");
    lua_getfield(L, incident, "suspects");
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
    lua_setfield(L, -2, "suspect");
    make_read_only(L, "ctx", MissingKey::IsNil);
}

}  // namespace nocturne::plugins
