// Sandbox: one Lua state with its own memory, budgets and world. What runs in it can neither hold
// up, nor fill, nor see, nor break what is outside.
#pragma once

#include "model/event.hpp"
#include "plugins/limits.hpp"
#include "plugins/watchdog.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct lua_State;

namespace nocturne::plugins {

class Meter;

// Used from one thread at a time, always within a WatchedThread. A call that was killed is the
// last: later ones are Verdict::Refused, and whoever wants the plugin back makes a new Sandbox.
class Sandbox {
   public:
    struct Options {
        Limits limits;
        Counting counting;
        std::uint64_t random_seed = 0;
    };

    // Never fails but for want of memory, which ends the process as it does elsewhere.
    explicit Sandbox(Options options);
    ~Sandbox();  // bounded: no finalizer and no pending __close of the plugin runs
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // Runs a chunk. `name`: as error messages shall have it, e.g. plugin/threshold.lua.
    Outcome load(WatchedThread& thread, std::string_view source, std::string_view name);

    // Calls the global function with a copy of the event, as a table.
    Outcome call_global(WatchedThread& thread, std::string_view function,
                        const model::EventView& event);
    bool has_global(std::string_view function);

    // What `print` has said since the last time.
    std::string take_log();

    // Collects when the memory is nearly full; not in the middle of anything that is waited for.
    void collect_if_full();

    // ---- for a host that has more to say to it ----

    // Between runs the caps do not hold, so what cannot fail but for memory need not be protected.
    // What is on its stack when a run begins stays there.
    lua_State* state();
    Meter& meter();

    // Pushes the chunk's function, or nothing; then message() tells why.
    Verdict push_chunk(WatchedThread& thread, std::string_view source, std::string_view name);
    // Calls the function that is below so many arguments on top of the stack. Ok: so many results
    // are in their place. Else nothing is.
    Verdict run(WatchedThread& thread, int arguments, int results,
                std::chrono::milliseconds cpu_max);
    // Of the last run that was not Ok: cut and made printable.
    const std::string& message() const;
    const std::string& traceback() const;

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::plugins
