#include "gateway/effectors/command_action.hpp"

#include "gateway/effectors/action_arguments.hpp"
#include "gateway/effectors/result_text.hpp"
#include "model/expression.hpp"
#include "model/suggestion.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kValueBytesMax = 4096;
constexpr std::size_t kNodeBytesMax = 253;
constexpr std::string_view kKeyVariable = "NOCTURNE_IDEMPOTENCY_KEY";

// Letters that mean nothing to a shell, should the program hand its arguments to one.
bool looks_like_node(std::string_view name) {
    static constexpr std::string_view kMarks = "._:/@-";
    return !name.empty() && name.size() <= kNodeBytesMax &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') ||
                      kMarks.find(letter) != std::string_view::npos;
           });
}

Status check_value(const rules::CommandParameter& parameter, const std::string& value,
                   const IsNode& is_node) {
    using Type = rules::CommandParameter::Type;
    const auto wrong = [&](const std::string& what) {
        return fail(ErrorCode::Invalid, "argument " + parameter.name + ": \"" +
                                            printable(value, 64) + "\" is not " + what);
    };
    switch (parameter.type) {
        case Type::Node:
            if (!looks_like_node(value)) {
                return wrong("the name of a node (letters, digits and ._:/@- only)");
            }
            return is_node && !is_node(value) ? Status(wrong("a node of the service graph"))
                                              : Status();
        case Type::Integer: {
            std::int64_t number = 0;
            const auto [end, error] =
                std::from_chars(value.data(), value.data() + value.size(), number);
            const bool is_number = error == std::errc() && end == value.data() + value.size();
            return is_number && number >= parameter.min && number <= parameter.max
                       ? Status()
                       : Status(wrong("a whole number from " + std::to_string(parameter.min) +
                                      " to " + std::to_string(parameter.max)));
        }
        case Type::Choice:
            return std::find(parameter.choices.begin(), parameter.choices.end(), value) !=
                           parameter.choices.end()
                       ? Status()
                       : Status(wrong("one of its choices"));
        case Type::Pattern: {
            NOCTURNE_TRY(const model::Expression whole,
                         model::Expression::make("^(?:" + parameter.pattern + ")$"));
            return value.size() <= kValueBytesMax && whole.is_in(value)
                       ? Status()
                       : Status(wrong("what its pattern takes"));
        }
    }
    return wrong("of a known type");
}

Status check_values(const rules::CommandRule& rule, const model::Action& action,
                    const IsNode& is_node) {
    for (const rules::CommandParameter& parameter : rule.parameters) {
        const auto value = action.arguments.find(parameter.name);
        if (value == action.arguments.end()) {
            return fail(ErrorCode::Invalid, "argument " + parameter.name + " is missing");
        }
        if (value->second.find('\0') != std::string::npos) {
            return fail(ErrorCode::Invalid, "argument " + parameter.name + " has a zero byte");
        }
        NOCTURNE_TRY_STATUS(check_value(parameter, value->second, is_node));
    }
    return {};
}

// "{unit}.service" with its values. One that begins with "-" at the front would be an option.
Result<std::string> fill(const std::string& shape, const model::Action& action,
                         const rules::CommandRule& rule) {
    std::string out;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool is_brace = shape[i] == '{' || shape[i] == '}';
        if (is_brace && i + 1 < shape.size() && shape[i + 1] == shape[i]) {
            out += shape[i++];
        } else if (shape[i] == '{') {
            const std::size_t end = std::min(shape.find('}', i), shape.size());
            const std::string name = shape.substr(i + 1, end - i - 1);
            const std::string_view value = argument_of(action, name);
            const bool is_integer = std::any_of(
                rule.parameters.begin(), rule.parameters.end(), [&](const auto& parameter) {
                    return parameter.name == name &&
                           parameter.type == rules::CommandParameter::Type::Integer;
                });
            if (out.empty() && value.starts_with('-') && !is_integer) {
                return fail(ErrorCode::Invalid,
                            "argument " + name + ": \"" + printable(value, 64) +
                                "\" begins with \"-\", which the program could take for an option");
            }
            out += value;
            i = end;
        } else {
            out += shape[i];
        }
    }
    return out;
}

