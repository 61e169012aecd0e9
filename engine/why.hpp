// Why: every decision about an alert, an incident or an event, in the order in which it was taken,
// with the rule that took it; what was not done as well.
#pragma once

#include "engine/core.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nocturne::engine {

// `subject`: an alert ("A12-3"), an incident ("I12-0"), a resource, or a source's own id of an
// event that made no alert. {"subject":...,"kind":...,"answers":[{"title":...,"facts":[...],
// "decisions":[{"at","last_at","count","reason","rule","text"}]}]}, or nothing when nobody knows
// it.
std::optional<std::string> render_why(const Core& core, std::string_view subject);

// {"rules":[{"kind","name","mode","file","line","comment","acted","would_have","last"}]}.
std::string render_rules(const Core& core);

}  // namespace nocturne::engine
