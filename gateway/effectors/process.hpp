// Process: one program, started without a shell, in a process group of its own, within limits.
#pragma once

#include "model/result.hpp"
#include "model/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nocturne::gateway {

struct ProcessOptions {
    std::string program;                   // an absolute path
    std::vector<std::string> arguments;    // without the program's name
    std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
    std::string folder = "/";
    model::Duration timeout = std::chrono::seconds(30);
    model::Duration cpu = std::chrono::seconds(30);
    std::size_t memory_bytes_max = 1U << 30;
    std::size_t output_bytes_max = 64U << 10;  // of both streams together; the rest is thrown away
    std::function<bool()> is_over;             // asked now and then; killed when it says so
};

struct ProcessEnd {
    enum class How : std::uint8_t { Exited, Signalled, TimedOut, Stopped };

    How how = How::Exited;
    int code = 0;        // the exit code, or the signal
    std::string output;  // of both streams as they came
    bool is_cut = false;
};

// Waits for the program's end. When it ends, or its time does, whatever is left of its process
// group is killed. It has no standard input, and no descriptor of ours. An Error means that it did
// not start.
Result<ProcessEnd> run_process(const ProcessOptions& options);

}  // namespace nocturne::gateway
