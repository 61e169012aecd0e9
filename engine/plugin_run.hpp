// PluginRun: how plugins are run here; no part of the state.
#pragma once

#include "plugins/limits.hpp"

namespace nocturne::engine {

struct PluginRun {
    plugins::Limits ceiling;
    plugins::Counting counting = plugins::Counting::LibrarySteps;

    // For what ran before (a recovery, a replay): calls end where the journal says, and nowhere
    // else because this machine is slower just now.
    static PluginRun patient();
};

}  // namespace nocturne::engine