Result<const rules::CommandRule*> find_rule(const rules::ActionSettings& settings,
                                            const std::string& name) {
    const auto rule = std::find_if(settings.commands.begin(), settings.commands.end(),
                                   [&](const rules::CommandRule& it) { return it.name == name; });
    if (rule != settings.commands.end()) {
        return &*rule;
    }
    std::vector<std::string_view> known;
    for (const rules::CommandRule& it : settings.commands) {
        known.emplace_back(it.name);
    }
    return fail(ErrorCode::Invalid, "command \"" + printable(name, 64) +
                                        "\" is not listed under actions.commands" +
                                        (known.empty() ? "" : "; " + model::suggest(name, known)));
}

std::string how_it_ended(const ProcessEnd& end, const ProcessOptions& options) {
    using How = ProcessEnd::How;
    switch (end.how) {
        case How::Exited: return "exit code " + std::to_string(end.code);
        case How::TimedOut:
            return "killed, it was not done within " + model::format_duration(options.timeout);
        case How::Stopped: return "killed, we are stopping";
        case How::Signalled:
            return end.code == SIGXCPU ? "killed, it used more processor time than " +
                                             model::format_duration(options.cpu)
                                       : "killed by signal " + std::to_string(end.code) + " (" +
                                             ::strsignal(end.code) + ")";
    }
    return "ended";
}

}  // namespace

Result<CommandAction> plan_command(const rules::ActionSettings& settings,
                                   const model::Action& action, CommandUse use,
                                   const IsNode& is_node) {
    NOCTURNE_TRY(const rules::CommandRule* rule, find_rule(settings, action.target));
    if (use == CommandUse::Check && !rule->read_only) {
        return fail(ErrorCode::Invalid,
                    "command " + rule->name + " is not marked read_only, so it is no check");
    }
    std::vector<std::string_view> known;
    for (const rules::CommandParameter& parameter : rule->parameters) {
        known.emplace_back(parameter.name);
    }
    if (use == CommandUse::Check) {
        known.emplace_back("every");
    }
    NOCTURNE_TRY_STATUS(check_arguments(action, known));
    NOCTURNE_TRY_STATUS(check_values(*rule, action, is_node));
    CommandAction to;
    to.process.program = rule->program.string();
    to.process.folder = rule->folder.string();
    for (const std::string& shape : rule->arguments) {
        NOCTURNE_TRY(std::string argument, fill(shape, action, *rule));
        to.process.arguments.push_back(std::move(argument));
    }
    for (const std::string& name : rule->environment) {
        if (const char* value = std::getenv(name.c_str()); value != nullptr) {
            to.process.environment.push_back(name + "=" + value);
        }
    }
    to.process.timeout = std::clamp(action.timeout, model::Duration(1), rule->timeout);
    to.process.cpu = rule->cpu;
    to.process.memory_bytes_max = rule->memory_bytes_max;
    to.process.output_bytes_max = rule->output_bytes_max;
    to.secrets = rule->secrets;
    to.is_read_only = rule->read_only;
    return to;
}

std::string describe(const CommandAction& action) {
    std::string text = action.process.program;
    for (const std::string& argument : action.process.arguments) {
        const bool is_plain = looks_like_node(argument);
        text += is_plain ? " " + argument : " \"" + argument + "\"";
    }
    return text;
}

ActionResult perform_command(CommandAction action, const std::string& key, const Secrets& secrets,
                             std::function<bool()> is_over) {
    using Outcome = ActionResult::Outcome;
    Redactor redactor;
    for (const std::string& name : action.secrets) {
        Result<std::string> value = secrets.read(name);
        if (!value || value->find('\0') != std::string::npos) {
            return refused(value ? "secret " + name + " has a zero byte" : value.error().message);
        }
        action.process.environment.push_back(name + "=" + *value);
        redactor.add(name, *std::move(value));
    }
    if (key.find('\0') == std::string::npos) {
        action.process.environment.push_back(std::string(kKeyVariable) + "=" + key);
    }
    action.process.is_over = std::move(is_over);
    Result<ProcessEnd> end = run_process(action.process);
    if (!end) {
        return refused(printable("not started: " + end.error().message));
    }
    const bool is_done = end->how == ProcessEnd::How::Exited;
    std::string text = how_it_ended(*end, action.process);
    if (!end->output.empty()) {
        end->output.erase(end->output.find_last_not_of(" \r\n\t") + 1);
        text += ": " + redactor.redact(std::move(end->output), end->is_cut);
    }
    if (end->is_cut) {
        text += " (cut)";
    }
    const Outcome otherwise = action.is_read_only ? Outcome::Failed : Outcome::Unknown;
    return {!is_done         ? otherwise
            : end->code == 0 ? Outcome::Ok
                             : Outcome::Failed,
            printable(text), true};
}

}  // namespace nocturne::gateway
