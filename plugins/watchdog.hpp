// Watchdog: one thread that looks after the threads that run plugins, and interrupts the one whose
// call has used up its time.
//
// It is what makes calls cheap: a call writes a number at its start and one at its end; no clock is
// read and no hook is installed until a call is overdue. See docs/decisions/0012-lua-host.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace nocturne::plugins {

// What is to be interrupted. Runs in a signal handler on the thread of the call, again and again
// until the call ends: it may only do what is safe there.
class Interruptible {
   public:
    virtual void interrupt() noexcept = 0;

   protected:
    ~Interruptible() = default;
};

// What one call may take.
struct CallTime {
    std::chrono::nanoseconds cpu_max;   // of the thread
    std::chrono::nanoseconds wall_max;  // on an overloaded machine the innocent are waiting
};

class WatchedThread;

class Watchdog {
   public:
    // How often it looks; a call is interrupted at most about so much later than its limit.
    static constexpr std::chrono::milliseconds kPeriod{4};

    Watchdog();
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

   private:
    friend class WatchedThread;
    class Inside;
    std::unique_ptr<Inside> inside_;
};

// A thread that runs plugins: made on it, ends on it, before the Watchdog does. Uses SIGURG, with
// SA_RESTART, and only during a call that is overdue.
class WatchedThread {
   public:
    explicit WatchedThread(Watchdog& watchdog);
    ~WatchedThread();

    // The one of this thread; made, under one watchdog for the whole process, when there is none.
    static WatchedThread& here();

    WatchedThread(const WatchedThread&) = delete;
    WatchedThread& operator=(const WatchedThread&) = delete;

    // Calls do not nest.
    void begin(Interruptible& call, CallTime time);
    // True: the call was overdue, whether it noticed or not, and whether the watchdog got to run or
    // not.
    bool end();

    struct Watch;

   private:
    bool is_late() const;

    Watchdog& watchdog_;
    std::unique_ptr<Watch> watch_;

    // What the clocks said when a call began in a new tick of the coarse clock, and the limit of
    // the call that runs.
    std::chrono::nanoseconds base_wall_{0};
    std::chrono::nanoseconds base_cpu_{0};
    std::chrono::nanoseconds cpu_max_{0};
};

}  // namespace nocturne::plugins
