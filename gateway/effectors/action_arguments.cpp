#include "gateway/effectors/action_arguments.hpp"

#include "model/suggestion.hpp"

#include <algorithm>

namespace nocturne::gateway {

std::string_view argument_of(const model::Action& action, std::string_view name) {
    const auto found = action.arguments.find(std::string(name));
    return found == action.arguments.end() ? std::string_view() : found->second;
}

Status check_arguments(const model::Action& action, std::span<const std::string_view> known,
                       std::string_view prefix) {
    for (const auto& [name, value] : action.arguments) {
        const bool is_known =
            std::find(known.begin(), known.end(), name) != known.end() ||
            (!prefix.empty() && name.size() > prefix.size() && name.starts_with(prefix));
        if (!is_known) {
            return fail(ErrorCode::Invalid,
                        "unknown argument \"" + name.substr(0, 64) + "\"; " +
                            (known.empty() ? "it takes none" : model::suggest(name, known)));
        }
    }
    return {};
}

Result<model::Duration> duration_argument(const model::Action& action, std::string_view name,
                                          model::Duration otherwise, model::Duration most) {
    const std::string_view text = argument_of(action, name);
    if (text.empty()) {
        return otherwise;
    }
    const Result<model::Duration> value = model::parse_duration(text);
    if (!value || *value > most) {
        return fail(ErrorCode::Invalid,
                    "argument " + std::string(name) + ": \"" + std::string(text.substr(0, 64)) +
                        "\" is not a duration up to " + model::format_duration(most));
    }
    return *value;
}

}  // namespace nocturne::gateway
