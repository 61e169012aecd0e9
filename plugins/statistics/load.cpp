#include "plugins/statistics/load.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kBuckets = 60;
constexpr std::size_t kBands = 65;  // exponents -32 to 31, and one for zero
constexpr int kExponentMin = -32;
constexpr int kExponentMax = 31;
constexpr std::size_t kBandLearning = 20;
constexpr double kTimeMax = 1e15;
constexpr double kScoreMin = 0.001;

}  // namespace

BurnRate::BurnRate(double objective, double window_s)
    : allowed_(1 - std::clamp(objective, 0.9, 0.99999)),
      bucket_s_(std::max(window_s, 1.0) / static_cast<double>(kBuckets)), buckets_(kBuckets) {}

bool BurnRate::add(double time_s, double bad, double all) {
    const bool is_count = is_usable(bad) && is_usable(all) && bad >= 0 && all >= 0;
    if (!is_count || !(std::abs(time_s) < kTimeMax)) {
        return false;
    }
    advance_to(static_cast<std::int64_t>(std::floor(std::max(time_s, 0.0) / bucket_s_)));
    Bucket& bucket = buckets_[static_cast<std::size_t>(latest_) % kBuckets];
    bucket.bad += std::min(bad, all);
    bucket.all += all;
    bad_ += std::min(bad, all);
    all_ += all;
    return true;
}

void BurnRate::advance_to(std::int64_t number) {
    if (first_ < 0) {
        first_ = number;
        latest_ = number;
        return;
    }
    if (number <= latest_) {
        return;
    }
    const auto steps = std::min<std::int64_t>(number - latest_, kBuckets);
    for (std::int64_t step = 0; step < steps; ++step) {
        buckets_[static_cast<std::size_t>(number - step) % kBuckets] = {};
    }
    latest_ = number;
    bad_ = 0;  // summed anew, so that no rounding gathers
    all_ = 0;
    for (const Bucket& bucket : buckets_) {
        bad_ += bucket.bad;
        all_ += bucket.all;
    }
}

double BurnRate::rate() const {
    return all_ > 0 ? bad_ / all_ / allowed_ : 0;
}

CovariateBaseline::CovariateBaseline(double span) : bands_(kBands, WeightedMoments(span)) {}

std::size_t CovariateBaseline::band_of(double covariate) {
    if (covariate == 0) {
        return kBands - 1;
    }
    const int exponent = std::clamp(std::ilogb(covariate), kExponentMin, kExponentMax);
    return static_cast<std::size_t>(exponent - kExponentMin);
}

bool CovariateBaseline::add(double covariate, double sample) {
    return is_usable(covariate) && bands_[band_of(covariate)].add(sample);
}

double CovariateBaseline::distance(double covariate, double sample, double floor) const {
    if (!is_usable(covariate) || !is_usable(sample)) {
        return 0;
    }
    const WeightedMoments& band = bands_[band_of(covariate)];
    return band.count() < kBandLearning
               ? 0
               : distance_in_scales(sample, band.mean(), band.deviation(), floor);
}

Autocorrelation::Autocorrelation(std::size_t lag, double span)
    : past_(std::clamp<std::size_t>(lag, 1, kLagMax)),
      alpha_(2.0 / (span < 1.0 ? 2.0 : span + 1.0)) {}

bool Autocorrelation::add(double sample) {
    if (!is_usable(sample)) {
        return false;
    }
    if (count_ >= past_.size()) {
        const auto pairs = static_cast<double>(count_ - past_.size() + 1);
        const double alpha = std::max(alpha_, 1.0 / pairs);
        const double now = sample - mean_now_;
        const double past = past_[next_] - mean_past_;
        mean_now_ += alpha * now;
        mean_past_ += alpha * past;
        variance_now_ = (1 - alpha) * (variance_now_ + alpha * now * now);
        variance_past_ = (1 - alpha) * (variance_past_ + alpha * past * past);
        covariance_ = (1 - alpha) * (covariance_ + alpha * now * past);
    }
    past_[next_] = sample;
    next_ = next_ + 1 == past_.size() ? 0 : next_ + 1;
    ++count_;
    return true;
}

double Autocorrelation::correlation() const {
    const double scale = std::sqrt(variance_now_ * variance_past_);
    return count_ < 2 * past_.size() || scale <= 0 ? 0 : std::clamp(covariance_ / scale, -1.0, 1.0);
}

double any_of(std::span<const double> scores) {
    return scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
}

double all_of(std::span<const double> scores) {
    return scores.empty() ? 0 : *std::min_element(scores.begin(), scores.end());
}

double k_of(std::size_t k, std::span<const double> scores) {
    if (k == 0 || k > scores.size()) {
        return 0;
    }
    std::vector<double> sorted(scores.begin(), scores.end());
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(sorted.begin(), place, sorted.end(), std::greater<>());
    return *place;
}

double likelihood_of(std::span<const double> scores) {
    if (scores.empty()) {
        return 0;
    }
    double log_odds = 0;
    for (const double score : scores) {
        const double bounded = std::clamp(score, kScoreMin, 1 - kScoreMin);
        log_odds += std::log(bounded / (1 - bounded));
    }
    return 1 / (1 + std::exp(-log_odds));
}

}  // namespace nocturne::plugins
