// Meter: the budget record of one plugin. Its memory is allocated here, its steps are counted here,
// and here it is decided that a call is killed.
#pragma once

#include "plugins/block_pool.hpp"
#include "plugins/limits.hpp"
#include "plugins/lua_headers.hpp"
#include "plugins/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::plugins {

class Host;

class Meter final : public Interruptible {
   public:
    Meter(const Limits& limits, Counting counting);

    // The one of the state that `L` belongs to.
    static Meter& of(lua_State* L) { return **static_cast<Meter**>(lua_getextraspace(L)); }

    void attach(lua_State* main);

    // What the functions of nocturne.* work on; nullptr in a sandbox without them.
    Host* host() const { return host_; }

    void set_host(Host& host) { host_ = &host; }

    const Limits& limits() const { return limits_; }

    // For what is not running.
    void set_limits(const Limits& limits) { limits_ = limits; }

    // From now on notes which lines of this source run ("@plugins/owner.lua"); slow. Coroutines
    // that were made before are not looked at.
    void cover_lines(lua_State* main, std::string source);

    // By number; true: it ran.
    const std::vector<bool>& covered_lines() const { return covered_lines_; }

    // ---- one call ----

    // `wall_max`: for the case that the watchdog does not get to run; from when the clock is first
    // looked at.
    void begin(std::chrono::nanoseconds wall_max);
    void end();

    // The call came back late.
    void condemn() { kill(Verdict::KilledTime); }

    bool is_running() const { return is_enforced_; }

    // Verdict::Ok, or how it was killed. Once killed stays killed.
    Verdict killed() const { return killed_; }

    // ---- from functions that the plugin calls ----

    // `n` steps of a loop in C; does not come back when the budget is spent.
    void tick(lua_State* L, std::uint64_t n = 1) {
        if (steps_left_ <= n || is_overdue_.load(std::memory_order_relaxed) ||
            killed_ != Verdict::Ok) {
            stop(L);
        }
        steps_left_ -= n;
    }

    // Raises the kill again, if there is one: after whatever may have swallowed it.
    void check(lua_State* L) {
        if (killed_ != Verdict::Ok || is_overdue_.load(std::memory_order_relaxed)) {
            stop(L);
        }
    }

    // What the plugin asks for can never be had: `bytes` in one block.
    [[noreturn]] void stop_for_memory(lua_State* L);
    [[noreturn]] void stop(lua_State* L);
    void kill(Verdict verdict) noexcept;

    // A thread of the plugin that runs now; what is below it waits for it.
    class Running {
       public:
        Running(Meter& meter, lua_State* thread);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

       private:
        friend class Meter;
        Meter& meter_;
        lua_State* thread_;
        Running* below_;
    };

    // ---- memory of objects of ours that the plugin holds, beside what Lua allocates ----

    // Over the cap it does not come back, as a block would not. Collects as often as if Lua had
    // allocated these bytes.
    void charge(lua_State* L, std::size_t bytes);

    void discharge(std::size_t bytes) noexcept { memory_now_ -= bytes; }

    // Counts levels of coroutines that close coroutines.
    class Closing {
       public:
        Closing(lua_State* L, Meter& meter);
        ~Closing();
        Closing(const Closing&) = delete;
        Closing& operator=(const Closing&) = delete;

       private:
        Meter& meter_;
    };

    // False: over the quota of log lines or bytes of this call.
    bool log(std::string_view line);

    std::uint64_t log_lines_refused() const { return log_lines_refused_; }

    std::uint64_t log_lines_total() const { return log_lines_total_; }

    std::string take_log() { return std::exchange(log_, {}); }

    // What the plugin takes for the time of day: seconds since 1970.
    void set_now(std::int64_t seconds) { now_ = seconds; }

    std::int64_t now() const { return now_; }

    // ---- randomness ----

    // One sequence a call, made of the seed and of how many calls there were: what is drawn in a
    // call does not hang on what was drawn before, so saved and restored is the same.
    void seed_random(std::uint64_t seed) { random_seed_ = seed; }

    std::uint64_t call_number() const { return call_number_; }

    void set_call_number(std::uint64_t number) { call_number_ = number; }

    std::uint64_t random();
    void restart_random(std::uint64_t seed);

    // ---- accounts ----

    std::uint64_t steps() const;

    std::size_t memory_now() const { return memory_now_; }

    std::size_t memory_highest() const { return memory_highest_; }

    void interrupt() noexcept override;

    static void* allocate(void* meter, void* block, std::size_t old_size, std::size_t new_size);

   private:
    bool refuses(void* block, std::size_t old_size, std::size_t new_size);
    void look_at_clock(std::size_t size);
    void arm() noexcept;
    void note_line(lua_State* L, lua_Debug* frame);
    static void on_count(lua_State* L, lua_Debug* frame);

    static constexpr std::size_t kLogKeptBytes = 256U << 10;  // until somebody takes it

    // A resume costs so many instructions, for each coroutine counts its own.
    static constexpr int kInterval = 1000;
    static constexpr int kArmedInterval = 1;

    Limits limits_;
    const Counting counting_;
    Host* host_ = nullptr;
    std::atomic<Running*> running_{nullptr};
    std::atomic<bool> is_overdue_{false};
    Verdict killed_ = Verdict::Ok;
    std::uint64_t steps_left_ = 0;
    std::uint32_t closing_ = 0;

    bool is_enforced_ = false;  // the caps hold only while the plugin runs
    BlockPool pool_;
    std::size_t memory_now_ = 0;
    std::size_t memory_highest_ = 0;
    std::size_t charged_ = 0;  // of which the collector was not told yet
    std::uint64_t allocations_ = 0;
    std::uint32_t refusals_ = 0;
    void* refused_block_ = nullptr;
    std::size_t refused_size_ = 0;
    std::chrono::nanoseconds wall_max_{0};
    std::optional<std::chrono::steady_clock::time_point> wall_deadline_;

    std::string covered_source_;
    std::vector<bool> covered_lines_;

    std::uint64_t random_seed_ = 0;
    std::uint64_t call_number_ = 0;
    std::uint64_t random_state_ = 0;
    bool is_random_started_ = false;

    std::int64_t now_ = 0;
    std::string log_;  // of several calls
    std::uint32_t log_lines_ = 0;
    std::size_t log_bytes_ = 0;
    std::uint64_t log_lines_total_ = 0;
    std::uint64_t log_lines_refused_ = 0;
};

}  // namespace nocturne::plugins
