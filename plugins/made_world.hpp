// MadeWorld: what calls may see when no engine is there: made by hand, in tests and for a check.
#pragma once

#include "plugins/world.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

class MadeWorld final : public World {
   public:
    // ---- what a call sees ----

    model::Time now() const override { return now_; }

    const topology::Graph& graph() const override { return graph_.now(); }

    std::vector<SeenChange> changes_on(std::string_view node, std::size_t max) const override;
    std::vector<SeenIncident> alike(std::size_t max) const override;

    // ---- making it ----

    // Later than it is, or it stays: the engine's time never goes back.
    void advance(model::Time time);

    // Anew, at whatever time.
    void set_now(model::Time time) { now_ = time; }

    // What the change says joins what is there.
    topology::ChangeReport grow(const model::TopologyChange& change);
    void add(SeenChange change);

    void set_past(std::vector<SeenIncident> past);

   private:
    model::Time now_ = model::from_unix_ms(0);
    topology::LiveGraph graph_;
    std::vector<SeenChange> changes_;  // latest first
    std::vector<SeenIncident> past_;   // most alike first
};

}  // namespace nocturne::plugins
