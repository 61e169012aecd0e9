// Parameters: the values that a plugin's parameters have for an event, and the tables that show
// them.
#pragma once

#include "model/event.hpp"
#include "model/matcher.hpp"
#include "plugins/lua_headers.hpp"
#include "plugins/manifest.hpp"
#include "plugins/plugin.hpp"
#include "topology/graph.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace nocturne::plugins {

// Why the parameter cannot have this value: "found 12; expected 0 to 1"; or nothing.
std::optional<std::string> problem_of(const Parameter& parameter, const ParameterValue& value);

// What an event is, for the scopes of settings.
struct ParameterScope {
    std::string_view resource;
    std::string_view type;  // of the node
    std::string_view check;
    std::span<const model::LabelView> labels;
};

class Parameters {
   public:
    // Each setting that is wrong adds a line to `problems`.
    Parameters(const std::vector<Parameter>& parameters, const std::vector<PluginSetting>& settings,
               std::vector<std::string>& problems);

    // Makes the tables' common part; the registry keeps what it makes. Once, outside a run.
    void attach(lua_State* L);

    // Pushes the read-only table of the values that hold for this event.
    void push(lua_State* L, const model::EventView& event, const topology::Graph& graph);
    // Of the settings without scope: for what is about no event.
    void push_standard(lua_State* L);

    // Each text that the parameter has somewhere; what holds everywhere comes first.
    std::vector<std::string> texts_of(std::string_view name) const;

   private:
    struct Setting {
        std::size_t parameter = 0;
        ParameterValue value;
        model::Matchers scope;  // never empty
    };

    void add(const std::vector<Parameter>& parameters, const PluginSetting& setting,
             std::vector<std::string>& problems);
    int make_table(lua_State* L, const std::vector<ParameterValue>& values);
    void push_scoped(lua_State* L, const ParameterScope& scope);

    // Beyond it all are forgotten and made again when they are wanted.
    static constexpr std::size_t kTablesMax = 1024;

    std::vector<std::string> names_;
    std::vector<bool> integers_;
    std::vector<ParameterValue> standard_;  // with the settings that hold everywhere
    std::vector<Setting> scoped_;           // later ones win
    bool scopes_by_type_ = false;
    int standard_table_ = LUA_NOREF;
    std::unordered_map<std::string, int> tables_;  // by which settings hold, a byte each
    std::string key_;                              // memory that is used again
};

}  // namespace nocturne::plugins
