// Limits and Outcome: what a plugin may use up in one call, and how a call ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::plugins {

// Per plugin. Texts and blocks are in bytes.
struct Limits {
    std::size_t memory_bytes_max = 16U << 20;
    std::size_t block_bytes_max = 1U << 20;  // one block, so that no single VM step is long
    std::chrono::milliseconds call_cpu_max{50};
    std::chrono::milliseconds load_cpu_max{500};
    // Where calls are repeated (recovery, replay) that came back in time before: so many times the
    // CPU and the memory that the manifest asks for.
    std::uint32_t patience = 1;
    std::uint32_t wall_factor = 10;  // wall clock per call: so many times its CPU
    std::uint64_t instructions_max = 5'000'000;
    std::size_t source_bytes_max = 128U << 10;
    std::size_t load_text_bytes_max = 32U << 10;
    std::size_t error_bytes_max = 1U << 10;
    std::size_t returned_bytes_max = 1U << 10;
    std::uint32_t host_calls_max = 1'000;  // of nocturne.*, per call
    std::uint32_t effects_max = 16;        // annotate, set_*, emit; per call
    std::uint32_t log_lines_max = 100;
    std::size_t log_bytes_max = 16U << 10;
    std::uint32_t close_depth_max =
        16;  // coroutines that close coroutines (Lua 5.4.4 has no limit)
};

// Whether VM instructions are counted. Counting makes kills repeatable and pure VM code twice as
// slow, so it is for `plugin check` and tests; otherwise only C loops count their steps, and the
// watchdog looks after the VM.
enum class Counting : std::uint8_t { LibrarySteps, Instructions };

enum class Verdict : std::uint8_t {
    Ok,
    Error,         // an ordinary error of the plugin's, or a file that was not taken
    KilledTime,    // out of CPU time, wall time or instructions
    KilledMemory,  // over its memory, or over what one block may have
    Refused,       // not called: killed before
};

// "ok", "error", "killed_time", "killed_memory", "refused".
std::string_view name_of(Verdict verdict);

constexpr bool is_kill(Verdict verdict) {
    return verdict == Verdict::KilledTime || verdict == Verdict::KilledMemory;
}

// How one call, or one load, ended.
struct Outcome {
    enum class Returned : std::uint8_t { Nothing, True, False, Text, Other };

    Verdict verdict = Verdict::Ok;
    Returned returned = Returned::Nothing;
    std::string text;                // of Returned::Text, cut and made printable
    std::string message;             // of an error or a kill, cut and made printable
    std::string traceback;           // "plugin/a.lua:3 in on_event", one a line; of errors
    std::uint64_t instructions = 0;  // of the VM when they are counted, and steps of C loops
    std::chrono::nanoseconds cpu{0};
    std::size_t memory_bytes = 0;          // after the call
    std::size_t memory_bytes_highest = 0;  // since the plugin was loaded
};

// A text of a plugin's, fit for a log, a terminal or a page: no control characters, no broken
// UTF-8, newlines as \n, at most `bytes_max` bytes ("..." when it was cut).
std::string printable(std::string_view text, std::size_t bytes_max);

// Well-formed UTF-8 without control characters; newlines and tabs are let through in a Text.
enum class Cleanness : std::uint8_t { Name, Text };

bool is_clean(std::string_view text, Cleanness cleanness);

}  // namespace nocturne::plugins
