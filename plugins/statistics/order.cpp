#include "plugins/statistics/order.hpp"

#include "plugins/statistics/moments.hpp"

#include <algorithm>

namespace nocturne::plugins {

SortedWindow::SortedWindow(std::size_t window)
    : samples_(std::clamp<std::size_t>(window, 1, kWindowMax)) {
    sorted_.reserve(samples_.size());
}

void SortedWindow::sort_anew(std::size_t count) {
    sorted_.reserve(samples_.size());
    sorted_.assign(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(count));
    std::sort(sorted_.begin(), sorted_.end());
}

bool SortedWindow::add(double sample) {
    if (!is_usable(sample)) {
        return false;
    }
    sample += 0.0;  // no -0: the order must be the same after decoding
    const auto place = std::lower_bound(sorted_.begin(), sorted_.end(), sample);
    if (!is_full()) {
        sorted_.insert(place, sample);
    } else {
        const auto oldest = std::lower_bound(sorted_.begin(), sorted_.end(), samples_[next_]);
        if (oldest < place) {  // what lies between moves by one
            std::move(oldest + 1, place, oldest);
            *(place - 1) = sample;
        } else {
            std::move_backward(place, oldest, oldest + 1);
            *place = sample;
        }
    }
    samples_[next_] = sample;
    next_ = next_ + 1 == samples_.size() ? 0 : next_ + 1;
    return true;
}

double SortedWindow::quantile(double share) const {
    if (sorted_.empty()) {
        return 0;
    }
    const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(sorted_.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, sorted_.size() - 1);
    return sorted_[low] + (place - static_cast<double>(low)) * (sorted_[high] - sorted_[low]);
}

double SortedWindow::median_absolute_deviation() const {
    if (sorted_.empty()) {
        return 0;
    }
    // The half of the samples nearest to the median is a run of the sorted ones: the k + 1 nearest
    // begin where the sample that would enter on the right is no nearer than the one that leaves.
    const double middle = median();
    const std::size_t length = (sorted_.size() - 1) / 2 + 1;
    std::size_t low = 0;
    std::size_t high = sorted_.size() - length;
    while (low < high) {
        const std::size_t mid = (low + high) / 2;
        if (middle - sorted_[mid] > sorted_[mid + length] - middle) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return std::max(middle - sorted_[low], sorted_[low + length - 1] - middle);
}

double SortedWindow::beyond_fence(double sample, double k, double floor) const {
    const double low = quantile(0.25);
    const double high = quantile(0.75);
    const double iqr = std::max(high - low, floor);
    if (sample > high + k * iqr) {
        return distance_in_scales(sample, high + k * iqr, iqr, 0);
    }
    return sample < low - k * iqr ? distance_in_scales(sample, low - k * iqr, iqr, 0) : 0;
}

}  // namespace nocturne::plugins
