#include "engine/incident_graphs.hpp"

#include <algorithm>
#include <vector>

namespace nocturne::engine {

namespace {

using topology::NodeIndex;

constexpr std::size_t kSuspectsTaken = 3;
constexpr std::size_t kAlertsTaken = 256;  // in the order of joining; a storm has more of the same

std::vector<NodeIndex> centre_of(const model::Incident& incident, const AlertTable& alerts,
                                 const topology::Graph& graph) {
    std::vector<NodeIndex> centre;
    const auto add = [&](NodeIndex node) {
        if (node != topology::kNoNode &&
            std::find(centre.begin(), centre.end(), node) == centre.end()) {
            centre.push_back(node);
        }
    };
    for (std::size_t i = 0; i < std::min(incident.suspects.size(), kSuspectsTaken); ++i) {
        const model::Suspect& suspect = incident.suspects[i];
        add(graph.find(suspect.resource));
        for (const model::CausalPath& path : suspect.paths) {
            for (const std::string& node : path.nodes) {
                add(graph.find(node));
            }
        }
    }
    for (std::size_t i = 0; i < std::min(incident.alerts.size(), kAlertsTaken); ++i) {
        add(alerts[incident.alerts[i]].node);
    }
    return centre;
}

}  // namespace

void IncidentGraphs::take(const model::Incident& incident, const AlertTable& alerts,
                          const topology::Graph& graph, model::Time now) {
    model::Writer out;
    topology::encode(out, topology::take_excerpt(graph, centre_of(incident, alerts, graph), now));
    excerpts_[incident.id] = out.take();
}

void IncidentGraphs::prune(const IncidentTable& incidents) {
    constexpr std::size_t kSlack = 64;  // so that it is looked for now and then only
    if (excerpts_.size() > incidents.size() + kSlack) {
        std::erase_if(excerpts_, [&](const auto& excerpt) {
            return incidents.find(excerpt.first) == kNoSlot;
        });
    }
}

std::optional<topology::Excerpt> IncidentGraphs::find(model::Id incident) const {
    const auto found = excerpts_.find(incident);
    if (found == excerpts_.end()) {
        return std::nullopt;
    }
    model::Reader in(found->second);
    topology::Excerpt excerpt = topology::decode_excerpt(in);
    return in.ok() ? std::optional(std::move(excerpt)) : std::nullopt;
}

void IncidentGraphs::encode(model::Writer& out) const {
    out.varint(excerpts_.size());
    for (const auto& [id, bytes] : excerpts_) {
        out.varint(id.position);
        out.varint(id.index);
        out.text(bytes);
    }
}

void IncidentGraphs::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        model::Id id;
        id.position = in.varint();
        id.index = static_cast<decltype(id.index)>(in.varint());
        excerpts_[id] = in.text();
    }
}

}  // namespace nocturne::engine
