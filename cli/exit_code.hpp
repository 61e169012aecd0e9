// What the exit codes of every command mean.
#pragma once

namespace nocturne::cli {

inline constexpr int kOk = 0;
inline constexpr int kFindings =
    1;                            // what was looked at is wrong, or what was asked for was refused
inline constexpr int kUsage = 2;  // the command line is wrong
inline constexpr int kUnreachable = 3;  // no answer from the daemon

}  // namespace nocturne::cli
