// CommandAction: one program that the operator listed, with arguments of the types that it takes.
#pragma once

#include "gateway/effectors/action_result.hpp"
#include "gateway/effectors/process.hpp"
#include "gateway/effectors/secrets.hpp"
#include "model/result.hpp"
#include "rules/action_settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// Only a check is sure to change nothing: it takes programs alone that are marked read_only.
enum class CommandUse : std::uint8_t { Act, Check };

// Whether there is such a node in the service graph; empty: every name that looks like one.
using IsNode = std::function<bool(std::string_view)>;

struct CommandAction {
    ProcessOptions process;            // with the environment but for secrets
    std::vector<std::string> secrets;  // names, each for a variable of its name
    bool is_read_only = false;
};

// An Error says what is not allowed, or not right, in words for people.
Result<CommandAction> plan_command(const rules::ActionSettings& settings,
                                   const model::Action& action, CommandUse use,
                                   const IsNode& is_node);

// "/usr/bin/systemctl restart cart-3.service".
std::string describe(const CommandAction& action);

ActionResult perform_command(CommandAction action, const std::string& key, const Secrets& secrets,
                             std::function<bool()> is_over);

}  // namespace nocturne::gateway
