// RecentChanges: deploys and the like, as long as they may have to do with what breaks; by what
// they were done to.
#pragma once

#include "model/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

struct Change {
    model::Time time = model::kNoTime;
    std::string resource;
    std::string what;
    std::string summary;
};

class RecentChanges {
   public:
    static constexpr std::size_t kRememberedMax = 4096;  // the oldest goes first

    // Forgets those at the front that are older than `too_old`, and the oldest at the bound.
    // Returns how many went that were not too old.
    std::uint64_t add(Change change, model::Time too_old);

    // In the order of arrival.
    const std::deque<Change>& all() const { return changes_; }

    // On a resource of one of these names, the latest to arrive first. Costs what it finds. Valid
    // until the next add().
    std::vector<const Change*> on(std::vector<std::string_view> names) const;

   private:
    void forget_oldest();

    std::deque<Change> changes_;
    std::uint64_t first_ = 0;  // number of changes_.front(), counted since the start
    // Numbers, oldest first.
    std::map<std::string, std::deque<std::uint64_t>, std::less<>> by_resource_;
};

}  // namespace nocturne::engine
