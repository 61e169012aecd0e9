// What `replay` and `rank` share: bad lines on stderr, and how much of the input was read.
#pragma once

#include "cli/recorded_events.hpp"
#include "cli/terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::cli {

// Reads event files to their end, reporting on stderr as it goes.
class RecordedReading {
   public:
    // `progress` is cleared before a bad line is reported; it must outlive this object.
    explicit RecordedReading(Progress& progress) : progress_(progress) {}

    // Calls `take` for each event. False, with a complaint, when a file cannot be opened.
    bool read(const std::vector<std::string>& paths,
              const std::function<void(const RecordedEvent&)>& take);

    std::uint64_t events() const { return events_; }

    std::uint64_t bad_lines() const { return bad_lines_; }

    bool is_broken() const { return is_broken_; }  // a file broke off

    // "1000 events, 2 bad lines".
    std::string summary() const;

   private:
    void tell(const std::string& line);

    Progress& progress_;
    std::uint64_t events_ = 0;
    std::uint64_t bad_lines_ = 0;
    bool is_broken_ = false;
};

}  // namespace nocturne::cli
