// What: plugin sources and events. Where: plugins/sandbox.cpp. Input: a Lua chunk; what follows a
// NUL byte is the event that its on_event gets, as JSON.
#include "model/event_json.hpp"
#include "plugins/raw_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t end = std::min(input.find('\0'), input.size());
    model::EventBatch event;
    if (end == input.size() || !model::EventDecoder().decode_one(input.substr(end + 1), event)) {
        event = {};
        NOCTURNE_ASSERT(
            model::EventDecoder().decode_one(R"({"resource":"a","check":"b"})", event).has_value());
    }
    plugins::Limits limits;
    limits.memory_bytes_max = 4U << 20;
    limits.instructions_max = 200'000;
    plugins::RawCheck check(limits, std::move(event));
    const plugins::RawRun run = check.run(std::string(input.substr(0, end)), "plugin/fuzz.lua", 2);
    NOCTURNE_ASSERT(run.is_neighbour_well);
    return 0;
}
