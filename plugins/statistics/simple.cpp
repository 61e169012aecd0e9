#include "plugins/statistics/simple.hpp"

#include "plugins/statistics/alert_score.hpp"
#include "plugins/statistics/change.hpp"
#include "plugins/statistics/load.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/order.hpp"
#include "plugins/statistics/range.hpp"
#include "plugins/statistics/seasonal.hpp"
#include "plugins/statistics/trend.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nocturne::plugins {

namespace {

constexpr DetectorParameter kRepeat = {"repeat", 100, 0, 100000,
                                       "samples for which only a higher score alerts again"};
constexpr DetectorParameter kLearning = {"learning", 600, 20, 1000000,
                                         "samples at first that are learned from in silence"};

// What all of them share. `evidence` is in multiples of the threshold, for the sample that follows.
class Simple : public Detector {
   public:
    explicit Simple(const DetectorSettings& settings)
        : learning_(static_cast<std::size_t>(settings.at("learning"))),
          alert_(static_cast<std::size_t>(settings.at("repeat"))) {}

    double score(double time_s, double value) final {
        if (!is_usable(time_s)) {
            return alert_.of(0);
        }
        const double now = evidence(time_s, value);
        return alert_.of(++seen_ > learning_ ? now : 0);
    }

   private:
    virtual double evidence(double time_s, double value) = 0;

    std::size_t learning_;
    std::size_t seen_ = 0;
    AlertScore alert_;
};

double floor_of(const WeightedMoments& moments) {
    return std::max(0.01 * std::abs(moments.mean()), 1e-9);
}

// ---- threshold: limits that are given, or those of the time of learning, widened ----

constexpr DetectorParameter kThresholdParameters[] = {
    {"high", 1e150, -1e150, 1e150, "alert above; learned when neither this nor low is given"},
    {"low", -1e150, -1e150, 1e150, "alert below; learned when neither this nor high is given"},
    {"margin", 0.5, 0, 100, "by how much the range of the learning is widened, in ranges"},
    kLearning,
    kRepeat};

class Threshold : public Simple {
   public:
    explicit Threshold(const DetectorSettings& settings)
        : Simple(settings), high_(settings.at("high")), low_(settings.at("low")),
          margin_(settings.at("margin")), left_(static_cast<std::size_t>(settings.at("learning"))) {
    }

   private:
    static constexpr double kUnset = 1e150;

    double evidence(double, double value) override {
        if (!is_usable(value)) {
            return 0;
        }
        if (left_ > 0) {
            --left_;
            highest_ = std::max(highest_, value);
            lowest_ = std::min(lowest_, value);
            return 0;
        }
        const double width = std::max(highest_ - lowest_, 1e-9 + 0.01 * std::abs(highest_));
        const double high = is_given_ ? high_ : highest_ + margin_ * width;
        const double low = is_given_ ? low_ : lowest_ - margin_ * width;
        const double beyond = std::max(value - high, low - value);
        return beyond <= 0 ? 0 : 1 + beyond / width;
    }

    double high_;
    double low_;
    double margin_;
    std::size_t left_;
    bool is_given_ = high_ < kUnset || low_ > -kUnset;
    double highest_ = -kUnset;
    double lowest_ = kUnset;
};

// ---- three_sigma: the mean of a group of samples leaves the band ----

constexpr DetectorParameter kThreeSigmaParameters[] = {
    {"sigmas", 3, 0.5, 100, "limit, in deviations"},
    {"group", 30, 1, 10000, "samples of a mean"},
    {"span", 4000, 10, 1000000, "samples that the deviation is learned from"},
    kLearning,
    kRepeat};

class ThreeSigma : public Simple {
   public:
    explicit ThreeSigma(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("sigmas")),
          group_(static_cast<std::size_t>(settings.at("group"))), usual_(settings.at("span")) {}

   private:
    double evidence(double, double value) override {
        if (!group_.add(value) || !group_.is_full()) {
            return 0;
        }
        const double now =
            distance_in_scales(group_.mean(), usual_.mean(), usual_.deviation(), floor_of(usual_));
        usual_.add(value);
        return now / limit_;
    }

    double limit_;
    RollingMoments group_;
    WeightedMoments usual_;
};

// ---- zscore: one sample against the weighted mean and deviation ----

constexpr DetectorParameter kZscoreParameters[] = {
    {"limit", 6, 0.5, 100, "distance to the mean, in deviations"},
    {"span", 2000, 10, 1000000, "samples of the weighted mean and deviation"},
    kLearning,
    kRepeat};

class Zscore : public Simple {
   public:
    explicit Zscore(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("limit")), usual_(settings.at("span")) {}

   private:
    double evidence(double, double value) override {
        if (!is_usable(value)) {
            return 0;
        }
        const double now =
            distance_in_scales(value, usual_.mean(), usual_.deviation(), floor_of(usual_));
        usual_.add(value);
        return now / limit_;
    }

