#include "cli/recorded_events.hpp"

#include "cli/replay_clock.hpp"
#include "gateway/event_file.hpp"
#include "model/event_json.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace nocturne::cli {

using model::kNoTime;
using model::Time;

namespace {

constexpr std::size_t kChunkLines = 256;
constexpr std::size_t kLookaheadMax = 64;  // events without a time in a row that are looked past
constexpr std::size_t kBeginning = 3;      // times that decide where the clock starts

// Events that are pulled when somebody looks at them, and the clock that they set.
class TimedQueue {
   public:
    // Puts some events at the end; false when there are no more.
    using Pull = std::function<bool(std::deque<RecordedEvent>&)>;

    explicit TimedQueue(Pull pull) : pull_(std::move(pull)) {}

    // The first event with its arrival, or null at the end.
    const RecordedEvent* front() {
        if (look(0) == nullptr) {
            return nullptr;
        }
        if (!is_front_timed_) {
            if (!clock_) {
                clock_.emplace(times_from(0, kBeginning));
            }
            const std::vector<Time> next = times_from(1, 1);
            queue_.front().at =
                clock_->arrive(queue_.front().event.time, next.empty() ? kNoTime : next.front());
            is_front_timed_ = true;
        }
        return &queue_.front();
    }

    RecordedEvent take() {
        RecordedEvent event = std::move(queue_.front());
        queue_.pop_front();
        is_front_timed_ = false;
        return event;
    }

   private:
    const RecordedEvent* look(std::size_t ahead) {
        while (queue_.size() <= ahead && !ended_) {
            ended_ = !pull_(queue_);
        }
        return queue_.size() > ahead ? &queue_[ahead] : nullptr;
    }

    std::vector<Time> times_from(std::size_t first, std::size_t count) {
        std::vector<Time> times;
        for (std::size_t i = first; i < first + kLookaheadMax && times.size() < count; ++i) {
            const RecordedEvent* event = look(i);
            if (event == nullptr) {
                break;
            }
            if (event->event.time != kNoTime) {
                times.push_back(event->event.time);
            }
        }
        return times;
    }

    Pull pull_;
    std::deque<RecordedEvent> queue_;
    std::optional<ReplayClock> clock_;
    bool is_front_timed_ = false;
    bool ended_ = false;
};

}  // namespace

class RecordedEvents::Inside {
   public:
    explicit Inside(TellBadLine tell)
        : tell_(std::move(tell)),
          merged_([this](std::deque<RecordedEvent>& out) { return merge_one(out); }) {}

    Status open(const std::string& path) {
        NOCTURNE_TRY(gateway::EventFileReader reader, gateway::EventFileReader::open(path));
        File& file = files_.emplace_back(std::move(reader));
        file.queue.emplace(
            [this, &file](std::deque<RecordedEvent>& out) { return read_chunk(file, out); });
        return {};
    }

    bool next(RecordedEvent& out) {
        if (merged_.front() == nullptr) {
            return false;
        }
        out = merged_.take();
        return true;
    }

    std::uint64_t bad_lines() const { return bad_lines_; }

    const std::vector<Error>& failures() const { return failures_; }

    std::uint64_t bytes_read() const {
        std::uint64_t bytes = 0;
        for (const File& file : files_) {
            bytes += file.reader.bytes_read();
        }
        return bytes;
    }

    std::uint64_t bytes_total() const {
        std::uint64_t bytes = 0;
        for (const File& file : files_) {
            if (file.reader.bytes_total() == 0) {
                return 0;
            }
            bytes += file.reader.bytes_total();
        }
        return bytes;
    }

   private:
    struct File {
        explicit File(gateway::EventFileReader opened) : reader(std::move(opened)) {}

        gateway::EventFileReader reader;
        std::optional<TimedQueue> queue;
    };

    bool merge_one(std::deque<RecordedEvent>& out) {
        File* earliest = nullptr;
        for (File& file : files_) {
            const RecordedEvent* event = file.queue->front();
            if (event != nullptr &&
                (earliest == nullptr || event->at < earliest->queue->front()->at)) {
                earliest = &file;
            }
        }
        if (earliest == nullptr) {
            return false;
        }
        out.push_back(earliest->queue->take());
        return true;
    }

    bool read_chunk(File& file, std::deque<RecordedEvent>& out) {
        auto batch = std::make_shared<model::EventBatch>();
        bool is_end = false;
        for (std::size_t i = 0; i < kChunkLines && !is_end; ++i) {
            is_end = !read_line(file, *batch);
        }
        for (const model::EventView& event : batch->events()) {
            out.push_back({event, batch, kNoTime});
        }
        return !is_end;
    }

    bool read_line(File& file, model::EventBatch& batch) {
        Result<std::optional<gateway::EventLineView>> line = file.reader.next();
        if (!line) {
            failures_.push_back(line.error());
            return false;
        }
        if (!*line) {
            return false;
        }
        const gateway::EventLineView& view = **line;
        if (const Status status = decoder_.decode_one(view.text, batch); !status) {
            ++bad_lines_;
            tell_(file.reader.name() + ":" + std::to_string(view.number) + ": " +
                  status.error().message);
        }
        return true;
    }

    TellBadLine tell_;
    model::EventDecoder decoder_;
    std::deque<File> files_;  // addresses stay
    TimedQueue merged_;
    std::uint64_t bad_lines_ = 0;
    std::vector<Error> failures_;
};

RecordedEvents::RecordedEvents(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

RecordedEvents::~RecordedEvents() = default;
RecordedEvents::RecordedEvents(RecordedEvents&&) noexcept = default;
RecordedEvents& RecordedEvents::operator=(RecordedEvents&&) noexcept = default;

Result<RecordedEvents> RecordedEvents::open(const std::vector<std::string>& paths,
                                            TellBadLine tell) {
    auto inside = std::make_unique<Inside>(std::move(tell));
    for (const std::string& path : paths) {
        NOCTURNE_TRY_STATUS(inside->open(path));
    }
    return RecordedEvents(std::move(inside));
}

bool RecordedEvents::next(RecordedEvent& out) {
    return inside_->next(out);
}

std::uint64_t RecordedEvents::bad_lines() const {
    return inside_->bad_lines();
}

std::uint64_t RecordedEvents::bytes_read() const {
    return inside_->bytes_read();
}

std::uint64_t RecordedEvents::bytes_total() const {
    return inside_->bytes_total();
}

const std::vector<Error>& RecordedEvents::failures() const {
    return inside_->failures();
}

}  // namespace nocturne::cli
