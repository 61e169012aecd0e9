#include "topology/mine.hpp"

#include <algorithm>

namespace nocturne::topology {

namespace {

bool is_earlier(const Occurrence& a, const Occurrence& b) {
    return a.at < b.at;
}

}  // namespace

std::uint32_t AlertHistory::Names::number(std::string_view name) {
    const auto [found, is_new] =
        numbers.try_emplace(std::string(name), static_cast<std::uint32_t>(names.size()));
    if (is_new) {
        names.emplace_back(name);
    }
    return found->second;
}

void AlertHistory::add(model::Time at, std::string_view node, std::string_view check) {
    occurrences_.push_back({at, nodes_.number(node), checks_.number(check)});
    if (occurrences_.size() >= 2 * occurrences_max_) {
        forget_oldest();
    }
}

// Seldom and in bulk: an event costs a constant on average.
void AlertHistory::forget_oldest() {
    std::stable_sort(occurrences_.begin(), occurrences_.end(), is_earlier);
    const std::size_t excess = occurrences_.size() - occurrences_max_;
    occurrences_.erase(occurrences_.begin(),
                       occurrences_.begin() + static_cast<std::ptrdiff_t>(excess));
    forgotten_ += excess;
}

std::vector<Occurrence> AlertHistory::occurrences() const {
    std::vector<Occurrence> sorted = occurrences_;
    std::stable_sort(sorted.begin(), sorted.end(), is_earlier);
    if (sorted.size() > occurrences_max_) {
        sorted.erase(sorted.begin(), sorted.end() - static_cast<std::ptrdiff_t>(occurrences_max_));
    }
    return sorted;
}

}  // namespace nocturne::topology
