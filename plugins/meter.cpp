#include "plugins/meter.hpp"

#include <algorithm>
#include <cstdlib>

namespace nocturne::plugins {

namespace {

constexpr std::uint32_t kRefusalsMax = 16;
constexpr std::size_t kBigBlock = 8U << 10;
constexpr std::size_t kCollectorStep = 8U << 10;
constexpr std::uint64_t kClockEvery = 64;  // allocations

}  // namespace

Meter::Meter(const Limits& limits, Counting counting) : limits_(limits), counting_(counting) {}

void Meter::attach(lua_State* main) {
    *static_cast<Meter**>(lua_getextraspace(main)) = this;
    if (counting_ == Counting::Instructions) {
        lua_sethook(main, on_count, LUA_MASKCOUNT, kInterval);  // coroutines inherit it
    }
}

void Meter::begin(std::chrono::nanoseconds wall_max) {
    wall_max_ = wall_max;
    wall_deadline_.reset();
    steps_left_ = limits_.instructions_max;
    refusals_ = 0;
    refused_size_ = 0;
    closing_ = 0;
    allocations_ = 0;
    log_lines_ = 0;
    log_bytes_ = 0;
    ++call_number_;
    is_random_started_ = false;
    is_enforced_ = true;
}

void Meter::end() {
    is_enforced_ = false;
    if (is_overdue_.load(std::memory_order_relaxed)) {
        kill(Verdict::KilledTime);
    }
}

std::uint64_t Meter::steps() const {
    return limits_.instructions_max - steps_left_;
}

// ---- the end of a call ----

// The first reason stands. After it not one more VM instruction runs in any thread of the plugin,
// and no loop in C goes on: thousands of pending `__close` handlers end at once.
void Meter::kill(Verdict verdict) noexcept {
    if (killed_ == Verdict::Ok) {
        killed_ = verdict;
    }
    arm();
}

// Lua allows lua_sethook in a signal handler. Threads that wait for others are armed too, for they
// go on when those have ended.
void Meter::arm() noexcept {
    for (Running* running = running_.load(std::memory_order_relaxed); running != nullptr;
         running = running->below_) {
        lua_sethook(running->thread_, on_count, LUA_MASKCOUNT, kArmedInterval);
    }
}

void Meter::interrupt() noexcept {
    is_overdue_.store(true, std::memory_order_relaxed);
    arm();
}

void Meter::stop(lua_State* L) {
    kill(Verdict::KilledTime);
    // A value that takes no memory. Nobody reads it: whoever catches looks at killed().
    lua_pushnil(L);
    lua_error(L);
    std::abort();  // lua_error does not come back
}

void Meter::stop_for_memory(lua_State* L) {
    kill(Verdict::KilledMemory);
    stop(L);
}

void Meter::cover_lines(lua_State* main, std::string source) {
    covered_source_ = std::move(source);
    const bool counts = counting_ == Counting::Instructions;
    lua_sethook(main, on_count, LUA_MASKLINE | (counts ? LUA_MASKCOUNT : 0),
                counts ? kInterval : 0);
}

void Meter::note_line(lua_State* L, lua_Debug* frame) {
    lua_getinfo(L, "S", frame);
    if (frame->currentline <= 0 || frame->source != covered_source_) {
        return;
    }
    const auto line = static_cast<std::size_t>(frame->currentline);
    if (covered_lines_.size() <= line) {
        covered_lines_.resize(line + 1);
    }
    covered_lines_[line] = true;
}

void Meter::on_count(lua_State* L, lua_Debug* frame) {
    Meter& meter = of(L);
    if (frame->event == LUA_HOOKLINE) {
        return meter.note_line(L, frame);
    }
    meter.check(L);
    meter.tick(L, lua_gethookcount(L) > 0 ? static_cast<std::uint64_t>(lua_gethookcount(L)) : 1);
}

Meter::Running::Running(Meter& meter, lua_State* thread)
    : meter_(meter), thread_(thread), below_(meter.running_.load(std::memory_order_relaxed)) {
    meter_.running_.store(this, std::memory_order_release);
    if (meter_.killed_ != Verdict::Ok || meter_.is_overdue_.load(std::memory_order_relaxed)) {
        meter_.arm();
    }
}

Meter::Running::~Running() {
    meter_.running_.store(below_, std::memory_order_release);
}

Meter::Closing::Closing(lua_State* L, Meter& meter) : meter_(meter) {
    if (meter.closing_ >= meter.limits_.close_depth_max) {
        luaL_error(L, "coroutines close coroutines more than %d deep",
                   static_cast<int>(meter.limits_.close_depth_max));
    }
    ++meter_.closing_;
}

Meter::Closing::~Closing() {
    --meter_.closing_;
}

// ---- memory ----

void* Meter::allocate(void* data, void* block, std::size_t old_size, std::size_t new_size) {
    Meter& meter = *static_cast<Meter*>(data);
    if (block == nullptr) {
        old_size = 0;  // Lua passes the kind of object
    }
    if (new_size == 0) {
        meter.pool_.release(block, old_size);
        meter.memory_now_ -= old_size;
        return nullptr;
    }
    if (new_size > old_size && meter.is_enforced_) {
        meter.look_at_clock(new_size);
        if (meter.refuses(block, old_size, new_size)) {
            return nullptr;
        }
    }
    void* const got = meter.pool_.resize(block, old_size, new_size);
    if (got == nullptr) {
        return new_size <= old_size ? block : nullptr;  // Lua relies on it that shrinking succeeds
    }
    meter.memory_now_ = meter.memory_now_ - old_size + new_size;
    if (meter.memory_now_ > meter.memory_highest_) {
        meter.memory_highest_ = meter.memory_now_;
    }
    return got;
}

// Lua answers a refusal with a full collection and asks once more. What is refused then, what no
// collection can help, and what makes a plugin at the brim collect again and again, is a kill.
bool Meter::refuses(void* block, std::size_t old_size, std::size_t new_size) {
    const bool is_big = new_size > limits_.block_bytes_max;
    if (!is_big && memory_now_ - old_size + new_size <= limits_.memory_bytes_max) {
        refused_size_ = 0;
        return false;
    }
    const bool is_repeated = refused_size_ == new_size && refused_block_ == block;
    refused_size_ = new_size;
    refused_block_ = block;
    if (is_big || is_repeated || ++refusals_ >= kRefusalsMax) {
        kill(Verdict::KilledMemory);
    }
    return true;
}

void Meter::charge(lua_State* L, std::size_t bytes) {
    memory_now_ += bytes;
    charged_ += bytes;
    memory_highest_ = std::max(memory_highest_, memory_now_);
    if (charged_ >= kCollectorStep) {
        const std::size_t told = std::exchange(charged_, charged_ % 1024);
        lua_gc(L, LUA_GCSTEP, static_cast<int>(told / 1024));
    }
    if (!is_enforced_ || memory_now_ <= limits_.memory_bytes_max) {
        return;
    }
    if (++refusals_ < kRefusalsMax) {
        lua_gc(L, LUA_GCCOLLECT);
    }
    if (memory_now_ > limits_.memory_bytes_max) {
        stop_for_memory(L);
    }
}

// For the case that the watchdog does not get to run.
void Meter::look_at_clock(std::size_t size) {
    if (++allocations_ % kClockEvery != 0 && size <= kBigBlock) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!wall_deadline_) {
        wall_deadline_ = now + wall_max_;
    } else if (now > *wall_deadline_) {
        interrupt();
    }
}

// ---- randomness ----

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
std::uint64_t Meter::random() {
    if (!is_random_started_) {
        restart_random(random_seed_ ^ call_number_ * 0xD6E8FEB86659FD93U);
    }
    std::uint64_t x = random_state_ += 0x9E3779B97F4A7C15U;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return x ^ x >> 31;
}

void Meter::restart_random(std::uint64_t seed) {
    random_state_ = seed;
    is_random_started_ = true;
}

// ---- log ----

bool Meter::log(std::string_view line) {
    if (log_lines_ >= limits_.log_lines_max || log_bytes_ + line.size() > limits_.log_bytes_max) {
        ++log_lines_refused_;
        return false;
    }
    ++log_lines_;
    ++log_lines_total_;
    log_bytes_ += line.size();
    if (log_.size() + line.size() < kLogKeptBytes) {
        log_ += line;
        log_ += '\n';
    } else {
        ++log_lines_refused_;  // nobody takes it: the plugin need not know
    }
    return true;
}

}  // namespace nocturne::plugins
