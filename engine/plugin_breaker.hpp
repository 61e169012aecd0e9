// PluginBreaker: counts a plugin's faults, and says when it is not called any more and when again.
#pragma once

#include "model/codec.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <deque>
#include <utility>

namespace nocturne::engine {

class PluginBreaker {
   public:
    enum class State : std::uint8_t {
        Closed,   // called
        Open,     // in quarantine
        Probing,  // called again, on probation
    };

    // What a fault weighs: three kills, or thirty errors, within the window are too many.
    enum class Fault : std::uint8_t { Error = 1, Kill = 10 };

    static constexpr std::uint32_t kWeightMax = 30;
    static constexpr model::Duration kWindow = std::chrono::minutes(10);
    static constexpr model::Duration kFirstPause = std::chrono::minutes(1);  // doubles each time
    static constexpr model::Duration kLastPause = std::chrono::hours(1);
    static constexpr std::uint32_t kProbeCalls = 20;  // that must go well; one fault ends it

    State state() const { return state_; }

    // When it is tried again; of Open only.
    model::Time until() const { return until_; }

    bool is_open() const { return state_ == State::Open; }

    // True when it goes into quarantine by that.
    bool fault(Fault fault, model::Time now);
    // A call went well. True when that ends the probation.
    bool good_call(model::Time now);
    // True when the quarantine's time is over: it is on probation now.
    bool probe_if_due(model::Time now);

    // By an operator: as if nothing had been.
    void release() { *this = {}; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    State state_ = State::Closed;
    std::deque<std::pair<model::Time, Fault>> faults_;  // of the window
    model::Time until_ = model::kNoTime;
    model::Time recovered_at_ = model::kNoTime;
    model::Duration pause_{0};  // the last one
    std::uint32_t probes_left_ = 0;
};

}  // namespace nocturne::engine
