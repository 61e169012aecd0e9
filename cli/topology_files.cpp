#include "cli/topology_files.hpp"

#include "topology/yaml_source.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

namespace nocturne::cli {

namespace {

using topology::Graph;
using topology::NodeIndex;

// Answers for one provenance; asks for the names behind each set of bits only once.
class Vouching {
   public:
    Vouching(const Graph& graph, std::string name) : graph_(graph), name_(std::move(name)) {}

    bool is_by_us(topology::Provenance provenance) {
        const auto [place, is_new] = answers_.try_emplace(provenance, false);
        if (is_new) {
            const std::vector<std::string> names = graph_.provenance_names(provenance);
            place->second = std::find(names.begin(), names.end(), name_) != names.end();
        }
        return place->second;
    }

   private:
    const Graph& graph_;
    std::string name_;
    boost::unordered_flat_map<topology::Provenance, bool> answers_;
};

template <typename T>
bool has_all(const std::vector<T>& have, const std::vector<T>& want) {
    return std::all_of(want.begin(), want.end(), [&](const T& it) {
        return std::find(have.begin(), have.end(), it) != have.end();
    });
}

bool says_the_same(const topology::Node& node, const model::NodeSpec& spec) {
    return node.name == spec.name && (spec.type.empty() || node.type == spec.type) &&
           (spec.owner.empty() || node.owner == spec.owner) &&
           (!spec.criticality || node.criticality == *spec.criticality) &&
           has_all(node.aliases, spec.aliases) && has_all(node.labels, spec.labels);
}

using Arrow = std::pair<NodeIndex, NodeIndex>;

bool has_edge(const Graph& graph, Arrow arrow, const model::EdgeSpec& spec, Vouching& vouching) {
    bool found = false;
    graph.for_each_dependency(arrow.first, [&](NodeIndex to, const topology::Edge& edge) {
        found = found ||
                (to == arrow.second && (spec.type.empty() || edge.type == spec.type) &&
                 std::abs(edge.weight - spec.weight) < 1e-9 && vouching.is_by_us(edge.provenance));
    });
    return found;
}

}  // namespace

bool is_usable(const TopologyFiles& files) {
    return files.problems.empty() || !files.change.nodes.empty() || !files.change.edges.empty();
}

TopologyFiles read_topology_files(const std::vector<std::filesystem::path>& paths) {
    TopologyFiles all;
    all.change.provenance = kFileProvenance;
    all.change.mode = model::TopologyChange::Mode::Replace;
    boost::unordered_flat_map<std::string, std::string>
        owners;  // service -> the file that describes it
    for (const std::filesystem::path& path : paths) {
        Result<topology::TopologyFile> file = topology::read_topology(path);
        if (!file) {
            all.problems.push_back(file.error());
            continue;
        }
        std::move(file->problems.begin(), file->problems.end(), std::back_inserter(all.problems));
        for (model::NodeSpec& node : file->change.nodes) {
            const auto [owner, is_new] = owners.try_emplace(node.name, path.string());
            if (!is_new && owner->second != path.string()) {
                all.problems.push_back({ErrorCode::Invalid,
                                        "service \"" + node.name + "\" is described in " +
                                            owner->second + " too; leave it in one file",
                                        {{path.string(), 0, 0}}});
            }
            all.change.nodes.push_back(std::move(node));
        }
        std::move(file->change.edges.begin(), file->change.edges.end(),
                  std::back_inserter(all.change.edges));
    }
    return all;
}

bool is_already_told(const Graph& graph, const model::TopologyChange& change) {
    Vouching vouching(graph, change.provenance);
    boost::unordered_flat_set<NodeIndex> nodes;
    boost::unordered_flat_set<Arrow> arrows;
    for (const model::NodeSpec& spec : change.nodes) {
        const NodeIndex node = graph.find(spec.name);
        if (node == topology::kNoNode || !says_the_same(graph.node(node), spec)) {
            return false;
        }
        nodes.insert(node);
    }
    for (const model::EdgeSpec& spec : change.edges) {
        const Arrow arrow{graph.find(spec.from), graph.find(spec.to)};
        if (arrow.first == topology::kNoNode || arrow.second == topology::kNoNode ||
            !has_edge(graph, arrow, spec, vouching)) {
            return false;
        }
        nodes.insert({arrow.first, arrow.second});
        arrows.insert(arrow);
    }
    // Nothing more may be vouched for by these files: a Replace would withdraw it.
    std::size_t nodes_told = 0;
    std::size_t arrows_told = 0;
    for (NodeIndex node = 0; node < graph.index_end(); ++node) {
        if (!graph.is_alive(node)) {
            continue;
        }
        const bool by_us = vouching.is_by_us(graph.node(node).provenance);
        if (by_us != nodes.contains(node)) {
            return false;
        }
        nodes_told += by_us ? 1U : 0U;
        graph.for_each_dependency(node, [&](NodeIndex, const topology::Edge& edge) {
            arrows_told += vouching.is_by_us(edge.provenance) ? 1U : 0U;
        });
    }
    return nodes_told == nodes.size() && arrows_told == arrows.size();
}

}  // namespace nocturne::cli
