// DeafOutbox: where effects go that no test looks at.
#pragma once

#include "engine/loop.hpp"

namespace nocturne::engine {

class DeafOutbox : public Outbox {
   public:
    void deliver(const model::Effect& /*effect*/, const Core& /*core*/) override {}
};

}  // namespace nocturne::engine