    double limit_;
    WeightedMoments usual_;
};

// ---- iqr: Tukey's fences over a window ----

constexpr DetectorParameter kIqrParameters[] = {
    {"fence", 6, 0.5, 100, "how far out the fences stand, in interquartile ranges"},
    {"window", 1500, 20, 4096, "samples"},
    kLearning,
    kRepeat};

class Iqr : public Simple {
   public:
    explicit Iqr(const DetectorSettings& settings)
        : Simple(settings), fence_(settings.at("fence")),
          window_(static_cast<std::size_t>(settings.at("window"))) {}

   private:
    double evidence(double, double value) override {
        if (!is_usable(value)) {
            return 0;
        }
        // The scale is at least a fifth of the window's range and a hundredth of its median: most
        // metrics sit still, and leave that level now and then.
        const double range = window_.quantile(0.995) - window_.quantile(0.005);
        const double floor = std::max({0.2 * range, 0.01 * std::abs(window_.median()), 1e-9});
        const double beyond = window_.beyond_fence(value, 0, floor);
        window_.add(value);
        return beyond / fence_;
    }

    double fence_;
    SortedWindow window_;
};

// ---- seasonal: the range of this hour ----

constexpr DetectorParameter kSeasonalParameters[] = {
    {"limit", 0.25, 0.01, 100, "beyond the range of this hour, in ranges of the series"},
    {"days", 2, 1, 60, "days to have seen an hour before it counts"},
    kLearning,
    kRepeat};

class Seasonal : public Simple {
   public:
    explicit Seasonal(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("limit")),
          days_(static_cast<std::uint32_t>(settings.at("days"))), hours_({86400, 24}, 0, 2),
          range_(1e-4) {}

   private:
    double evidence(double time_s, double value) override {
        const double beyond = hours_.excess(time_s, value, days_);
        const double now =
            beyond > 0 ? distance_in_scales(beyond, 0, range_.width(), 1e-9) / limit_ : 0;
        hours_.add(time_s, value);
        range_.add(value);
        return now;
    }

    double limit_;
    std::uint32_t days_;
    SeasonalRange hours_;
    ShrinkingRange range_;
};

// ---- leak: a line upwards that will meet its limit soon ----

constexpr DetectorParameter kLeakParameters[] = {
    {"limit", 1e150, -1e150, 1e150,
     "value that is exhaustion; 1e150: the range ever seen, doubled"},
    {"hours", 24, 0.01, 10000, "alert when exhaustion is nearer than this"},
    {"explained", 0.6, 0, 1, "share of the variance that the line must explain"},
    {"span", 100, 5, 1000000, "samples of the line"},
    kLearning,
    kRepeat};

class Leak : public Simple {
   public:
    explicit Leak(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("limit")), seconds_(3600 * settings.at("hours")),
          explained_(settings.at("explained")), line_(settings.at("span")), level_(5),
          range_(1e-4) {}

   private:
    double evidence(double time_s, double value) override {
        if (!line_.add(time_s, value)) {
            return 0;
        }
        level_.add(value);
        // A leak shows where no value has been: up to there it is the usual going to and fro.
        const bool is_new_high = level_.mean() > range_.high();
        const double limit = limit_ < 1e150 ? limit_ : range_.high() + range_.width();
        const double left_s = line_.time_to(limit, time_s);
        const bool is_line = line_.explained() >= explained_ && line_.slope() > 0;
        range_.add(level_.mean());
        return is_line && is_new_high ? seconds_ / std::max(left_s, 1.0) : 0;
    }

    double limit_;
    double seconds_;
    double explained_;
    Trend line_;
    WeightedMoments level_;
    ShrinkingRange range_;
};

// ---- change_point: CUSUM ----

constexpr DetectorParameter kChangePointParameters[] = {
    {"limit", 60, 1, 1000, "cumulative sum that is a change, in deviations"},
    {"slack", 1, 0, 10, "drift that is none, in deviations"},
    {"span", 2000, 10, 1000000, "samples that the level is learned from"},
    kLearning,
    kRepeat};

class Change : public Simple {
   public:
    explicit Change(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("limit")),
          sums_({settings.at("span"), settings.at("slack"), 4, 2 * settings.at("limit")}) {}

   private:
    double evidence(double, double value) override {
        const double sum = sums_.add(value);
        if (sum >= limit_) {
            sums_.forget();
        }
        return sum / limit_;
    }

