// SmallWorld: what calls of a plugin see in tests; three services, made by hand.
#pragma once

#include "model/event_json.hpp"
#include "plugins/plugin.hpp"
#include "plugins/world.hpp"
#include "topology/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

// web -> orders -> orders-db (calls).
class SmallWorld final : public World {
   public:
    SmallWorld() {
        model::TopologyChange change;
        change.provenance = "test";
        change.nodes = {node("web", "service", "shop"), node("orders", "service", "shop"),
                        node("orders-db", "database", "data")};
        change.edges = {{"web", "orders", "calls", 0.9}, {"orders", "orders-db", "calls", 0.9}};
        graph_.apply(change, time);
    }

    model::Time now() const override { return time; }

    const topology::Graph& graph() const override { return graph_.now(); }

    std::vector<SeenChange> changes_on(std::string_view node, std::size_t max) const override {
        std::vector<SeenChange> seen;
        for (const SeenChange& change : changes) {
            if (change.resource == node && seen.size() < max) {
                seen.push_back(change);
            }
        }
        return seen;
    }

    std::vector<SeenIncident> alike(std::size_t max) const override {
        return {past.begin(),
                past.begin() + static_cast<std::ptrdiff_t>(std::min(max, past.size()))};
    }

    model::Time time = model::from_unix_ms(1'000'000'000'000);
    std::vector<SeenChange> changes;
    std::vector<SeenIncident> past;

   private:
    static model::NodeSpec node(std::string name, std::string type, std::string owner) {
        model::NodeSpec spec;
        spec.name = std::move(name);
        spec.type = std::move(type);
        spec.owner = std::move(owner);
        spec.labels = {{"rack", "r7"}};
        return spec;
    }

    topology::LiveGraph graph_;
};

inline model::EventBatch event_of(std::string_view json) {
    model::EventBatch batch;
    const nocturne::Status status = model::EventDecoder().decode_one(json, batch);
    EXPECT_TRUE(status.has_value()) << json;
    return batch;
}

// A test with a world, an event, and a plugin that is loaded from the middle of its file.
class PluginTest : public ::testing::Test {
   public:
    static PluginSource source_of(std::string text) {
        return {"plugins/test.lua", std::move(text), {}};
    }

    // The whole file.
    Result<std::unique_ptr<Plugin>> try_load(std::string text) {
        return Plugin::load(source_of(std::move(text)), options);
    }

    // `fields` go into the table of an enricher; `before` stands before it.
    static std::string enricher(std::string_view fields, std::string_view before = "") {
        return std::string(before) +
               "\nreturn { name = \"test\", version = \"1.0.0\", kind = \"enricher\", api = 1, " +
               std::string(fields) + " }";
    }

    Plugin& load(std::string text) {
        auto loaded = try_load(text);
        if (!loaded) {
            ADD_FAILURE() << to_string(loaded.error());
            loaded = try_load(enricher("on_event = function() end"));
        }
        plugin = *std::move(loaded);
        return *plugin;
    }

    const CallResult& call() { return plugin->on_event(event.events().front(), world); }

    // on_event with this body, called once.
    const CallResult& run(std::string_view body, std::string_view wants = "{}") {
        load(enricher("wants = " + std::string(wants) +
                      ", on_incident = print, on_event = function(event, parameters) " +
                      std::string(body) + "\nend"));
        return call();
    }

    Plugin::Options options;
    SmallWorld world;
    model::EventBatch event = event_of(
        R"({"time":"2026-11-21T02:13:05.250Z","source":"prometheus","resource":"orders-db",
            "check":"latency","severity":"major","summary":"slow","value":2.5,
            "labels":{"team":"shop","zone":"a"},"annotations":{"runbook":"r1","depth":3,"known":true}})");
    std::unique_ptr<Plugin> plugin;
};

}  // namespace nocturne::plugins
