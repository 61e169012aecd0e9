#include "topology/lint.hpp"

#include "model/json_writer.hpp"

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>

#include <algorithm>
#include <utility>

namespace nocturne::topology {

namespace {

// A pod and its workload point at each other by their nature.
bool is_of_ownership(const Edge& edge) {
    return edge.type == "owned_by" || edge.type == "connected";
}

class Linter {
   public:
    Linter(const Graph& graph, model::Time now, const LintLimits& limits)
        : graph_(graph), now_(now), limits_(limits) {}

    LintReport run() {
        find_provenances();
        for (NodeIndex node = 0; node < graph_.index_end(); ++node) {
            if (graph_.is_alive(node)) {
                look_at(node);
            }
        }
        find_cycles();
        std::stable_sort(
            report_.findings.begin(), report_.findings.end(),
            [](const LintFinding& a, const LintFinding& b) { return a.kind < b.kind; });
        return std::move(report_);
    }

   private:
    void tell(LintKind kind, std::vector<std::string> nodes, std::string text) {
        const auto place = static_cast<std::size_t>(kind);
        if (report_.counts[place]++ < limits_.findings_max) {
            report_.findings.push_back({kind, std::move(nodes), std::move(text)});
        }
    }

    // Which bits stand for people's files and the API, and which for sources that see calls.
    void find_provenances() {
        for (std::size_t bit = 1; bit < 64; ++bit) {
            const std::vector<std::string> names = graph_.provenance_names(Provenance{1} << bit);
            if (names.empty()) {
                break;
            }
            const std::string& name = names.front();
            if (name == "file" || name == "api" || name == "csv") {
                by_hand_ |= Provenance{1} << bit;
            } else if (name == "otlp" || name.find("prometheus") != std::string::npos) {
                by_traffic_ |= Provenance{1} << bit;
            }
        }
    }

    void look_at(NodeIndex index) {
        constexpr Provenance kEventsBit = 1;
        const Node& node = graph_.node(index);
        const std::size_t dependencies = graph_.dependency_count(index);
        const std::size_t dependents = graph_.dependent_count(index);
        if (node.provenance == kEventsBit) {
            tell(LintKind::EventsOnly, {node.name},
                 "events speak of it, no source of the graph does");
        } else if (dependencies + dependents == 0) {
            tell(LintKind::Orphan, {node.name}, "nothing depends on it, and it on nothing");
        }
        if (std::max(dependencies, dependents) >= limits_.hub_edges_min) {
            const bool is_below = dependents >= dependencies;
            tell(LintKind::Hub, {node.name},
                 is_below ? std::to_string(dependents) + " depend on it"
                          : "it depends on " + std::to_string(dependencies));
        }
        graph_.for_each_dependency(index, [&](NodeIndex to, const Edge& edge) {
            look_at_edge(node, graph_.node(to), edge);
        });
    }

    void look_at_edge(const Node& from, const Node& to, const Edge& edge) {
        const bool are_ends_seen =
            (from.provenance & by_traffic_) != 0 && (to.provenance & by_traffic_) != 0;
        if ((edge.provenance & ~by_hand_) == 0 && are_ends_seen &&
            (edge.type.empty() || edge.type == "calls")) {
            tell(LintKind::Unconfirmed, {from.name, to.name},
                 "written down by hand; calls are seen at both ends, but none between them");
        } else if ((edge.provenance & by_hand_) == 0 && edge.last_seen != model::kNoTime &&
                   edge.last_seen + limits_.stale_after < now_) {
            tell(LintKind::Stale, {from.name, to.name},
                 "last confirmed " + model::format_duration(now_ - edge.last_seen) + " ago");
        }
    }

    void find_cycles() {
        using Rows = boost::compressed_sparse_row_graph<boost::directedS>;
        std::vector<std::pair<NodeIndex, NodeIndex>> arrows;
        for (NodeIndex node = 0; node < graph_.index_end(); ++node) {
            if (graph_.is_alive(node)) {
                graph_.for_each_dependency(node, [&](NodeIndex to, const Edge& edge) {
                    if (!is_of_ownership(edge)) {
                        arrows.emplace_back(node, to);
                    }
                });
            }
        }
        const Rows rows(boost::edges_are_unsorted_multi_pass, arrows.begin(), arrows.end(),
                        graph_.index_end());
        std::vector<NodeIndex> component(graph_.index_end());
        // Tarjan's, without recursion: a ring of a million nodes is no deeper than one of three.
        const auto count = boost::strong_components(
            rows,
            boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, rows)));
        std::vector<std::vector<NodeIndex>> members(static_cast<std::size_t>(count));
        for (NodeIndex node = 0; node < graph_.index_end(); ++node) {
            members[component[node]].push_back(node);
        }
        std::sort(members.begin(), members.end());
        for (const std::vector<NodeIndex>& ring : members) {
            if (ring.size() > 1) {
                tell_cycle(ring, component);
            }
        }
    }

    // One way around, from the first node by following edges that stay within the component.
    void tell_cycle(const std::vector<NodeIndex>& ring, const std::vector<NodeIndex>& component) {
        std::vector<NodeIndex> way{ring.front()};
        while (way.size() < limits_.cycle_nodes_max) {
            NodeIndex next = kNoNode;
            graph_.for_each_dependency(way.back(), [&](NodeIndex to, const Edge& edge) {
                if (!is_of_ownership(edge) && component[to] == component[ring.front()]) {
                    next = std::min(next, to);
                }
            });
            const auto seen = std::find(way.begin(), way.end(), next);
            if (next == kNoNode || seen != way.end()) {
                way.erase(way.begin(), next == kNoNode ? way.begin() : seen);
                break;
            }
            way.push_back(next);
        }
        std::vector<std::string> names;
        std::string text;
        for (const NodeIndex node : way) {
            names.push_back(graph_.node(node).name);
            text += names.back() + " > ";
        }
        text += names.size() < limits_.cycle_nodes_max ? names.front() : "...";
        if (ring.size() > names.size()) {
            text += " (" + std::to_string(ring.size()) + " nodes depend on each other)";
        }
        tell(LintKind::Cycle, std::move(names), std::move(text));
    }

    const Graph& graph_;
    const model::Time now_;
    const LintLimits& limits_;
    Provenance by_hand_ = 0;
    Provenance by_traffic_ = 0;
    LintReport report_;
};

}  // namespace

LintReport lint(const Graph& graph, model::Time now, const LintLimits& limits) {
    return Linter(graph, now, limits).run();
}

std::string render_lint_json(const LintReport& report) {
    model::JsonWriter out;
    out.begin_object().key("findings").begin_array();
    for (const LintFinding& finding : report.findings) {
        out.begin_object().member("kind", kLintKindNames[static_cast<std::size_t>(finding.kind)]);
        out.key("nodes").begin_array();
        for (const std::string& node : finding.nodes) {
            out.text(node);
        }
        out.end_array().member("text", finding.text).end_object();
    }
    out.end_array().key("counts").begin_object();
    for (std::size_t i = 0; i < kLintKindNames.size(); ++i) {
        out.member(kLintKindNames[i], report.counts[i]);
    }
    out.end_object().end_object();
    return out.take();
}

}  // namespace nocturne::topology
