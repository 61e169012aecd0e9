// Samples of a CSV file through a detector: a row in, a row with its score out, at any length.
#pragma once

#include "model/result.hpp"

#include <iosfwd>
#include <optional>
#include <string_view>

namespace nocturne::cli {

// When the rows of a file without times were taken: row i at start + i * interval, epoch seconds.
struct SampleTimes {
    double start_s = 0;
    double interval_s = 60;
};

// What gives samples a score, one after the other.
class Scorer {
   public:
    virtual ~Scorer() = default;
    // Epoch seconds; the value, or NaN for one that is missing. 0..1. An error ends the file.
    virtual Result<double> score(double time_s, double value) = 0;
};

// `csv` has a header with a column `value` and, unless `times` are given, `timestamp` (RFC 3339,
// "2014-04-01 00:05:00" as UTC, or epoch seconds). Columns beside them are ignored. Written is
// `timestamp,value,anomaly_score`, a line a row, timestamps and values as they stood (times of the
// index as epoch seconds). A value that is no number is one that is missing. An error names the
// line, and what was expected; rows before it have been written. Takes 320 KiB whatever the length
// of the file; a line may have 64 KiB.
Status detect_csv(std::istream& csv, Scorer& scorer, std::optional<SampleTimes> times,
                  std::ostream& out);

// Epoch seconds, of a time as a `timestamp` may be written.
Result<double> parse_seconds(std::string_view text);

}  // namespace nocturne::cli
