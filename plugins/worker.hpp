// Worker: a thread with a C stack that Lua cannot overflow, on which plugins run.
//
// Nothing can end a thread. When a job does not come back in time the worker is given up: its
// thread goes on by itself and takes with it what the job shares, and the owner makes a new worker.
#pragma once

#include "plugins/watchdog.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace nocturne::plugins {

class Worker {
   public:
    // Lua 5.4.4 needs up to 512 KiB for its 200 C levels, and several MiB to name a value at the
    // end of a chain of tens of thousands of indices; sanitizers multiply that.
    static constexpr std::size_t kStackBytes = 64U << 20;  // touched only when used

    explicit Worker(std::shared_ptr<Watchdog> watchdog);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    using Job = std::function<void(WatchedThread&)>;

    enum class Ended : std::uint8_t { Done, Stuck };

    // Runs the job and waits. A job that may be stuck must own what it uses.
    Ended run(Job job, std::chrono::milliseconds patience);

   private:
    struct Shared;
    static void* work(void* shared);

    std::shared_ptr<Shared> shared_;
};

}  // namespace nocturne::plugins
