#include "cli/plugin_scorer.hpp"

#include "cli/plugin_files.hpp"

#include <cmath>
#include <utility>

namespace nocturne::cli {

namespace {

constexpr double kTimeMax = 253'402'300'799;  // seconds: the end of the year 9999

std::string names_of_detectors() {
    std::string names;
    for (const plugins::ShippedScript& script : plugins::shipped_scripts()) {
        if (script.file.find("/detectors/") != std::string_view::npos) {
            (names += names.empty() ? "" : ", ") += script.name;
        }
    }
    return names;
}

}  // namespace

Result<plugins::PluginSource> find_plugin_source(const std::string& wanted) {
    if (const auto shipped = plugins::find_shipped_script(wanted)) {
        return plugins::PluginSource{std::string(shipped->file), std::string(shipped->text), {}};
    }
    const bool is_file = wanted.ends_with(".lua") || wanted.find('/') != std::string::npos;
    if (!is_file) {
        return fail(ErrorCode::NotFound,
                    "no plugin \"" + wanted + "\"; give a file, or one of " + names_of_detectors());
    }
    return read_plugin_source(wanted);
}

Result<std::unique_ptr<PluginScorer>>
PluginScorer::make(const plugins::PluginSource& source,
                   const std::vector<plugins::PluginSetting>& settings, std::string series) {
    plugins::Plugin::Options options;
    options.settings = settings;
    NOCTURNE_TRY(auto plugin, plugins::Plugin::load(source, std::move(options)));
    if (!plugin->manifest().handlers.on_sample) {
        return fail(ErrorCode::Invalid,
                    source.file + ": has no on_sample; detect runs detectors of metrics");
    }
    return std::unique_ptr<PluginScorer>(new PluginScorer(std::move(plugin), std::move(series)));
}

PluginScorer::PluginScorer(std::unique_ptr<plugins::Plugin> plugin, std::string series)
    : plugin_(std::move(plugin)), series_(std::move(series)) {
    sample_.source = "detect";
    sample_.resource = series_;
    sample_.check = "value";
    sample_.kind = model::Kind::Metric;
    sample_.severity = model::Severity::Info;
    sample_.fingerprint = model::identity_of(sample_.resource, sample_.check, {});
}

Result<double> PluginScorer::score(double time_s, double value) {
    const double bounded = std::abs(time_s) <= kTimeMax ? time_s : 0;
    const auto now = model::Time(std::chrono::milliseconds(std::llround(bounded * 1000)));
    sample_.time = now;
    sample_.value = value;
    sample_.has_value = !std::isnan(value);
    world_.set_now(now);
    const plugins::CallResult& result = plugin_->on_sample(sample_, world_);
    if (result.verdict != plugins::Verdict::Ok) {
        return fail(ErrorCode::Invalid,
                    std::string(plugins::name_of(result.verdict)) + ": " + result.message);
    }
    return result.score.value_or(0);
}

}  // namespace nocturne::cli
