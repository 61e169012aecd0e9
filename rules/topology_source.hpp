// TopologySource: where the service graph is pulled from, as the configuration says it.
#pragma once

#include "model/expression.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nocturne::rules {

// A name in which the expression is found becomes `to`, in which {1}, {2} stand for its groups.
struct NameRule {
    std::string match;
    std::string to;

    friend bool operator==(const NameRule&, const NameRule&) = default;
};

struct TopologySource {
    std::string name;  // unique; the provenance of what it says
    std::string kind;  // prometheus, kubernetes, consul, netbox, csv
    std::string url;
    std::string query;                 // of prometheus; empty: that of a service graph
    std::filesystem::path token_file;  // read at each pull; empty: no authentication
    std::filesystem::path ca_file;     // empty: the system's
    model::Duration interval = std::chrono::seconds(60);
    model::Duration timeout = std::chrono::seconds(10);  // of one request
    model::Duration ttl{-1};                             // below 0: that of the kind
    double confidence = 0;                               // 0: that of the kind
    std::uint64_t bytes_max = 256U << 20;                // of one round
    std::vector<NameRule> names;

    friend bool operator==(const TopologySource&, const TopologySource&) = default;
};

// What the rules make of a name: the first whose expression is found in it.
class NameRules {
   public:
    // Rules that do not compile are left out; the configuration has refused them before.
    explicit NameRules(const std::vector<NameRule>& rules);

    std::string apply(std::string name) const;

    bool empty() const { return rules_.empty(); }

   private:
    struct Compiled {
        model::Expression match;
        std::string to;
    };

    std::vector<Compiled> rules_;
};

}  // namespace nocturne::rules