    double limit_;
    ChangePoint sums_;
};

// ---- drift: the distribution of a window against the one before ----

constexpr DetectorParameter kDriftParameters[] = {
    {"limit", 1, 0.01, 100, "population stability index that is a drift"},
    {"window", 288, 20, 10000, "samples on either side"},
    kLearning,
    kRepeat};

class Drift : public Simple {
   public:
    explicit Drift(const DetectorSettings& settings)
        : Simple(settings), limit_(settings.at("limit")),
          shift_(static_cast<std::size_t>(settings.at("window"))) {}

   private:
    double evidence(double, double value) override {
        return shift_.add(value) ? shift_.stability_index() / limit_ : 0;
    }

    double limit_;
    DistributionShift shift_;
};

// ---- burn_rate: a share of bad ones, over a short and a long window ----

constexpr DetectorParameter kBurnRateParameters[] = {
    {"objective", 0.99, 0.9, 0.99999, "share of samples that must be good"},
    {"fast", 4, 0.1, 1000, "burn rate over one hour that alerts"},
    {"sustained", 2, 0.1, 1000, "burn rate over six hours that alerts"},
    {"sigmas", 4, 0.5, 100, "a sample this far from the mean is a bad one"},
    {"span", 2000, 10, 1000000, "samples that the mean is learned from"},
    kLearning,
    kRepeat};

class Burn : public Simple {
   public:
    explicit Burn(const DetectorSettings& settings)
        : Simple(settings), fast_(settings.at("fast")), sustained_(settings.at("sustained")),
          sigmas_(settings.at("sigmas")), usual_(settings.at("span")),
          hour_(settings.at("objective"), 3600), six_hours_(settings.at("objective"), 6 * 3600.0) {}

   private:
    double evidence(double time_s, double value) override {
        if (!is_usable(value)) {
            return 0;
        }
        const double far =
            distance_in_scales(value, usual_.mean(), usual_.deviation(), floor_of(usual_));
        usual_.add(value);
        const double bad = far >= sigmas_ ? 1 : 0;
        hour_.add(time_s, bad, 1);
        six_hours_.add(time_s, bad, 1);
        // Both must burn: the long window that it matters, the short one that it goes on.
        return std::min(hour_.rate() / fast_, six_hours_.rate() / sustained_);
    }

    double fast_;
    double sustained_;
    double sigmas_;
    WeightedMoments usual_;
    BurnRate hour_;
    BurnRate six_hours_;
};

// ---- missing: no sample, or none that is a number, for much longer than usual ----

constexpr DetectorParameter kMissingParameters[] = {
    {"intervals", 10, 1.5, 100000, "usual intervals without a sample"},
    {"longest", 2, 1, 1000, "and as many times the longest gap of late"},
    kLearning,
    kRepeat};

class Missing : public Simple {
   public:
    explicit Missing(const DetectorSettings& settings)
        : Simple(settings), intervals_(settings.at("intervals")), longest_(settings.at("longest")),
          gaps_(101), gap_range_(1e-3) {}

   private:
    double evidence(double time_s, double value) override {
        if (last_s_ == kNever) {
            last_s_ = time_s;
            return 0;
        }
        const double gap = time_s - last_s_;
        const double usual = std::max(gaps_.median(), 1e-3);
        const double limit = std::max(intervals_ * usual, longest_ * gap_range_.high());
        const double now = gaps_.count() < 20 ? 0 : gap / limit;
        if (is_usable(value)) {
            gaps_.add(gap);
            gap_range_.add(gap);
            last_s_ = time_s;
        }
        return now;
    }

    static constexpr double kNever = -1e300;

    double intervals_;
    double longest_;
    SortedWindow gaps_;
    ShrinkingRange gap_range_;
    double last_s_ = kNever;
};

template <typename T>
std::unique_ptr<Detector> make(const DetectorSettings& settings) {
    return std::make_unique<T>(settings);
}

constexpr ShippedDetector kSimple[] = {
    {"burn_rate", "odd samples use up an error budget", kBurnRateParameters, make<Burn>},
    {"change_point", "the level has changed for good", kChangePointParameters, make<Change>},
    {"drift", "the distribution is not that of the window before", kDriftParameters, make<Drift>},
    {"iqr", "far beyond the quartiles of a window", kIqrParameters, make<Iqr>},
    {"leak", "a line upwards, soon at its limit", kLeakParameters, make<Leak>},
    {"missing", "no samples for much longer than usual", kMissingParameters, make<Missing>},
    {"seasonal", "out of the range of this hour of the day", kSeasonalParameters, make<Seasonal>},
    {"three_sigma", "the mean of some samples leaves its band", kThreeSigmaParameters,
     make<ThreeSigma>},
    {"threshold", "beyond limits, given or learned at first", kThresholdParameters,
     make<Threshold>},
    {"zscore", "one sample far from the weighted mean", kZscoreParameters, make<Zscore>},
};

}  // namespace

std::span<const ShippedDetector> simple_detectors() {
    return kSimple;
}

}  // namespace nocturne::plugins
