// What: the bytes of journal rows and snapshots, after their checksums. Where: model/input.cpp,
// engine/core.cpp. Input: first byte odd: a snapshot, even: the body of an input, applied to an
// empty core if it decodes.
#include "engine/core.hpp"
#include "model/input.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    if (size == 0) {
        return 0;
    }
    const std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    if (bytes[0] % 2 == 1) {
        model::Reader in(rest);
        (void)engine::Core::decode(in);
        return 0;
    }
    Result<model::Input::Body> body = model::decode_body(rest);
    if (body) {
        engine::Core core;
        std::vector<model::Effect> effects;
        core.apply({1, model::from_unix_ms(1'700'000'000'000), *std::move(body)}, effects);
        core.apply({2, model::from_unix_ms(1'700'009'000'000), model::Tick{}}, effects);
    }
    return 0;
}
