// What: matchers as people type them. Where: model/matcher.cpp. Input: the text.
#include "model/matcher.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    const Result<model::Matchers> matchers =
        model::parse_matchers({reinterpret_cast<const char*>(bytes), size});
    if (matchers) {
        const std::string text = model::to_string(*matchers);
        const Result<model::Matchers> again = model::parse_matchers(text);
        NOCTURNE_ASSERT(again && model::to_string(*again) == text);
    }
    return 0;
}
