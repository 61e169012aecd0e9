// Intake: what was handed to the loop and is not yet applied. Bounded, in order; and one writer of
// the journal at a time.
#pragma once

#include "engine/loop.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace nocturne::engine {

class Intake {
   public:
    struct Pending {
        model::Input::Body body;
        std::size_t bytes = 0;  // about what it weighs in memory
        Loop::Done done;
        Loop::Notes notes = {};
    };

    enum class Wait { No, Yes };

    // `is_tick_due` is asked by whoever waits in take_group. `counters` must outlive the intake.
    Intake(std::size_t inputs_max, std::size_t bytes_max, std::function<bool()> is_tick_due,
           LoopCounters& counters);

    // ---- for those who send ----

    // False when there is no room (Wait::No) or after stop(): `pending` is as it was.
    bool put(Pending& pending, Wait wait);
    // Of the loop's own making, from the core's thread: never waits for room, which only that
    // thread would make. There are few of them: one a plugin, and a checkpoint.
    void put_own(model::Input::Body body);
    // Makes the caller the writer, of an input of this weight, if nothing is before it and there
    // is room. It must call end_writing().
    bool try_begin_writing(std::size_t bytes);

    // ---- for the writer ----

    // Waits for inputs, for a commit that is asked for, or for a tick that is due, and makes the
    // caller the writer. False at the end: stopped, and nothing left.
    bool take_group(std::vector<Pending>& group, std::size_t inputs_max);
    void end_writing();
    // After a write that failed. Who waits for an answer is told; what nobody waits for is kept,
    // so that it presses back on its senders instead of being lost. Waits before the next try.
    void put_back(std::vector<Pending>& group, const Error& error);

    // ---- for both, and for the core ----

    // What goes with a commit waits, and must not wait for the next input.
    void ask_for_commit();
    // An input of this weight was applied, or given up.
    void make_room(std::size_t bytes);
    void stop();

   private:
    bool has_room_for(std::size_t bytes) const;
    void enqueue(Pending&& pending);
    void count_in(std::size_t bytes);

    const std::size_t inputs_max_;
    const std::size_t bytes_max_;
    const std::function<bool()> is_tick_due_;
    LoopCounters& counters_;

    std::mutex mutex_;  // guards all below
    std::condition_variable filled_;
    std::condition_variable room_;
    std::condition_variable stopped_;
    std::deque<Pending> queue_;
    std::size_t inputs_ = 0;  // on their way: queued, being written, or durable and not yet applied
    std::size_t bytes_ = 0;   // what they weigh
    bool stopping_ = false;
    bool is_writing_ = false;  // whoever set it is the writer
    bool commit_is_asked_for_ = false;
};

}  // namespace nocturne::engine
