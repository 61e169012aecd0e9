#include "topology/cause_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace nocturne::topology {

using model::CauseKind;

namespace {

constexpr std::array<std::string_view, 11> kDataWords{
    "deadlock",    "corrupt",   "constraint", "duplicate_key", "schema",      "replication",
    "replica_lag", "integrity", "checksum",   "migration",     "data_quality"};

bool speaks_of_data(std::string_view check) {
    std::string lower(check);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
    return std::any_of(kDataWords.begin(), kDataWords.end(), [&](std::string_view word) {
        return lower.find(word) != std::string::npos;
    });
}

bool surges(const IncidentGraph& graph, Local node) {
    const auto symptoms = graph.symptoms(node);
    return std::any_of(symptoms.begin(), symptoms.end(), [](const WeighedSymptom& symptom) {
        return symptom.kind == CheckKind::Traffic && symptom.symptom->excess >= 0;
    });
}

// Calls that come from outside: more of them than usual, and none of its callers has more too.
bool surges_by_itself(const IncidentGraph& graph, Local node) {
    const auto callers = graph.dependents(node);
    return surges(graph, node) && std::none_of(callers.begin(), callers.end(), [&](const Arc& arc) {
               return surges(graph, arc.other);
           });
}

double part(const Points& points, Part which) {
    return points[static_cast<std::size_t>(which)];
}

}  // namespace

CauseGuess guess_cause_kind(const IncidentGraph& graph, Local node, const Points& points) {
    const double own = part(points, Part::Own) + part(points, Part::Blamed);
    if (part(points, Part::Change) > 0 && part(points, Part::Change) >= 0.25 * own) {
        return {CauseKind::Change, "it was changed just before"};
    }
    for (const WeighedSymptom& symptom : graph.symptoms(node)) {
        if (speaks_of_data(symptom.symptom->check)) {
            return {CauseKind::Data, std::string(symptom.symptom->check) + " speaks of its data"};
        }
    }
    if (surges_by_itself(graph, node)) {
        return {CauseKind::Load, "it is asked for more than usual, and none of its callers is"};
    }
    for (const WeighedSymptom& symptom : graph.symptoms(node)) {
        if (symptom.kind == CheckKind::Resource || symptom.kind == CheckKind::Transit) {
            return {CauseKind::Infrastructure,
                    std::string(symptom.symptom->check) +
                        (symptom.kind == CheckKind::Resource
                             ? " speaks of the node itself, not of what it depends on"
                             : " speaks of the network to it")};
        }
    }
    if (graph[node].is_host && !graph[node].alerts()) {
        return {CauseKind::Infrastructure, "it carries what alerts"};
    }
    return {};
}

}  // namespace nocturne::topology
