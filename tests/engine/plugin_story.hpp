// PluginStory: a Story with plugins, whose kills come back to the core as the loop brings them.
#pragma once

#include "engine/plugin_rack.hpp"
#include "engine/plugin_view.hpp"
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::engine {

// A plugin's file: `fields` of its table, with code before it. Mode is auto unless they say it.
inline model::PluginFile plugin_file(const std::string& name, const std::string& fields,
                                     const std::string& kind = "enricher",
                                     const std::string& version = "1.0.0",
                                     const std::string& before = "") {
    const std::string mode = fields.find("mode =") == std::string::npos ? "mode = 'auto', " : "";
    return {"plugins/" + name + ".lua",
            before + "\nreturn { name = '" + name + "', version = '" + version + "', kind = '" +
                kind + "', api = 1, " + mode + fields + " }\n",
            {}};
}

// An enricher that writes one annotation on each alert: `value` is a Lua expression.
inline model::PluginFile annotator(const std::string& name, const std::string& value,
                                   const std::string& version = "1.0.0") {
    return plugin_file(name,
                       "wants = { writes = {'annotations'} }, on_event = function(event) "
                       "nocturne.annotate('" +
                           name + "', " + value + ") end",
                       "enricher", version);
}

inline model::PluginsRevision plugins_of(std::vector<model::PluginFile> files) {
    model::PluginsRevision revision;
    revision.files = std::move(files);
    return revision;
}

// Counts instructions, so that a test's kills do not hang on how busy this machine is.
inline PluginRun counting() {
    PluginRun run = PluginRun::patient();
    run.counting = plugins::Counting::Instructions;
    run.ceiling.instructions_max = 200'000;
    return run;
}

class PluginStory : public Story {
   public:
    PluginStory() { core().set_plugin_run(counting()); }

    // What does not load is a failure of the test.
    PluginStory& plugins(model::PluginsRevision revision) {
        apply(std::move(revision));
        for (const RefusedPlugin& refused : rack().refused()) {
            ADD_FAILURE() << refused.file << ": " << refused.message;
        }
        return *this;
    }

    PluginStory& plugins(std::vector<model::PluginFile> files) {
        return plugins(plugins_of(std::move(files)));
    }

    // Journals the kills that have happened, as the loop does.
    std::vector<model::PluginKilled> journal_kills() {
        std::vector<model::PluginKilled> kills = core().take_kills();
        for (const model::PluginKilled& kill : kills) {
            apply(kill);
        }
        return kills;
    }

    const PluginRack& rack() const { return *state().plugins; }

    const RackedPlugin& plugin(std::string_view name) const {
        const auto found = std::find_if(rack().all().begin(), rack().all().end(),
                                        [&](const RackedPlugin& one) { return one.name == name; });
        NOCTURNE_ASSERT(found != rack().all().end());
        return *found;
    }

    const PluginTally& tally(std::string_view name) const { return plugin(name).current.tally; }

    PluginStory& metric(const std::string& resource, double value,
                        const std::string& check = "latency") {
        event(R"({"kind":"metric","resource":")" + resource + R"(","check":")" + check +
              R"(","value":)" + std::to_string(value) + "}");
        return *this;
    }

    // The annotations of the alert on that resource, as JSON.
    std::string annotations(std::string_view resource) const {
        const model::Alert* found = alert(resource);
        return found == nullptr ? "no alert" : std::string(state().alerts.text(found->annotations));
    }

    // Reason and rule of each decision about the alert on that resource.
    std::vector<std::string> decisions(std::string_view resource) const {
        std::vector<std::string> texts;
        const model::Alert* found = alert(resource);
        if (found != nullptr) {
            for (const Decision& decision :
                 state().decisions.of(state().alerts.find(found->fingerprint))) {
                texts.push_back(std::string(model::name_of(decision.reason)) + " by " +
                                decision.rule);
            }
        }
        return texts;
    }

    std::vector<std::string> turns(std::string_view name) const {
        std::vector<std::string> reasons;
        for (const PluginTurn& turn : plugin(name).turns) {
            reasons.emplace_back(model::name_of(turn.reason));
        }
        return reasons;
    }
};

}  // namespace nocturne::engine
