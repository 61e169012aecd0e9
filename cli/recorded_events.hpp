// RecordedEvents: event files as one stream, merged by time, each event with the time at which it
// arrives.
#pragma once

#include "model/event.hpp"
#include "model/result.hpp"
#include "model/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace nocturne::cli {

struct RecordedEvent {
    model::EventView event;  // borrows from `holder`
    std::shared_ptr<const model::EventBatch>
        holder;                       // shared: one batch is read ahead for many events
    model::Time at = model::kNoTime;  // when it arrives
};

// Told of each line that is no event: `events.jsonl:17: field "severity": ...`.
using TellBadLine = std::function<void(const std::string& line)>;

// Events of one file come in its order; of several files, the one that arrives first comes first,
// and among those that arrive together the file that was named first. Streams: memory is bounded
// whatever the size of the files. The rule of arrival is ReplayClock's.
class RecordedEvents {
   public:
    // "-" is standard input, .gz works. An Error when a file cannot be opened.
    static Result<RecordedEvents> open(const std::vector<std::string>& paths, TellBadLine tell);
    ~RecordedEvents();
    RecordedEvents(RecordedEvents&&) noexcept;
    RecordedEvents& operator=(RecordedEvents&&) noexcept;

    // False at the end.
    bool next(RecordedEvent& out);

    std::uint64_t bad_lines() const;
    // Of the files as they lie on disk, for progress; the total is 0 when it is not known.
    std::uint64_t bytes_read() const;
    std::uint64_t bytes_total() const;
    // Files that broke off, e.g. a truncated .gz: what came before the break was read.
    const std::vector<Error>& failures() const;

   private:
    class Inside;
    explicit RecordedEvents(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::cli
