// What calls an effector, and what comes of it.
#pragma once

#include "model/plan.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::gateway {

struct ActionCall {
    model::Action action;
    // The same for the same step of the same run, also when it is tried again: goes along as the
    // header Idempotency-Key, or the variable NOCTURNE_IDEMPOTENCY_KEY.
    std::string key;
    // What has not begun by then does not begin: it fails, undone.
    std::chrono::steady_clock::time_point begin_by = std::chrono::steady_clock::time_point::max();
};

struct ActionResult {
    enum class Outcome : std::uint8_t {
        Ok,
        Failed,   // it was not done, or it was and did not help
        Unknown,  // it began, and nobody knows whether it was done
    };

    Outcome outcome = Outcome::Failed;
    std::string text;           // for people: printable, cut, without secrets
    bool is_performed = false;  // something was done or asked; false for what a dry run describes
};

inline constexpr std::array<std::string_view, 3> kOutcomeNames{"ok", "failed", "unknown"};

inline ActionResult refused(std::string text) {
    return {ActionResult::Outcome::Failed, std::move(text), false};
}

}  // namespace nocturne::gateway
