// Turns: a lock that is given in the order in which it was asked for.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace nocturne::store {

// Guards the one connection that writes. A std::mutex may go to the same thread again and again; a
// snapshot of a hundred short transactions would then keep an append waiting for all of them.
class Turns {
   public:
    void lock() {
        std::unique_lock lock(mutex_);
        const std::uint64_t mine = next_++;
        changed_.wait(lock, [&] { return mine == now_; });
    }

    void unlock() {
        {
            std::lock_guard lock(mutex_);
            ++now_;
        }
        changed_.notify_all();
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ = 0;  // guarded by mutex_
    std::uint64_t now_ = 0;   // guarded by mutex_
};

}  // namespace nocturne::store
