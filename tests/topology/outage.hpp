// Outage: a service graph and what alerts in it, for stories about the causal walk.
#pragma once

#include "topology/walk.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::topology {

class Outage {
   public:
    using Edges = std::vector<std::pair<std::string, std::string>>;

    explicit Outage(const Edges& edges, const std::map<std::string, std::string>& types = {}) {
        model::TopologyChange change;
        change.provenance = "story";
        for (const auto& [name, type] : types) {
            model::NodeSpec& node = change.nodes.emplace_back();
            node.name = name;
            node.type = type;
        }
        for (const auto& [from, to] : edges) {
            change.edges.push_back({from, to, "calls", 1.0});
        }
        graph_.apply(change, model::from_unix_ms(1));
    }

    // An alert that began `second` seconds into the story. `check` must be a literal: symptoms
    // borrow it.
    Outage& alert(const std::string& node, std::string_view check, double z, bool slo = false,
                  std::int64_t second = 100) {
        model::Symptom symptom;
        symptom.check = check;
        symptom.deviation = z;
        symptom.severity = z >= 25   ? model::Severity::Critical
                           : z >= 12 ? model::Severity::Major
                           : z >= 6  ? model::Severity::Minor
                                     : model::Severity::Warning;
        symptom.slo = slo;
        symptom.first_seen = model::from_unix_ms(1000 * second);
        told(node).symptoms.push_back(symptom);
        return *this;
    }

    // The last alert measures so much more than normal, in the unit of its check.
    Outage& by(double excess, double baseline) {
        last_->symptoms.back().excess = excess;
        last_->symptoms.back().baseline = baseline;
        return *this;
    }

    // The last alert is on the calls of one caller.
    Outage& on_calls_of(const std::string& caller) {
        last_->symptoms.back().caller = callers_.emplace_back(caller);
        return *this;
    }

    // The last alert ended `second` seconds into the story.
    Outage& until(std::int64_t second) {
        last_->symptoms.back().ended = model::from_unix_ms(1000 * second);
        return *this;
    }

    Outage& changed(const std::string& node, std::int64_t ms_before) {
        told(node).changes.push_back({"deploy", "7f3a", model::from_unix_ms(100'000 - ms_before)});
        return *this;
    }

    Outage& known(std::string cause, std::string effect, double lift) {
        known_.push_back({std::move(cause), std::move(effect), Relation::Dependent, lift,
                          "rules/learned.yaml:4"});
        return *this;
    }

    Outage& blind(const std::string& node) {
        told(node).blind = true;
        return *this;
    }

    model::Ranking whole(const WalkLimits& limits = {}) {
        return topology::rank(graph_.now(), alerting_, limits, PrecedenceTable(known_));
    }

    std::vector<model::Suspect> rank(const WalkLimits& limits = {}) {
        return whole(limits).suspects;
    }

    std::string first() {
        const std::vector<model::Suspect> suspects = rank();
        return suspects.empty() ? "" : suspects.front().resource;
    }

    std::vector<AlertingNode>& alerting() { return alerting_; }

    LiveGraph& graph() { return graph_; }

   private:
    AlertingNode& told(const std::string& name) {
        const NodeIndex node = graph_.observe(name, model::from_unix_ms(1));
        const auto same = [&](const AlertingNode& other) { return other.node == node; };
        auto found = std::find_if(alerting_.begin(), alerting_.end(), same);
        if (found == alerting_.end()) {
            found = alerting_.insert(alerting_.end(), AlertingNode{node, {}, {}});
        }
        last_ = &*found;
        return *last_;
    }

    LiveGraph graph_;
    std::vector<AlertingNode> alerting_;
    std::vector<KnownPrecedence> known_;
    std::deque<std::string> callers_;  // what symptoms borrow
    AlertingNode* last_ = nullptr;
};

}  // namespace nocturne::topology
