#include "plugins/watchdog.hpp"

#include "model/result.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <signal.h>
#include <thread>
#include <time.h>
#include <vector>

namespace nocturne::plugins {

using std::chrono::nanoseconds;

// `number` is odd while a call runs. Relaxed order would do for the watchdog, which only looks
// again later; the handler runs on the thread itself.
struct WatchedThread::Watch {
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::uint64_t> condemned{0};
    std::atomic<std::int64_t> cpu_ns_max{0};
    std::atomic<std::int64_t> wall_ns_max{0};
    std::atomic<Interruptible*> call{nullptr};

    pthread_t thread = pthread_self();
    clockid_t cpu_clock{};

    // Of the watchdog alone: the call that it saw last, and what the clocks said then.
    std::uint64_t seen = 0;
    nanoseconds seen_cpu{0};
    nanoseconds seen_wall{0};
};

namespace {

constexpr int kSignal = SIGURG;  // ignored by default, so a late one does no harm

thread_local WatchedThread::Watch* watch_of_this_thread = nullptr;

nanoseconds read_clock(clockid_t clock) {
    timespec now{};
    if (clock_gettime(clock, &now) != 0) {
        return nanoseconds(0);
    }
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

void on_signal(int) {
    WatchedThread::Watch* watch = watch_of_this_thread;
    if (watch == nullptr || watch->condemned.load() != watch->number.load()) {
        return;  // meant for a call that has ended since
    }
    if (Interruptible* call = watch->call.load(); call != nullptr) {
        call->interrupt();
    }
}

void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};

        action.sa_handler = on_signal;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        NOCTURNE_ASSERT(sigaction(kSignal, &action, nullptr) == 0);
    });
}

}  // namespace

class Watchdog::Inside {
   public:
    Inside() : thread_([this] { run(); }) {}

    ~Inside() {
        {
            const std::lock_guard lock(mutex_);
            NOCTURNE_ASSERT(watches_.empty());
            ends_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    void add(WatchedThread::Watch& watch) {
        const std::lock_guard lock(mutex_);
        watches_.push_back(&watch);
        wake_.notify_one();
    }

    void remove(WatchedThread::Watch& watch) {
        const std::lock_guard lock(mutex_);
        std::erase(watches_, &watch);
    }

   private:
    void run() {
        std::unique_lock lock(mutex_);
        while (!ends_) {
            if (watches_.empty()) {
                wake_.wait(lock);
                continue;
            }
            wake_.wait_for(lock, kPeriod);
            for (WatchedThread::Watch* watch : watches_) {
                look_at(*watch);
            }
        }
    }

    // The thread cannot end meanwhile: to do so it takes the lock that we hold.
    static void look_at(WatchedThread::Watch& watch) {
        const std::uint64_t number = watch.number.load();
        if (number % 2 == 0) {
            return;
        }
        const nanoseconds wall = read_clock(CLOCK_MONOTONIC);
        const nanoseconds cpu = read_clock(watch.cpu_clock);
        if (number != watch.seen) {
            watch.seen = number;
            watch.seen_cpu = cpu;
            watch.seen_wall = wall;
        }
        if ((cpu - watch.seen_cpu).count() >= watch.cpu_ns_max.load() ||
            (wall - watch.seen_wall).count() >= watch.wall_ns_max.load()) {
            watch.condemned.store(number);
            pthread_kill(watch.thread, kSignal);
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<WatchedThread::Watch*> watches_;  // guarded by mutex_
    bool ends_ = false;                           // guarded by mutex_
    std::thread thread_;
};

Watchdog::Watchdog() : inside_(std::make_unique<Inside>()) {
    install_handler();
}

Watchdog::~Watchdog() = default;

WatchedThread::WatchedThread(Watchdog& watchdog)
    : watchdog_(watchdog), watch_(std::make_unique<Watch>()) {
    NOCTURNE_ASSERT(pthread_getcpuclockid(pthread_self(), &watch_->cpu_clock) == 0);
    watchdog_.inside_->add(*watch_);
}

WatchedThread::~WatchedThread() {
    watchdog_.inside_->remove(*watch_);
    if (watch_of_this_thread == watch_.get()) {
        watch_of_this_thread = nullptr;
    }
}

WatchedThread& WatchedThread::here() {
    // Never destroyed: threads may still end while the process does.
    static Watchdog& watchdog = *new Watchdog;
    thread_local WatchedThread thread(watchdog);
    return thread;
}

// A tick of the coarse clock is what reading it costs next to nothing for; the clock of the
// thread's CPU takes as long as ten empty calls. So that is read at most once a tick.
void WatchedThread::begin(Interruptible& call, CallTime time) {
    if (const nanoseconds wall = read_clock(CLOCK_MONOTONIC_COARSE); wall != base_wall_) {
        base_wall_ = wall;
        base_cpu_ = read_clock(CLOCK_THREAD_CPUTIME_ID);
    }
    cpu_max_ = time.cpu_max;
    watch_of_this_thread = watch_.get();
    constexpr auto kRelaxed = std::memory_order_relaxed;
    watch_->cpu_ns_max.store(time.cpu_max.count(), kRelaxed);
    watch_->wall_ns_max.store(time.wall_max.count(), kRelaxed);
    watch_->call.store(&call, kRelaxed);
    watch_->number.store(watch_->number.load(kRelaxed) + 1, std::memory_order_release);
}

bool WatchedThread::end() {
    const std::uint64_t number = watch_->number.load(std::memory_order_relaxed);
    watch_->number.store(number + 1, std::memory_order_release);
    watch_->call.store(nullptr, std::memory_order_relaxed);
    return watch_->condemned.load(std::memory_order_relaxed) == number || is_late();
}

// What ran before this call in the tick of the base is counted with it: a tick of grace, and one of
// the watchdog's.
bool WatchedThread::is_late() const {
    constexpr nanoseconds kTick = std::chrono::milliseconds(10);
    if (read_clock(CLOCK_MONOTONIC_COARSE) - base_wall_ < cpu_max_) {
        return false;
    }
    return read_clock(CLOCK_THREAD_CPUTIME_ID) - base_cpu_ > cpu_max_ + kTick + Watchdog::kPeriod;
}

}  // namespace nocturne::plugins
