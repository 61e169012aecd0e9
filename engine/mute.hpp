// Mute: what hides the raising of an alert. Each kind of suppression answers one question with one
// verb: mutes(alert).
#pragma once

#include "model/position.hpp"
#include "model/reason.hpp"
#include "rules/rule_set.hpp"

#include <string>

namespace nocturne::engine {

struct Mute {
    model::Reason reason = model::Reason::None;  // None: nothing hides it
    rules::RuleIndex rule = rules::kNoRule;
    model::Id by;      // the silence, or the alert that explains this one
    std::string text;  // for people: what else there is to say

    explicit operator bool() const { return reason != model::Reason::None; }
};

}  // namespace nocturne::engine
