// The whole program as a function.
#pragma once

namespace nocturne::cli {

// Reads the command line, runs the command, gives the exit code (exit_code.hpp). No exception
// leaves it.
int run_nocturne(int argc, char** argv) noexcept;

}  // namespace nocturne::cli
