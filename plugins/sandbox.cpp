#include "plugins/sandbox.hpp"

#include "plugins/environment.hpp"
#include "plugins/event_table.hpp"
#include "plugins/meter.hpp"

#include <array>
#include <cstdio>
#include <time.h>

namespace nocturne::plugins {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

constexpr int kTracebackLevels = 8;
constexpr std::size_t kFullPercent = 75;

nanoseconds thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

// Without metamethods: an error value is the plugin's, and its __tostring may do anything.
std::string text_of_error(lua_State* L, std::size_t bytes_max) {
    std::array<char, 64> number;
    std::size_t length = 0;
    switch (lua_type(L, -1)) {
        case LUA_TSTRING: {
            const char* text = lua_tolstring(L, -1, &length);
            return printable({text, length}, bytes_max);
        }
        case LUA_TNUMBER:
            if (lua_isinteger(L, -1) != 0) {
                return std::to_string(lua_tointeger(L, -1));
            }
            std::snprintf(number.data(), number.size(), "%.14g", lua_tonumber(L, -1));
            return number.data();
        default: return "(error object: " + std::string(luaL_typename(L, -1)) + ")";
    }
}

std::string line_of_frame(lua_State* L, lua_Debug& frame) {
    lua_getinfo(L, "Sln", &frame);
    std::string line = *frame.what == 'C' ? "[C]" : frame.short_src;
    if (frame.currentline > 0) {
        line += ":" + std::to_string(frame.currentline);
    }
    if (frame.name != nullptr) {
        line += std::string(" in ") + frame.name;
    }
    return printable(line, 160);
}

}  // namespace

class Sandbox::Inside {
   public:
    explicit Inside(Options options)
        : meter_(options.limits, options.counting), L_(lua_newstate(Meter::allocate, &meter_)) {
        NOCTURNE_ASSERT(L_ != nullptr);
        meter_.attach(L_);
        meter_.seed_random(options.random_seed);
        lua_pushcfunction(L_, [](lua_State* L) {
            build_environment(L);
            return 0;
        });
        NOCTURNE_ASSERT(lua_pcall(L_, 0, 0, 0) == LUA_OK);
        lua_pushlightuserdata(L_, this);
        lua_pushcclosure(L_, note_traceback, 1);  // stays at index 1
    }

    ~Inside() { lua_close(L_); }

    Verdict push_chunk(WatchedThread& thread, std::string_view source, std::string_view name) {
        const Limits& limits = meter_.limits();
        if (source.size() > limits.source_bytes_max) {
            return refuse(printable(name, 256) + ": the file has " + std::to_string(source.size()) +
                          " bytes; a plugin may have " + std::to_string(limits.source_bytes_max));
        }
        if (source.starts_with(LUA_SIGNATURE[0])) {
            return refuse(printable(name, 256) +
                          ": this is compiled Lua (bytecode); a plugin is loaded from its source");
        }

        struct Chunk {
            std::string_view source;
            std::string name;
        } chunk{source, "@" + std::string(name)};

        lua_pushcfunction(L_, [](lua_State* L) {
            const Chunk& it = *static_cast<const Chunk*>(lua_touserdata(L, 1));
            if (luaL_loadbufferx(L, it.source.data(), it.source.size(), it.name.c_str(), "t") !=
                LUA_OK) {
                return lua_error(L);
            }
            return 1;
        });
        lua_pushlightuserdata(L_, &chunk);
        return run(thread, 1, 1, limits.load_cpu_max);
    }

    Outcome load(WatchedThread& thread, std::string_view source, std::string_view name) {
        const nanoseconds before = thread_cpu();
        const std::uint64_t steps_before = steps_;
        Verdict verdict = push_chunk(thread, source, name);
        if (verdict == Verdict::Ok) {
            verdict = run(thread, 0, 1, meter_.limits().load_cpu_max);
        }
        return describe(verdict, before, steps_ - steps_before, meter_.limits().load_cpu_max);
    }

