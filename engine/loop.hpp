// Loop: feeds the core from the journal. The only place where the core meets threads.
//
//   submit -> queue -> [writer thread] group commit -> done(position) -> [core thread] apply ->
//   outbox
//
// The writer is one at a time: the loop's thread, or a caller that finds nothing on its way.
// An input is applied only once it is durable, in the order of the journal. Queries run on the core
// thread between two inputs, so they see whole states and need no locks.
#pragma once

#include "engine/core.hpp"
#include "model/audit.hpp"
#include "model/effect.hpp"
#include "model/input.hpp"
#include "model/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace nocturne::store {
class Store;
}

namespace nocturne::engine {

// Where effects leave the core. Called on the core thread; must not block. `core` is the state
// right after the input that wanted the effect, and is only lent for the call.
class Outbox {
   public:
    virtual ~Outbox() = default;
    virtual void deliver(const model::Effect& effect, const Core& core) = 0;
};

struct LoopOptions {
    // Of what is on its way, from submit until it was applied; beyond it try_submit says no:
    // back-pressure. Little, so that a storm stays in the processor's cache.
    std::size_t queue_inputs_max = 1024;
    std::size_t queue_bytes_max = 16U << 20;
    std::size_t group_inputs_max = 256;               // rows in one commit
    std::uint64_t snapshot_every_bytes = 256U << 20;  // of encoded inputs since the last snapshot
    model::Duration snapshot_every = std::chrono::minutes(10);
    model::Duration history_keep = std::chrono::days(90);
    model::Duration journal_keep = std::chrono::days(7);
    std::function<model::Time()>
        clock;             // default: the system's; the one place where now() is asked
    PluginRun plugin_run;  // how plugins are run once we are up
    // Gets what plugins log, on the core thread; must not block.
    std::function<void(const std::string& plugin, const std::string& text)> plugin_log;
    model::Settings settings;  // journaled as a revision when it differs from the last one
};

// What recovery found.
struct Recovery {
    model::Position snapshot_position = 0;  // 0: none
    std::uint64_t inputs_replayed = 0;
    std::vector<std::string> problems;  // e.g. a damaged snapshot that was passed over
};

struct LoopCounters {
    std::atomic<std::uint64_t> inputs{0};
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> commit_failures{0};
    std::atomic<std::uint64_t> refused_full{0};
    std::atomic<std::uint64_t> inputs_lost{0};  // given up when stopped while the disk failed
    std::atomic<std::uint64_t> snapshots{0};
    std::atomic<std::uint64_t> snapshot_failures{0};
    std::atomic<std::uint64_t> bytes_encoded{0};
    std::atomic<std::uint64_t> queue_inputs{0};
    std::atomic<std::uint64_t> queue_bytes{0};
    std::atomic<std::uint64_t> audit_notes_lost{0};  // of refusals, while the disk failed
};

class Loop {
   public:
    // Called once, from a thread of the loop: the position once the input is durable, or why it is
    // not (then it was not applied either, and may be sent again). Must not block. Without one
    // (nullptr) nobody waits for an answer: the loop tries again until the input is durable, and
    // its queue fills meanwhile.
    using Done = std::function<void(const Result<model::Position>&)>;

    // Recovers the state from the store (snapshot and the journal's tail), then starts the threads.
    // `store` and `outbox` must outlive the loop.
    static Result<std::unique_ptr<Loop>> start(store::Store& store, Outbox& outbox,
                                               LoopOptions options);
    // Like stop().
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Who writes the journal.
    enum class Writer {
        Loop,    // its thread, in groups
        Caller,  // this thread, if nothing else is on its way: two changes of thread less until
                 // `done`, which is then called before the call returns
    };

    // What whoever sends the input has to say for the audit log: in the same commit as the input,
    // so that one is there exactly if the other is.
    using Notes = std::vector<model::AuditNote>;

    // Hands an input over; `bytes` is about what it weighs in memory. False when the queue is full
    // or the loop has stopped: nothing was taken, `done` will not be called, and `body` is left as
    // it was.
    bool try_submit(model::Input::Body& body, std::size_t bytes, Done done,
                    Writer writer = Writer::Loop, Notes notes = {});
    // The same, but waits for room. False only when the loop has stopped.
    bool submit(model::Input::Body body, std::size_t bytes, Done done, Notes notes = {});
    // Waits until what was submitted is durable and applied; for commands and tests.
    Result<model::Position> submit_and_wait(model::Input::Body body, Notes notes = {});

    // For the audit log, of what made no input: a refusal, mostly. Written within the second;
    // whoever sends many must bound them.
    void note(model::AuditNote note);

    // Runs `read` on the core thread after all that is durable by now was applied. False when
    // stopped.
    bool query(std::function<void(const Core&)> read);
    // The same, and waits for it.
    bool query_and_wait(const std::function<void(const Core&)>& read);

    // When an input would come that came now. Any thread; the engine's own time is that of its last
    // input, and stands still where nothing happens.
    [[nodiscard]] model::Time now() const;

    // Takes nothing more, writes and applies what is queued, saves a snapshot, ends the threads.
    void stop();

    // Whether the last write to the journal succeeded; with the reason when not.
    Status health() const;
    const Recovery& recovery() const;
    const LoopCounters& counters() const;

   private:
    class Inside;
    explicit Loop(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::engine
