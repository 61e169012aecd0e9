// nocturne.graph.*: the service graph as it stands, to read.
#include "model/suggestion.hpp"
#include "plugins/host.hpp"
#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace nocturne::plugins {

namespace {

using topology::Graph;
using topology::kNoNode;
using topology::NodeIndex;

constexpr std::size_t kNameBytesMax = 4096;
constexpr std::size_t kVisitedMax = 4096;  // nodes that one call looks at
constexpr lua_Integer kHopsMax = 8;
constexpr lua_Integer kDistanceStandard = 4;
constexpr lua_Integer kNamesMax = 1000;
constexpr lua_Integer kNamesStandard = 100;
constexpr std::array<std::string_view, 2> kOptions{"hops", "limit"};

const char* const kCapability = "wants = { graph = true }";

const Graph& enter_graph(lua_State* L, const char* function) {
    Host& host = Host::of(L);
    host.enter(L, function);
    host.need(L, host.manifest.wants.graph, function, kCapability);
    return host.world_of_call(L, function).graph();
}

NodeIndex node_argument(lua_State* L, const Graph& graph, int index, const char* function) {
    return graph.find(
        text_argument(L, index, function, "the node", kNameBytesMax, Cleanness::Name));
}

int exists(lua_State* L) {
    constexpr const char* kName = "nocturne.graph.exists";
    const Graph& graph = enter_graph(L, kName);
    arguments_at_most(L, 1, kName);
    lua_pushboolean(L, node_argument(L, graph, 1, kName) != kNoNode ? 1 : 0);
    return 1;
}

int push_text_or_nil(lua_State* L, const std::string& text) {
    if (text.empty()) {
        lua_pushnil(L);
    } else {
        lua_pushlstring(L, text.data(), text.size());
    }
    return 1;
}

int type(lua_State* L) {
    constexpr const char* kName = "nocturne.graph.type";
    const Graph& graph = enter_graph(L, kName);
    arguments_at_most(L, 1, kName);
    const NodeIndex node = node_argument(L, graph, 1, kName);
    return push_text_or_nil(L, node == kNoNode ? std::string() : graph.node(node).type);
}

int owner(lua_State* L) {
    constexpr const char* kName = "nocturne.graph.owner";
    const Graph& graph = enter_graph(L, kName);
    arguments_at_most(L, 1, kName);
    const NodeIndex node = node_argument(L, graph, 1, kName);
    return push_text_or_nil(L, node == kNoNode ? std::string() : graph.node(node).owner);
}

int label(lua_State* L) {
    constexpr const char* kName = "nocturne.graph.label";
    const Graph& graph = enter_graph(L, kName);
    arguments_at_most(L, 2, kName);
    const NodeIndex node = node_argument(L, graph, 1, kName);
    const std::string_view wanted =
        text_argument(L, 2, kName, "the label's name", kNameBytesMax, Cleanness::Name);
    if (node != kNoNode) {
        for (const auto& [name, value] : graph.node(node).labels) {
            if (name == wanted) {
                lua_pushlstring(L, value.data(), value.size());
                return 1;
            }
        }
    }
    lua_pushnil(L);
    return 1;
}

struct Reach {
    lua_Integer hops = 1;
    lua_Integer limit = kNamesStandard;
};

lua_Integer option(lua_State* L, int table, const char* key, const char* function, lua_Integer max,
                   lua_Integer standard) {
    lua_pushstring(L, key);
    lua_rawget(L, table);
    const lua_Integer value = integer_argument(L, lua_gettop(L), function, key, 1, max, standard);
    lua_pop(L, 1);
    return value;
}

// The second argument: { hops = 1, limit = 100 }, both optional.
Reach reach_argument(lua_State* L, const char* function) {
    if (lua_isnoneornil(L, 2)) {
        return {};
    }
    if (!lua_istable(L, 2)) {
        Host::refuse(L, function,
                     "the second argument is a table such as { hops = 2, limit = 50 }");
    }
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        lua_pop(L, 1);
        std::size_t length = 0;
        const char* bytes = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
        const std::string_view key(bytes, length);
        if (std::find(kOptions.begin(), kOptions.end(), key) == kOptions.end()) {
            Host::refuse(L, function, "unknown option; " + model::suggest(key, kOptions));
        }
    }
    return {option(L, 2, "hops", function, kHopsMax, 1),
            option(L, 2, "limit", function, kNamesMax, kNamesStandard)};
}

using Neighbours = std::vector<topology::Near> (*)(const Graph&, NodeIndex,
                                                   const topology::NearLimits&);

topology::NearLimits limits_of(lua_Integer hops) {
    topology::NearLimits limits;
    limits.hops = static_cast<std::uint8_t>(hops);
    limits.nodes_max = kVisitedMax;
    return limits;
}

// Nearest first, then by name: no order of the graph's own shows.
int push_neighbours(lua_State* L, const char* function, Neighbours neighbours) {
    const Graph& graph = enter_graph(L, function);
    arguments_at_most(L, 2, function);
    const NodeIndex node = node_argument(L, graph, 1, function);
    const Reach reach = reach_argument(L, function);
    if (node == kNoNode) {
        lua_newtable(L);
        return 1;
    }
    std::vector<topology::Near> near = neighbours(graph, node, limits_of(reach.hops));
    Host::of(L).meter.tick(L, near.size() * 8 + 1);
    std::sort(near.begin(), near.end(), [&](const topology::Near& a, const topology::Near& b) {
        return a.distance != b.distance ? a.distance < b.distance
                                        : graph.node(a.node).name < graph.node(b.node).name;
    });
    near.resize(std::min(near.size(), static_cast<std::size_t>(reach.limit)));
    lua_createtable(L, static_cast<int>(near.size()), 0);
    for (std::size_t i = 0; i < near.size(); ++i) {
        const std::string& name = graph.node(near[i].node).name;
        lua_pushlstring(L, name.data(), name.size());
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    return 1;
}

int dependencies(lua_State* L) {
    return push_neighbours(L, "nocturne.graph.dependencies", topology::below);
}

int dependents(lua_State* L) {
    return push_neighbours(L, "nocturne.graph.dependents", topology::above);
}

int distance(lua_State* L) {
    constexpr const char* kName = "nocturne.graph.distance";
    const Graph& graph = enter_graph(L, kName);
    arguments_at_most(L, 3, kName);
    const NodeIndex from = node_argument(L, graph, 1, kName);
    const NodeIndex to = node_argument(L, graph, 2, kName);
    const lua_Integer hops =
        integer_argument(L, 3, kName, "the greatest distance", 1, kHopsMax, kDistanceStandard);
    if (from != kNoNode && from == to) {
        lua_pushinteger(L, 0);
        return 1;
    }
    if (from != kNoNode && to != kNoNode) {
        const std::vector<topology::Near> near = topology::below(graph, from, limits_of(hops));
        Host::of(L).meter.tick(L, near.size() + 1);
        for (const topology::Near& one : near) {
            if (one.node == to) {
                lua_pushinteger(L, one.distance);
                return 1;
            }
        }
    }
    lua_pushnil(L);
    return 1;
}

}  // namespace

void add_graph_functions(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {{"dependencies", dependencies},
                                              {"dependents", dependents},
                                              {"distance", distance},
                                              {"exists", exists},
                                              {"label", label},
                                              {"owner", owner},
                                              {"type", type},
                                              {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
