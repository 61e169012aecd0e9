#include "topology/calling_side.hpp"

#include <algorithm>

namespace nocturne::topology {

CallingSide::CallingSide(const IncidentGraph& graph, const WalkWeights& weights)
    : graph_(graph), weights_(weights) {
    trouble_.reserve(graph.size());
    for (Local node = 0; node < graph.size(); ++node) {
        trouble_.push_back(measure(node));
    }
}

bool CallingSide::is_hard_to_reach(Local called, Local caller) const {
    const auto symptoms = graph_.symptoms(called);
    return std::any_of(symptoms.begin(), symptoms.end(), [&](const WeighedSymptom& symptom) {
        return symptom.kind == CheckKind::Transit ||
               (!symptom.symptom->caller.empty() &&
                symptom.symptom->caller == graph_.name_of(caller));
    });
}

double CallingSide::measure(Local caller) const {
    const auto called = graph_.dependencies(caller);
    const auto hard = std::count_if(called.begin(), called.end(), [&](const Arc& arc) {
        return is_hard_to_reach(arc.other, caller);
    });
    return hard < 2
               ? 0.0
               : static_cast<double>(hard) / static_cast<double>(graph_.all_dependencies(caller));
}

double CallingSide::explains(Local caller, Local called, const WeighedSymptom& symptom) const {
    const double share = weights_.calling_side * trouble_[caller];
    if (share == 0) {
        return 0.0;
    }
    if (!symptom.symptom->caller.empty()) {
        return symptom.symptom->caller == graph_.name_of(caller) ? share : 0.0;
    }
    return symptom.kind == CheckKind::Transit
               ? share / static_cast<double>(graph_.all_dependents(called))
               : 0.0;
}

double CallingSide::explains(Local caller, Local called) const {
    return trouble_[caller] == 0
               ? 0.0
               : share_of_all(graph_.symptoms(called), [&](const WeighedSymptom& symptom) {
                     return explains(caller, called, symptom);
                 });
}

}  // namespace nocturne::topology
