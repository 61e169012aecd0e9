#include "cli/metric_alerts.hpp"

#include "model/severity.hpp"
#include "topology/check_kind.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace nocturne::cli {

namespace {

using topology::CheckKind;

// The value that `share` of them do not exceed; where that is between two, the one on the side of
// `towards`.
double quantile(std::vector<double> values, double share, double towards) {
    const double exact = share * static_cast<double>(values.size() - 1);
    const auto below = values.begin() + static_cast<std::ptrdiff_t>(exact);
    std::nth_element(values.begin(), below, values.end());
    if (exact == std::floor(exact)) {
        return *below;
    }
    const double above = *std::min_element(below + 1, values.end());
    return std::abs(above - towards) < std::abs(*below - towards) ? above : *below;
}

enum class BadWay : std::uint8_t { Up, Down, Both };

BadWay bad_way(std::string_view check) {
    if (check.find("availab") != std::string_view::npos ||
        check.find("success") != std::string_view::npos) {
        return BadWay::Down;
    }
    return topology::kind_of(check) == CheckKind::Traffic ? BadWay::Both : BadWay::Up;
}

// Whether a series counts errors or calls, as far as its values show: a share of calls goes from 0
// to 1 and has values between.
class CountTest {
   public:
    explicit CountTest(std::string_view check) {
        const CheckKind kind = topology::kind_of(check);
        may_be_ = (kind == CheckKind::Error || kind == CheckKind::Traffic) &&
                  bad_way(check) != BadWay::Down;
    }

    void see(double value) {
        may_be_ = may_be_ && value >= 0 && value == std::floor(value);
        exceeds_one_ = exceeds_one_ || value > 1;
    }

    bool is_count() const { return may_be_ && exceeds_one_; }

   private:
    bool may_be_;
    bool exceeds_one_ = false;
};

struct Normal {
    double median;
    double scale;
};

Normal normal_of(const std::vector<double>& before, bool is_count) {
    const double median = quantile(before, 0.5, 0);
    std::vector<double> off;
    off.reserve(before.size());
    for (const double value : before) {
        off.push_back(std::abs(value - median));
    }
    const double greatest = *std::max_element(off.begin(), off.end());
    const double by_chance = is_count ? std::sqrt(std::max(1.0, median)) : 0.0;
    const double scale =
        std::max({1.4826 * quantile(off, 0.5, 0), quantile(off, 0.95, greatest) / 3,
                  0.1 * std::abs(median), by_chance, 1e-9});
    return {median, scale};
}

double deviation(double value, const Normal& normal, BadWay way) {
    const double z = (value - normal.median) / normal.scale;
    return way == BadWay::Up ? z : way == BadWay::Down ? -z : std::abs(z);
}

model::Severity severity_of(double z) {
    return z >= 25   ? model::Severity::Critical
           : z >= 12 ? model::Severity::Major
           : z >= 6  ? model::Severity::Minor
                     : model::Severity::Warning;
}

std::string text_of(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.6g", value);
    return text;
}

// How a series has fared since the incident began.
struct Level {
    double now = 0;
    double normal = 0;
    double deviation = 0;
    model::Time since = model::kNoTime;  // its first sample that is off
};

// How it fares since `start`; no deviation where the samples are too few to say.
Level level_of(std::string_view check, const MetricAlerts::Series& series, model::Time start) {
    std::vector<double> before = series.before;
    std::vector<double> since;
    for (const MetricAlerts::Sample& sample : series.samples) {
        (sample.time < start ? before : since).push_back(sample.value);
    }
    if (before.size() < MetricAlerts::kBeforeMin || since.size() < MetricAlerts::kSinceMin) {
        return {};
    }
    CountTest test(check);
    for (const std::vector<double>* values : {&before, &since}) {
        std::for_each(values->begin(), values->end(), [&](double value) { test.see(value); });
    }
    const Normal normal = normal_of(before, test.is_count());
    const BadWay way = bad_way(check);
    Level level;
    level.now = quantile(since, 0.5, normal.median);
    level.normal = normal.median;
    level.deviation = deviation(level.now, normal, way);
    for (const MetricAlerts::Sample& sample : series.samples) {
        const bool is_off = deviation(sample.value, normal, way) >= MetricAlerts::kDeviationMin;
        if (is_off && sample.time >= start &&
            (level.since == model::kNoTime || sample.time < level.since)) {
            level.since = sample.time;
        }
    }
    return level;
}

MetricAlerts::Labels labels_of(const model::EventView& event) {
    MetricAlerts::Labels labels;
    for (const model::LabelView& label : event.labels) {
        labels.emplace_back(label.name, label.value);
    }
    return labels;
}

void add_alert(model::EventBatch& batch, const MetricAlerts::Name& name, const Level& level) {
    const std::string deviation = text_of(level.deviation);
    const std::string baseline = text_of(level.normal);
    const model::AnnotationView notes[] = {
        {"baseline", baseline, model::AnnotationView::Type::Number},
        {"z", deviation, model::AnnotationView::Type::Number}};
    std::vector<model::LabelView> labels;
    for (const auto& [label, value] : name.labels) {
        labels.push_back({label, value});
    }
    model::EventView event;
    event.time = level.since;
    event.source = "metrics";
    event.resource = name.resource;
    event.check = name.check;
    event.severity = severity_of(level.deviation);
    event.value = level.now;
    event.has_value = true;
    event.labels = labels;
    event.annotations = notes;
    event.fingerprint = model::identity_of(name.resource, name.check, labels);
    batch.add(event);
}

// Whether no label that both have differs.
bool agree(const MetricAlerts::Labels& a, const MetricAlerts::Labels& b) {
    return std::all_of(a.begin(), a.end(), [&](const auto& label) {
        return std::all_of(b.begin(), b.end(), [&](const auto& other) {
            return other.first != label.first || other.second == label.second;
        });
    });
}

// What the alerts of a batch are on.
class Told {
   public:
    explicit Told(const model::EventBatch& batch) {
        for (const model::EventView& event : batch.events()) {
            if (event.kind == model::Kind::Alert) {
                labels_[{std::string(event.resource), std::string(event.check)}].push_back(
                    labels_of(event));
            }
        }
    }

    bool tells_of(const MetricAlerts::Name& name) const {
        const auto found = labels_.find({name.resource, name.check});
        return found != labels_.end() &&
               std::any_of(found->second.begin(), found->second.end(),
                           [&](const auto& labels) { return agree(labels, name.labels); });
    }

   private:
    std::map<std::pair<std::string, std::string>, std::vector<MetricAlerts::Labels>> labels_;
};

}  // namespace

MetricAlerts::Series& MetricAlerts::series_of(const model::EventView& sample) {
    return series_[{std::string(sample.resource), std::string(sample.check), labels_of(sample)}];
}

void MetricAlerts::add_baseline(const model::EventView& sample) {
    if (sample.has_value) {
        series_of(sample).before.push_back(sample.value);
    }
}

void MetricAlerts::add(const model::EventView& sample) {
    if (sample.has_value) {
        series_of(sample).samples.push_back({sample.time, sample.value});
    }
}

std::size_t MetricAlerts::add_alerts(model::EventBatch& batch, model::Time start) const {
    const Told told(batch);
    std::size_t added = 0;
    for (const auto& [name, series] : series_) {
        if (told.tells_of(name)) {
            continue;
        }
        const Level level = level_of(name.check, series, start);
        if (level.deviation >= kDeviationMin) {
            add_alert(batch, name, level);
            ++added;
        }
    }
    return added;
}

}  // namespace nocturne::cli
