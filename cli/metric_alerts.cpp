#include "cli/metric_alerts.hpp"

#include "model/severity.hpp"
#include "topology/check_kind.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <set>

namespace nocturne::cli {

namespace {

using topology::CheckKind;

double quantile(std::vector<double> values, double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + place, values.end());
    return values[static_cast<std::size_t>(place)];
}

struct Normal {
    double median;
    double scale;
};

std::optional<Normal> normal_of(const std::vector<double>& before) {
    if (before.size() < MetricAlerts::kBeforeMin) {
        return std::nullopt;
    }
    const double median = quantile(before, 0.5);
    std::vector<double> off;
    off.reserve(before.size());
    for (const double value : before) {
        off.push_back(std::abs(value - median));
    }
    const double scale = std::max(
        {1.4826 * quantile(off, 0.5), quantile(off, 0.95) / 3, 0.1 * std::abs(median), 1e-9});
    return Normal{median, scale};
}

enum class BadWay : std::uint8_t { Up, Down, Both };

BadWay bad_way(std::string_view check) {
    if (check.find("availab") != std::string_view::npos ||
        check.find("success") != std::string_view::npos) {
        return BadWay::Down;
    }
    return topology::kind_of(check) == CheckKind::Traffic ? BadWay::Both : BadWay::Up;
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

struct Level {
    double now;
    double normal;
    double deviation;
};

void add_alert(model::EventBatch& batch, std::string_view resource, std::string_view check,
               model::Time since, const Level& level) {
    const std::string deviation = text_of(level.deviation);
    const std::string baseline = text_of(level.normal);
    const model::AnnotationView notes[] = {
        {"baseline", baseline, model::AnnotationView::Type::Number},
        {"z", deviation, model::AnnotationView::Type::Number}};
    model::EventView event;
    event.time = since;
    event.source = "metrics";
    event.resource = resource;
    event.check = check;
    event.severity = severity_of(level.deviation);
    event.value = level.now;
    event.has_value = true;
    event.annotations = notes;
    event.fingerprint = model::identity_of(resource, check, {});
    batch.add(event);
}

}  // namespace

MetricAlerts::Series& MetricAlerts::series_of(const model::EventView& sample) {
    return series_[{std::string(sample.resource), std::string(sample.check)}];
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
    std::set<std::pair<std::string_view, std::string_view>> told;
    for (const model::EventView& event : batch.events()) {
        if (event.kind == model::Kind::Alert) {
            told.emplace(event.resource, event.check);
        }
    }
    std::size_t added = 0;
    for (const auto& [name, series] : series_) {
        if (told.contains({name.first, name.second})) {
            continue;
        }
        std::vector<double> before = series.before;
        std::vector<double> since;
        model::Time first = model::kNoTime;
        for (const Sample& sample : series.samples) {
            (sample.time < start ? before : since).push_back(sample.value);
            if (sample.time >= start && (first == model::kNoTime || sample.time < first)) {
                first = sample.time;
            }
        }
        const std::optional<Normal> normal = normal_of(before);
        if (!normal || since.size() < kSinceMin) {
            continue;
        }
        const double level = quantile(since, 0.5);
        if (const double z = deviation(level, *normal, bad_way(name.second)); z >= kDeviationMin) {
            add_alert(batch, name.first, name.second, first, {level, normal->median, z});
            ++added;
        }
    }
    return added;
}

}  // namespace nocturne::cli
