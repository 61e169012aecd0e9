// Payloads: what other tools send, turned into the contract's events by the rules' section payload.
#pragma once

#include "model/result.hpp"
#include "rules/payload_rule.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

struct PayloadEvents {
    std::string ndjson;       // one event a line, for the decoder, which checks them
    std::size_t events = 0;   // lines
    std::size_t skipped = 0;  // items that the rule says are no events
};

// An error when the document is not JSON, `each` names no array, or the events would be larger than
// kEventsBytesMax. A document that is an array is taken item by item.
Result<PayloadEvents> events_of(const rules::PayloadRule& rule, std::string_view document);

inline constexpr std::size_t kEventsBytesMax = 64U << 20;

// The rule of that name; an error names the nearest.
Result<const rules::PayloadRule*> find_payload(const std::vector<rules::PayloadRule>& payloads,
                                               std::string_view name);

}  // namespace nocturne::gateway
