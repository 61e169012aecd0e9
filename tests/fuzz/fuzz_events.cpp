// What: a message of events from any client. Where: EventDecoder, behind every socket. Input: the
// message, byte for byte. Whatever is accepted must come back the same from the journal's encoding.
#include "model/event_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nocturne;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static model::EventDecoder decoder;
    const std::string_view message(reinterpret_cast<const char*>(bytes), size);
    const model::Decoded decoded = decoder.decode(message);
    NOCTURNE_ASSERT(decoded.batch.size() + decoded.rejected.size() > 0 ||
                    message.starts_with('[') || message.find('[') != std::string_view::npos);

    model::Writer once;
    model::encode(once, decoded.batch);
    model::Reader in(once.bytes());
    const model::EventBatch again = model::decode_event_batch(in);
    NOCTURNE_ASSERT(in.ok());
    NOCTURNE_ASSERT(again.size() == decoded.batch.size());
    model::Writer twice;
    model::encode(twice, again);
    NOCTURNE_ASSERT(once.bytes() == twice.bytes());
    for (std::size_t i = 0; i < again.size(); ++i) {
        NOCTURNE_ASSERT(again.events()[i].fingerprint == decoded.batch.events()[i].fingerprint);
        NOCTURNE_ASSERT(again.events()[i].message == decoded.batch.events()[i].message);
        NOCTURNE_ASSERT(!again.events()[i].resource.empty() && !again.events()[i].check.empty());
    }
    return 0;
}
