#include "plugins/statistics/trend.hpp"

#include "plugins/statistics/moments.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::plugins {

bool Trend::add(double time_s, double sample) {
    if (!is_usable(sample) || !is_usable(time_s)) {
        return false;
    }
    ++count_;
    const double alpha = std::max(alpha_, 1.0 / static_cast<double>(count_));
    const double dt = time_s - time_;
    const double dx = sample - value_;
    time_ += alpha * dt;
    value_ += alpha * dx;
    time_variance_ = (1 - alpha) * (time_variance_ + alpha * dt * dt);
    value_variance_ = (1 - alpha) * (value_variance_ + alpha * dx * dx);
    covariance_ = (1 - alpha) * (covariance_ + alpha * dt * dx);
    return true;
}

double Trend::slope() const {
    return count_ < 3 || time_variance_ <= 0 ? 0 : covariance_ / time_variance_;
}

double Trend::explained() const {
    const double product = time_variance_ * value_variance_;
    return count_ < 3 || product <= 0 ? 0 : std::min(1.0, covariance_ * covariance_ / product);
}

double Trend::time_to(double limit, double now_s) const {
    const double units_a_second = slope();
    if (units_a_second == 0 || !std::isfinite(limit)) {
        return std::numeric_limits<double>::infinity();
    }
    const double now = value_ + units_a_second * (now_s - time_);
    const double left = limit - now;
    // Rising and above, or falling and below: it is there.
    const double wait = left / units_a_second;
    if (wait > 0) {
        return wait;
    }
    const bool crossed_lately = (value_ - limit) * units_a_second <= 0;
    return crossed_lately ? 0 : std::numeric_limits<double>::infinity();
}

}  // namespace nocturne::plugins