    Outcome call_global(WatchedThread& thread, std::string_view function,
                        const model::EventView& event) {
        lua_rawgeti(L_, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
        lua_pushlstring(L_, function.data(), function.size());
        lua_rawget(L_, -2);
        lua_remove(L_, -2);
        push_event_table(L_, event);
        const nanoseconds before = thread_cpu();
        const std::uint64_t steps_before = steps_;
        const Verdict verdict = run(thread, 1, 1, meter_.limits().call_cpu_max);
        return describe(verdict, before, steps_ - steps_before, meter_.limits().call_cpu_max);
    }

    bool has_global(std::string_view function) {
        lua_rawgeti(L_, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
        lua_pushlstring(L_, function.data(), function.size());
        const bool has = lua_rawget(L_, -2) == LUA_TFUNCTION;
        lua_pop(L_, 2);
        return has;
    }

    std::string take_log() { return meter_.take_log(); }

    void collect_if_full() {
        if (meter_.killed() == Verdict::Ok &&
            meter_.memory_now() > meter_.limits().memory_bytes_max / 100 * kFullPercent) {
            lua_gc(L_, LUA_GCCOLLECT);
        }
    }

    // The caps hold only between begin() and end(): what the host does with the state outside must
    // not fail.
    Verdict run(WatchedThread& thread, int arguments, int results, milliseconds cpu_max) {
        const int base = lua_gettop(L_) - arguments - 1;
        if (meter_.killed() != Verdict::Ok) {
            lua_settop(L_, base);
            message_ = "not called: it was killed before";
            return Verdict::Refused;
        }
        const nanoseconds wall_max = cpu_max * meter_.limits().wall_factor;
        int status = LUA_OK;
        bool is_late = false;
        {
            const Meter::Running running(meter_, L_);
            meter_.begin(wall_max);
            thread.begin(meter_, {cpu_max, wall_max});
            status = lua_pcall(L_, arguments, results, 1);
            is_late = thread.end();
            meter_.end();
        }
        steps_ += meter_.steps();
        if (is_late) {
            meter_.condemn();
        }
        if (status == LUA_OK && meter_.killed() == Verdict::Ok) {
            return Verdict::Ok;
        }
        return conclude(status, base);
    }

    lua_State* state() { return L_; }

    Meter& meter() { return meter_; }

    const std::string& message() const { return message_; }

    const std::string& traceback() const { return traceback_; }

   private:
    Verdict refuse(std::string message) {
        message_ = std::move(message);
        traceback_.clear();
        return Verdict::Error;
    }

    // Of a run that did not end well.
    Verdict conclude(int status, int base) {
        if (status == LUA_ERRMEM && meter_.killed() == Verdict::Ok) {
            meter_.kill(Verdict::KilledMemory);
        }
        const Verdict verdict = meter_.killed() != Verdict::Ok ? meter_.killed() : Verdict::Error;
        if (verdict == Verdict::KilledTime) {
            message_ = "its CPU time, wall time or instructions were used up";
        } else if (verdict == Verdict::KilledMemory) {
            message_ = "over its memory of " + std::to_string(meter_.limits().memory_bytes_max) +
                       " bytes, or one block over " +
                       std::to_string(meter_.limits().block_bytes_max);
        } else {
            message_ = text_of_error(L_, meter_.limits().error_bytes_max);
        }
        if (verdict != Verdict::Error) {
            traceback_.clear();
        }
        lua_settop(L_, base);
        return verdict;
    }

    // The result of a run is on the stack when it was Ok; takes it away. A clock that was read
    // before and after sees what the watchdog missed.
    Outcome describe(Verdict verdict, nanoseconds before, std::uint64_t steps,
                     milliseconds cpu_max) {
        Outcome outcome;
        outcome.verdict = verdict;
        outcome.cpu = thread_cpu() - before;
        outcome.instructions = steps;
        if (verdict == Verdict::Ok && outcome.cpu > cpu_max + Watchdog::kPeriod) {
            meter_.condemn();
            lua_settop(L_, -2);
            outcome.verdict = conclude(LUA_OK, lua_gettop(L_));
        }
        if (outcome.verdict == Verdict::Ok) {
            read_result(outcome);
            lua_settop(L_, -2);
        } else {
            outcome.message = message_;
            if (outcome.verdict == Verdict::Error) {
                outcome.traceback = traceback_;
            }
        }
        outcome.memory_bytes = meter_.memory_now();
        outcome.memory_bytes_highest = meter_.memory_highest();
        return outcome;
    }

    void read_result(Outcome& outcome) {
        using Returned = Outcome::Returned;
        std::size_t length = 0;
        switch (lua_type(L_, -1)) {
            case LUA_TNIL: outcome.returned = Returned::Nothing; break;
            case LUA_TBOOLEAN:
                outcome.returned = lua_toboolean(L_, -1) != 0 ? Returned::True : Returned::False;
                break;
            case LUA_TSTRING: {
                outcome.returned = Returned::Text;
                const char* text = lua_tolstring(L_, -1, &length);
                outcome.text = printable({text, length}, meter_.limits().returned_bytes_max);
                break;
            }
            default: outcome.returned = Returned::Other; break;
        }
    }

    // The message handler of every call. The frames are still there; a kill is not explained.
    static int note_traceback(lua_State* L) {
        Inside& inside = *static_cast<Inside*>(lua_touserdata(L, lua_upvalueindex(1)));
        if (inside.meter_.killed() != Verdict::Ok) {
            return 1;
        }
        inside.traceback_.clear();
        lua_Debug frame{};
        for (int level = 1; level <= kTracebackLevels && lua_getstack(L, level, &frame) != 0;
             ++level) {
            inside.traceback_ += line_of_frame(L, frame) + "\n";
        }
        return 1;
    }

    Meter meter_;
    lua_State* L_;
    std::string message_;
    std::string traceback_;
    std::uint64_t steps_ = 0;
};

Sandbox::Sandbox(Options options) : inside_(std::make_unique<Inside>(options)) {}

Sandbox::~Sandbox() = default;

Outcome Sandbox::load(WatchedThread& thread, std::string_view source, std::string_view name) {
    return inside_->load(thread, source, name);
}

Outcome Sandbox::call_global(WatchedThread& thread, std::string_view function,
                             const model::EventView& event) {
    return inside_->call_global(thread, function, event);
}

bool Sandbox::has_global(std::string_view function) {
    return inside_->has_global(function);
}

std::string Sandbox::take_log() {
    return inside_->take_log();
}

void Sandbox::collect_if_full() {
    inside_->collect_if_full();
}

lua_State* Sandbox::state() {
    return inside_->state();
}

Meter& Sandbox::meter() {
    return inside_->meter();
}

Verdict Sandbox::push_chunk(WatchedThread& thread, std::string_view source, std::string_view name) {
    return inside_->push_chunk(thread, source, name);
}

Verdict Sandbox::run(WatchedThread& thread, int arguments, int results,
                     std::chrono::milliseconds cpu_max) {
    return inside_->run(thread, arguments, results, cpu_max);
}

const std::string& Sandbox::message() const {
    return inside_->message();
}

const std::string& Sandbox::traceback() const {
    return inside_->traceback();
}

}  // namespace nocturne::plugins
