// EventFileReader: the lines of an event file, plain or gzip, or of standard input.
#pragma once

#include "model/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::gateway {

// Borrows from the reader until its next call.
struct EventLineView {
    std::string_view text;     // without the line end; never blank
    std::uint64_t number = 0;  // from 1; blank lines count
    bool is_cut = false;       // it was longer than the limit: what is here is its beginning
};

// Streams: memory is bounded by the longest line.
class EventFileReader {
   public:
    static constexpr std::size_t kLineBytesMax = 16U << 20;

    // "-" is standard input. Gzip is known by its first bytes, not by the name.
    static Result<EventFileReader> open(const std::string& path,
                                        std::size_t line_bytes_max = kLineBytesMax);
    ~EventFileReader();
    EventFileReader(EventFileReader&&) noexcept;
    EventFileReader& operator=(EventFileReader&&) noexcept;

    // The next line that is not blank, nothing at the end, an Error when the file cannot be read
    // on; of a damaged or truncated gzip file all whole lines come first.
    Result<std::optional<EventLineView>> next();

    // The name for messages ("stdin" for "-").
    const std::string& name() const;
    // Of the file as it lies on disk, for progress; 0 when not known (standard input).
    std::uint64_t bytes_total() const;
    std::uint64_t bytes_read() const;

   private:
    class Inside;
    explicit EventFileReader(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
