// A detector over a CSV file: text in, text with a score a row out.
#pragma once

#include "model/result.hpp"
#include "plugins/statistics/detector.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nocturne::cli {

// When the rows of a file without times were taken: row i at start + i * interval, epoch seconds.
struct SampleTimes {
    double start_s = 0;
    double interval_s = 60;
};

// `csv` has a header with a column `value` and, unless `times` are given, `timestamp` (RFC 3339,
// "2014-04-01 00:05:00" as UTC, or epoch seconds). Columns beside them are ignored. The answer is
// `timestamp,value,anomaly_score`, a line a row, timestamps and values as they stood (times of the
// index as epoch seconds). A value that is no number is one that is missing: the detector gets NaN.
// An error names the line, and what was expected.
Result<std::string> detect_csv(std::string_view csv, plugins::Detector& detector,
                               std::optional<SampleTimes> times);

}  // namespace nocturne::cli
