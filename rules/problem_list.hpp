// ProblemList: what is wrong in the files of one revision, with the lines that it stands in.
#pragma once

#include "rules/loader.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// Beyond kProblemsMax it only counts.
class ProblemList {
   public:
    // Problems are told in the order of the files named here. The text must outlive take().
    void add_file(const std::string& name, std::string_view text);

    void error(Place place, std::string message);
    void warning(Place place, std::string message);

    // To see whether what is between two calls went well.
    std::size_t errors() const { return errors_; }

    // In the order of their places.
    std::vector<Problem> take();

   private:
    void add(Problem::Level level, Place place, std::string message);
    std::size_t rank_of(const Problem& problem) const;

    std::map<std::string, std::size_t, std::less<>> files_;  // name to place in texts_
    std::vector<std::string_view> texts_;
    std::vector<Problem> problems_;
    std::set<std::string> told_;  // the first of them, each once
    std::size_t errors_ = 0;
    std::size_t untold_ = 0;
};

}  // namespace nocturne::rules
