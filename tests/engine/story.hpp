// Story: events with times in, the engine's state and effects out, under a clock that the test
// turns.
#pragma once

#include "engine/core.hpp"
#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "rules/loader.hpp"
#include "topology/yaml_source.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nocturne::engine {

class Story {
   public:
    explicit Story(model::Settings settings = {}) : core_(settings) {}

    static constexpr std::int64_t kStart = 1'763'690'000'000;  // some night in November 2025

    model::Time now() const { return now_; }

    Core& core() { return core_; }

    const State& state() const { return core_.state(); }

    Story& topology(std::string_view yaml) {
        return apply(topology::parse_topology(yaml, "story.yaml").change);
    }

    // `yaml`: a rule file without a fault.
    Story& rules(std::string_view yaml) {
        model::RulesRevision revision;
        revision.rules.push_back({"story.yaml", std::string(yaml), model::kNoTime});
        for (const rules::Problem& problem : rules::compile(revision).problems) {
            ADD_FAILURE() << rules::to_string(problem);
        }
        return apply(std::move(revision));
    }

    // `json`: one event, as the contract has it; without a time it happens now.
    Story& event(std::string_view json) {
        model::Decoded decoded = model::EventDecoder().decode(json);
        NOCTURNE_ASSERT(decoded.rejected.empty());
        return apply(std::move(decoded.batch));
    }

    Story& fires(const std::string& resource, const std::string& check,
                 const std::string& severity = "critical") {
        return event(R"({"resource":")" + resource + R"(","check":")" + check +
                     R"(","severity":")" + severity + "\"}");
    }

    Story& clears(const std::string& resource, const std::string& check) {
        return event(R"({"resource":")" + resource + R"(","check":")" + check +
                     R"(","status":"resolved"})");
    }

    // Time passes; ticks come at the core's deadlines, as the loop makes them.
    Story& passes(model::Duration duration) {
        const model::Time end = now_ + duration;
        while (core_.next_deadline() <= end) {
            now_ = std::max(now_, core_.next_deadline());
            apply(model::Tick{});
        }
        now_ = end;
        return *this;
    }

    Story& apply(model::Input::Body body) {
        model::Input input{++position_, now_, std::move(body)};
        effects_.clear();
        core_.apply(input, effects_);
        topics_.clear();
        for (const model::Effect& effect : effects_) {
            topics_.emplace_back(model::name_of(effect.topic));
        }
        all_effects_.insert(all_effects_.end(), effects_.begin(), effects_.end());
        return *this;
    }

    // Of the last input.
    const std::vector<std::string>& topics() const { return topics_; }

    const std::vector<model::Effect>& all_effects() const { return all_effects_; }

    std::vector<const model::Incident*> incidents() const {
        std::vector<const model::Incident*> all;
        for (const auto& [id, slot] : state().incidents.by_id()) {
            all.push_back(&state().incidents[slot]);
        }
        return all;
    }

    std::vector<const model::Incident*> open_incidents() const {
        std::vector<const model::Incident*> open;
        for (const model::Incident* incident : incidents()) {
            if (!incident->is_over()) {
                open.push_back(incident);
            }
        }
        return open;
    }

    const model::Alert* alert(std::string_view resource) const {
        for (Slot slot = 0; slot < state().alerts.bound(); ++slot) {
            const model::Alert& alert = state().alerts[slot];
            if (state().alerts.is_used(slot) && state().alerts.text(alert.resource) == resource) {
                return &alert;
            }
        }
        return nullptr;
    }

    std::uint64_t count(model::Reason reason) const {
        return state().counters.reasons[static_cast<std::size_t>(reason)];
    }

    std::string snapshot() const {
        model::Writer out;
        core_.encode(out);
        return out.take();
    }

   private:
    Core core_;
    model::Time now_ = model::from_unix_ms(kStart);
    model::Position position_ = 0;
    std::vector<model::Effect> effects_;
    std::vector<model::Effect> all_effects_;
    std::vector<std::string> topics_;
};

}  // namespace nocturne::engine
