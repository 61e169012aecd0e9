// AnomalyLabels: when something was wrong in truth, by what it was wrong with; from a file of
// labels.
#pragma once

#include "model/result.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace nocturne::cli {

class AnomalyLabels {
   public:
    // What a detector told.
    struct Told {
        std::string resource;
        model::Time at = model::kNoTime;
    };

    struct Score {
        std::uint64_t right = 0;       // within a window
        std::uint64_t wrong = 0;       // of a labelled resource, within none
        std::uint64_t unlabelled = 0;  // of a resource that the file does not name
        std::uint64_t found = 0;       // windows with at least one of them
    };

    // CSV with the columns resource, from, to: a window each; without from and to the resource is
    // labelled and has none. Or JSON, as NAB has it: {"name": [["from", "to"], ...]}, a name with
    // or without ".csv". Times in seconds since 1970 or as 2014-04-10 07:15:00; both ends belong
    // to the window. An error names file and line.
    static Result<AnomalyLabels> read(const std::filesystem::path& file);
    static Result<AnomalyLabels> parse(const std::string& text, const std::string& file);

    Score score(const std::vector<Told>& told) const;

    std::uint64_t windows() const;

   private:
    struct Window {
        model::Time from = model::kNoTime;
        model::Time to = model::kNoTime;
    };

    static Result<AnomalyLabels> parse_json_labels(const std::string& text,
                                                   const std::string& file);
    static Result<AnomalyLabels> parse_csv_labels(const std::string& text, const std::string& file);
    Status add(const std::string& resource, const std::string& from, const std::string& to);

    std::map<std::string, std::vector<Window>> windows_;  // by resource
};

}  // namespace nocturne::cli
