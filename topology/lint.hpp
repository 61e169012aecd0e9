// Lint: what is odd about the graph, for the person who looks after it.
#pragma once

#include "model/time.hpp"
#include "topology/graph.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::topology {

enum class LintKind : std::uint8_t {
    Orphan,       // described, but tied to nothing
    Cycle,        // nodes that depend on each other in a ring
    EventsOnly,   // events speak of it, no source does
    Unconfirmed,  // an edge that only people wrote down, though calls are seen at both its ends
    Stale,        // an edge that no source has confirmed for long
    Hub,          // so many depend on it, or it on so many, that it explains anything
};

inline constexpr std::array<std::string_view, 6> kLintKindNames{
    "orphan", "cycle", "events_only", "unconfirmed", "stale", "hub"};

struct LintFinding {
    LintKind kind = LintKind::Orphan;
    std::vector<std::string> nodes;  // of a cycle: in the order of its arrows, the first once
    std::string text;                // for people
};

struct LintLimits {
    std::size_t findings_max = 1000;   // of each kind; beyond it they are counted
    std::size_t cycle_nodes_max = 20;  // named of each cycle
    std::size_t hub_edges_min = 1000;
    model::Duration stale_after = std::chrono::days(7);
};

struct LintReport {
    std::vector<LintFinding> findings;
    std::array<std::uint64_t, kLintKindNames.size()> counts{};  // all of each kind
};

// Linear in nodes and edges, whatever the shape of the graph.
LintReport lint(const Graph& graph, model::Time now, const LintLimits& limits = {});

// {"findings":[{"kind":...,"nodes":[...],"text":...}],"counts":{"orphan":1,...}}.
std::string render_lint_json(const LintReport& report);

}  // namespace nocturne::topology
