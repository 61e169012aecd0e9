#include "cli/recorded_reading.hpp"

#include "cli/output.hpp"

#include <cstdio>
#include <utility>

namespace nocturne::cli {

namespace {

constexpr std::uint64_t kBadLinesTold = 100;  // the rest is counted
constexpr std::uint64_t kProgressEvents = 4096;

}  // namespace

bool RecordedReading::read(const std::vector<std::string>& paths,
                           const std::function<void(const RecordedEvent&)>& take) {
    Result<RecordedEvents> events =
        RecordedEvents::open(paths, [this](const std::string& line) { tell(line); });
    if (!events) {
        complain(to_string(events.error()));
        return false;
    }
    RecordedEvent event;
    while (events->next(event)) {
        take(event);
        if (++events_ % kProgressEvents == 0) {
            progress_.show(events->bytes_read(), events->bytes_total(),
                           std::to_string(events_) + " events");
        }
    }
    progress_.clear();
    for (const Error& failure : events->failures()) {
        complain(to_string(failure));
        is_broken_ = true;
    }
    if (bad_lines_ > kBadLinesTold) {
        complain("and " + std::to_string(bad_lines_ - kBadLinesTold) + " bad lines more");
    }
    return true;
}

void RecordedReading::tell(const std::string& line) {
    if (++bad_lines_ <= kBadLinesTold) {
        progress_.clear();
        std::fprintf(stderr, "%s\n", sanitise(line).c_str());
    }
}

std::string RecordedReading::summary() const {
    return std::to_string(events_) + (events_ == 1 ? " event, " : " events, ") +
           std::to_string(bad_lines_) + (bad_lines_ == 1 ? " bad line" : " bad lines");
}

}  // namespace nocturne::cli
