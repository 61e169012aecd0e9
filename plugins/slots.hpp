// What of a plugin stays on the stack of its state, in which place.
#pragma once

namespace nocturne::plugins {

// 1 is the sandbox's.
enum Slot : int {
    kOnEvent = 2,
    kOnSample,
    kOnIncident,
    kMigrate,
    kMigrateSeries,
    kSeries,
    kPlan,
    kState,         // nocturne.state
    kSeriesStates,  // by their places in SeriesIndex, and one
    kSlotsEnd
};

}  // namespace nocturne::plugins
