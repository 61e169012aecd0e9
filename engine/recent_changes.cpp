#include "engine/recent_changes.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

std::uint64_t RecentChanges::add(Change change, model::Time too_old) {
    std::uint64_t given_up = 0;
    while (!changes_.empty() &&
           (changes_.front().time < too_old || changes_.size() >= kRememberedMax)) {
        given_up += changes_.front().time < too_old ? 0U : 1U;
        forget_oldest();
    }
    by_resource_[change.resource].push_back(first_ + changes_.size());
    changes_.push_back(std::move(change));
    return given_up;
}

// The oldest of all is the oldest of its resource.
void RecentChanges::forget_oldest() {
    const auto of_resource = by_resource_.find(changes_.front().resource);
    of_resource->second.pop_front();
    if (of_resource->second.empty()) {
        by_resource_.erase(of_resource);
    }
    changes_.pop_front();
    ++first_;
}

std::vector<const Change*> RecentChanges::on(std::vector<std::string_view> names) const {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::vector<std::uint64_t> numbers;
    for (const std::string_view name : names) {
        if (const auto found = by_resource_.find(name); found != by_resource_.end()) {
            numbers.insert(numbers.end(), found->second.begin(), found->second.end());
        }
    }
    std::sort(numbers.rbegin(), numbers.rend());
    std::vector<const Change*> changes;
    for (const std::uint64_t number : numbers) {
        changes.push_back(&changes_[number - first_]);
    }
    return changes;
}

}  // namespace nocturne::engine
