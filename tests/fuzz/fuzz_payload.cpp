// What: documents of other tools, as the shipped packs read them. Where: gateway/payload.cpp.
// Input: the first byte chooses the payload, the rest is the document.
#include "gateway/payload.hpp"
#include "model/event_json.hpp"
#include "model/result.hpp"
#include "rules/loader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace nocturne;

std::shared_ptr<const rules::RuleSet> all_packs() {
    std::vector<std::string> names;
    for (const rules::Pack& pack : rules::shipped_packs()) {
        names.emplace_back(pack.name);
    }
    rules::CompiledRules compiled = rules::compile(rules::read_rules({}, names).revision);
    NOCTURNE_ASSERT(compiled.problems.empty() && !compiled.rules->payloads.empty());
    return compiled.rules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const std::shared_ptr<const rules::RuleSet> packs = all_packs();
    if (size == 0) {
        return 0;
    }
    const rules::PayloadRule& rule = packs->payloads[bytes[0] % packs->payloads.size()];
    const std::string_view document(reinterpret_cast<const char*>(bytes) + 1, size - 1);

    const Result<gateway::PayloadEvents> made = gateway::events_of(rule, document);
    if (!made) {
        NOCTURNE_ASSERT(!made.error().message.empty());
        return 0;
    }
    const auto lines = std::count(made->ndjson.begin(), made->ndjson.end(), '\n');
    NOCTURNE_ASSERT(static_cast<std::size_t>(lines) == made->events);
    if (made->events == 0) {
        return 0;  // to the decoder, an empty message is a mistake
    }
    // What they make is always JSON; an event may be refused, and then says why.
    model::EventDecoder decoder;
    const model::Decoded decoded = decoder.decode(made->ndjson);
    NOCTURNE_ASSERT(decoded.batch.size() + decoded.rejected.size() == made->events);
    for (const model::Rejection& rejection : decoded.rejected) {
        NOCTURNE_ASSERT(rejection.error.find("not valid JSON") == std::string::npos);
    }
    return 0;
}
