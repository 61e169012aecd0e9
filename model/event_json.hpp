// EventDecoder: the contract's JSON events in, an EventBatch and the rejected ones out.
#pragma once

#include "model/event.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {

struct EventLimits {
    std::size_t event_bytes_max = 256 * 1024;
    std::size_t labels_max = 64;
    std::size_t annotations_max = 256;
    std::size_t text_bytes_max =
        4 * 1024;  // a label's or annotation's name or value, resource, check, id, source
    std::size_t summary_bytes_max = 16 * 1024;
};

// An event that was not taken, for the answer and the dead letters.
struct Rejection {
    std::size_t index = 0;  // of the event within the message; for NDJSON the line, from 0
    std::string error;      // `field "severity": "sev1" is not one of ok, info, ...`
    std::string input;      // what was sent, cut to `Rejection::kInputBytesMax`

    static constexpr std::size_t kInputBytesMax = 4 * 1024;
};

struct Decoded {
    EventBatch batch;
    std::vector<Rejection> rejected;
};

// Decodes messages one after another and reuses its memory. Not for several threads at once.
class EventDecoder {
   public:
    explicit EventDecoder(EventLimits limits = {});
    ~EventDecoder();
    EventDecoder(EventDecoder&&) noexcept;

    // An object, an array of objects, or NDJSON. A bad event costs no other: also in an array or a
    // message that breaks off half-way, the whole events before the break are taken.
    Decoded decode(std::string_view message);

    // Exactly one object, appended to the batch.
    nocturne::Status decode_one(std::string_view object, EventBatch& batch);

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::model
