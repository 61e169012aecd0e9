// Outboxes: one outbox that hands each effect to several.
#pragma once

#include "engine/loop.hpp"

#include <utility>
#include <vector>

namespace nocturne::gateway {

class Outboxes : public engine::Outbox {
   public:
    // In the order in which they are told. Each must outlive the loop.
    explicit Outboxes(std::vector<engine::Outbox*> all) : all_(std::move(all)) {}

    void deliver(const model::Effect& effect, const engine::Core& core) override {
        for (engine::Outbox* one : all_) {
            one->deliver(effect, core);
        }
    }

   private:
    const std::vector<engine::Outbox*> all_;
};

}  // namespace nocturne::gateway
