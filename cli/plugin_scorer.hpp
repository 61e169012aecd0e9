// A detector plugin as a Scorer: recorded samples go through it as events of kind metric.
#pragma once

#include "cli/detection.hpp"
#include "plugins/plugin.hpp"
#include "plugins/shipped_scripts.hpp"
#include "plugins/world.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nocturne::cli {

// `wanted`: a file ("plugins/mine.lua", with the modules in plugins/mine/), or the name of a
// shipped one ("best"). An error names what there is.
Result<plugins::PluginSource> find_plugin_source(const std::string& wanted);

class PluginScorer final : public Scorer {
   public:
    // `series`: the name of what is scored, which the plugin sees as resource. An error says what
    // is wrong with the plugin or a setting; also when the plugin takes no samples.
    static Result<std::unique_ptr<PluginScorer>>
    make(const plugins::PluginSource& source, const std::vector<plugins::PluginSetting>& settings,
         std::string series);

    // 0 while the plugin is learning. Times are taken to the millisecond.
    Result<double> score(double time_s, double value) override;

   private:
    // Nothing but the time of the sample at hand.
    class World final : public plugins::World {
       public:
        model::Time now() const override { return now_; }

        const topology::Graph& graph() const override { return graph_; }

        std::vector<plugins::SeenChange> changes_on(std::string_view, std::size_t) const override {
            return {};
        }

        std::vector<plugins::SeenIncident> alike(std::size_t) const override { return {}; }

        void set_now(model::Time now) { now_ = now; }

       private:
        model::Time now_{};
        topology::Graph graph_;
    };

    PluginScorer(std::unique_ptr<plugins::Plugin> plugin, std::string series);

    std::unique_ptr<plugins::Plugin> plugin_;
    const std::string series_;
    model::EventView sample_;
    World world_;
};

}  // namespace nocturne::cli
