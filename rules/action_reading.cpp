#include "rules/action_reading.hpp"

#include "model/expression.hpp"
#include "model/severity.hpp"
#include "model/suggestion.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <set>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};

// Letters, digits and _, as in a variable of the environment.
bool is_variable_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && (name[0] < '0' || name[0] > '9') &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '_';
           });
}

// "10.1.0.0/16", "::1/128", or an address alone.
bool is_network(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string address = text.substr(0, slash);
    unsigned char bytes[16];
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), bytes) == 1;
    if (!is_v4 && ::inet_pton(AF_INET6, address.c_str(), bytes) != 1) {
        return false;
    }
    if (slash == std::string::npos) {
        return true;
    }
    const auto bits = parse_number<unsigned>(std::string_view(text).substr(slash + 1));
    return bits && *bits <= (is_v4 ? 32U : 128U);
}

bool is_host_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '.' || letter == '-' || letter == '_' || letter == ':';
           });
}

class ActionReader {
   public:
    using Field = FieldReader::Field;

    ActionReader(FieldReader& reader, ActionSettings& to) : reader_(reader), to_(to) {}

    void read(const YAML::Node& node) {
        reader_.read_map(node, "actions",
                         {
                             reader_.number("workers", to_.workers, 1, 64),
                             reader_.number("queue_max", to_.queue_max, 1, 100'000),
                             {"http", [&](const YAML::Node& it) { read_http(it); }},
                             {"commands",
                              [&](const YAML::Node& it) {
                                  reader_.each_map(
                                      it, "commands",
                                      "a list, e.g. - {name: restart, program: /bin/systemctl}",
                                      [&](const YAML::Node& item) { read_command(item); });
                              }},
                         });
    }

   private:
    void read_http(const YAML::Node& node) {
        reader_.read_map(
            node, "http",
            {
                reader_.duration("timeout", to_.http_timeout, FieldReader::kSecond,
                                 std::chrono::hours(1)),
                reader_.bytes("answer_bytes_max", to_.http_answer_bytes_max, 64, 64U << 20),
                reader_.bytes("body_bytes_max", to_.http_body_bytes_max, 64, 64U << 20),
                {"hosts",
                 [&](const YAML::Node& it) {
                     reader_.each_map(it, "hosts", "a list, e.g. - {name: deploy.example.com}",
                                      [&](const YAML::Node& item) { read_host(item); });
                 }},
            });
    }

    void read_host(const YAML::Node& node) {
        HttpHost host;
        reader_.read_map(node, "hosts",
                         {
                             reader_.text("name", host.name),
                             {"ports", [&](const YAML::Node& it) { read_ports(it, host); }},
                             {"networks", [&](const YAML::Node& it) { read_networks(it, host); }},
                             {"methods", [&](const YAML::Node& it) { read_methods(it, host); }},
                             reader_.texts("secrets", host.secrets),
                             reader_.path("ca_file", host.ca_file),
                         });
        std::transform(host.name.begin(), host.name.end(), host.name.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        });
        if (!is_host_name(host.name)) {
            reader_.report(node, "name: \"" + shorten(host.name) +
                                     "\" is not a host; expected e.g. deploy.example.com, without "
                                     "scheme, port and path");
            return;
        }
        const bool is_twice =
            std::any_of(to_.hosts.begin(), to_.hosts.end(),
                        [&](const HttpHost& other) { return other.name == host.name; });
        if (is_twice) {
            reader_.report(node, "name: \"" + host.name + "\" is listed twice; leave one");
            return;
        }
        to_.hosts.push_back(std::move(host));
    }

    void read_ports(const YAML::Node& node, HttpHost& host) {
        std::vector<std::string> texts;
        reader_.texts("ports", texts).read(node);
        for (const std::string& text : texts) {
            const auto port = parse_number<std::uint16_t>(text);
            if (!port || *port == 0) {
                reader_.report(node,
                               "ports: \"" + shorten(text) + "\" is not a port from 1 to 65535");
            } else {
                host.ports.push_back(*port);
            }
        }
    }

    void read_networks(const YAML::Node& node, HttpHost& host) {
        std::vector<std::string> texts;
        reader_.texts("networks", texts).read(node);
        for (std::string& text : texts) {
            if (!is_network(text)) {
                reader_.report(node, "networks: \"" + shorten(text) +
                                         "\" is not a network; expected e.g. 10.1.0.0/16 or "
                                         "fd00::/8");
            } else {
                host.networks.push_back(std::move(text));
            }
        }
    }

    void read_methods(const YAML::Node& node, HttpHost& host) {
        reader_.texts("methods", host.methods).read(node);
        for (const std::string& method : host.methods) {
            if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
                reader_.report(node, "methods: \"" + shorten(method) + "\" is not one of " +
                                         list_of(kMethods));
            }
        }
    }

    void read_command(const YAML::Node& node) {
        CommandRule command;
        std::string program;
        std::string folder;
        reader_.read_map(
            node, "commands",
            {
                reader_.text("name", command.name),
                reader_.text("program", program),
                reader_.texts("arguments", command.arguments),
                {"parameters",
                 [&](const YAML::Node& it) {
                     reader_.each_map(
                         it, "parameters", "a list, e.g. - {name: unit, type: node}",
                         [&](const YAML::Node& item) { read_parameter(item, command); });
                 }},
                reader_.flag("read_only", command.read_only),
                reader_.text("folder", folder),
                reader_.texts("environment", command.environment),
                reader_.texts("secrets", command.secrets),
                reader_.duration("cpu", command.cpu, FieldReader::kSecond, std::chrono::hours(24)),
                reader_.bytes("memory_bytes_max", command.memory_bytes_max, 1U << 20,
                              std::uint64_t{1} << 40),
                reader_.bytes("output_bytes_max", command.output_bytes_max, 64, 16U << 20),
                reader_.duration("timeout", command.timeout, FieldReader::kSecond,
                                 std::chrono::hours(24)),
            });
        command.program = program;
        if (!folder.empty()) {
            command.folder = folder;
        }
        if (is_sound(node, command)) {
            to_.commands.push_back(std::move(command));
        }
    }

    bool is_sound(const YAML::Node& node, const CommandRule& command) {
        const std::size_t before = reader_.problems.size();
        const auto report = [&](std::string message) { reader_.report(node, std::move(message)); };
        if (command.name.empty() || command.name.size() > 128) {
            report("name: is missing; expected the name by which a plan calls the program");
        }
        if (std::any_of(to_.commands.begin(), to_.commands.end(),
                        [&](const CommandRule& other) { return other.name == command.name; })) {
            report("name: \"" + shorten(command.name) + "\" is listed twice; leave one");
        }
        // Relative ones would be looked for in PATH, which is not the operator's list.
        if (!command.program.is_absolute()) {
            report("program: \"" + shorten(command.program.string()) +
                   "\" is not an absolute path; expected e.g. /usr/bin/systemctl");
        }
        if (!command.folder.is_absolute()) {
            report("folder: \"" + shorten(command.folder.string()) +
                   "\" is not an absolute path; expected e.g. /var/lib/deploy");
        }
        for (const auto* names : {&command.environment, &command.secrets}) {
            for (const std::string& name : *names) {
                if (!is_variable_name(name)) {
                    report("\"" + shorten(name) +
                           "\" is not the name of a variable; expected "
                           "letters, digits and _");
                }
            }
        }
        check_templates(command, report);
        return reader_.problems.size() == before;
    }

    template <typename Report>
    static void check_templates(const CommandRule& command, const Report& report) {
        std::vector<std::string_view> known;
        for (const CommandParameter& parameter : command.parameters) {
            known.push_back(parameter.name);
        }
        std::set<std::string> used;
        for (const std::string& argument : command.arguments) {
            if (argument.find('\0') != std::string::npos) {
                report("arguments: a zero byte is not allowed");
            }
            for (std::string& name : parameters_in(argument)) {
                if (std::find(known.begin(), known.end(), name) == known.end()) {
                    report("arguments: \"" + shorten(name) + "\" is not a parameter of it" +
                           (known.empty() ? "; it has none" : "; " + model::suggest(name, known)));
                }
                used.insert(std::move(name));
            }
        }
        for (const std::string_view name : known) {
            if (used.count(std::string(name)) == 0) {
                report("parameters: \"" + shorten(name) + "\" stands in no argument");
            }
        }
    }

    void read_parameter(const YAML::Node& node, CommandRule& command) {
        CommandParameter parameter;
        std::string type;
        std::string min;
        std::string max;
        reader_.read_map(node, "parameters",
                         {
                             reader_.text("name", parameter.name),
                             reader_.text("type", type),
                             reader_.text("min", min),
                             reader_.text("max", max),
                             reader_.texts("choices", parameter.choices),
                             reader_.text("pattern", parameter.pattern),
                         });
        const auto report = [&](std::string message) { reader_.report(node, std::move(message)); };
        const auto found = model::find_name<CommandParameter::Type>(kParameterTypeNames, type);
        if (!is_variable_name(parameter.name)) {
            report("name: \"" + shorten(parameter.name) +
                   "\" is not the name of a parameter; expected letters, digits and _");
        } else if (!found) {
            report("type: \"" + shorten(type) + "\" is not one of " + list_of(kParameterTypeNames));
        } else if (parameter.type = *found; parameter.type == CommandParameter::Type::Integer) {
            read_range(min, max, parameter, report);
        } else if (parameter.type == CommandParameter::Type::Choice && parameter.choices.empty()) {
            report("choices: is missing; expected a list, e.g. [blue, green]");
        } else if (parameter.type == CommandParameter::Type::Pattern) {
            check_pattern(parameter, report);
        }
        command.parameters.push_back(std::move(parameter));
    }

    template <typename Report>
    static void read_range(const std::string& min, const std::string& max,
                           CommandParameter& parameter, const Report& report) {
        const auto low = parse_number<std::int64_t>(min);
        const auto high = parse_number<std::int64_t>(max);
        if (!low || !high || *low > *high) {
            report("an integer needs min and max, e.g. {name: count, type: integer, min: 1, max: "
                   "10}");
            return;
        }
        parameter.min = *low;
        parameter.max = *high;
    }

    template <typename Report>
    static void check_pattern(const CommandParameter& parameter, const Report& report) {
        if (parameter.pattern.empty()) {
            report("pattern: is missing; expected a regular expression of the whole value");
        } else if (const auto made = model::Expression::make("^(?:" + parameter.pattern + ")$");
                   !made) {
            report("pattern: " + made.error().message);
        }
    }

    FieldReader& reader_;
    ActionSettings& to_;
};

}  // namespace

std::vector<std::string> parameters_in(std::string_view argument) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < argument.size(); ++i) {
        if (argument[i] != '{' && argument[i] != '}') {
            continue;
        }
        if (i + 1 < argument.size() && argument[i + 1] == argument[i]) {
            ++i;
        } else if (argument[i] == '{') {
            const std::size_t end = std::min(argument.find('}', i), argument.size());
            names.emplace_back(argument.substr(i + 1, end - i - 1));
            i = end;
        }
    }
    return names;
}

void read_secrets(FieldReader& reader, const YAML::Node& node, std::vector<SecretSource>& to) {
    reader.each_map(
        node, "secrets", "a list, e.g. - {name: DEPLOY_TOKEN, file: deploy-token}",
        [&](const YAML::Node& item) {
            SecretSource secret;
            reader.read_map(item, "secrets",
                            {
                                reader.text("name", secret.name),
                                reader.path("file", secret.file),
                                reader.text("env", secret.env),
                            });
            if (!is_variable_name(secret.name)) {
                reader.report(item, "name: \"" + shorten(secret.name) +
                                        "\" is not the name of a secret; expected letters, digits "
                                        "and _, e.g. DEPLOY_TOKEN");
            } else if (secret.file.empty() == secret.env.empty()) {
                reader.report(item, "expected one of file and env, which say where it is read");
            } else if (std::any_of(to.begin(), to.end(), [&](const SecretSource& other) {
                           return other.name == secret.name;
                       })) {
                reader.report(item, "name: \"" + secret.name + "\" is listed twice; leave one");
            } else {
                to.push_back(std::move(secret));
            }
        });
}

void read_actions(FieldReader& reader, const YAML::Node& node, ActionSettings& to) {
    ActionReader(reader, to).read(node);
}

void check_secret_names(FieldReader& reader, const YAML::Node& node,
                        const std::vector<SecretSource>& secrets,
                        const std::vector<std::string>& names) {
    std::vector<std::string_view> known;
    for (const SecretSource& secret : secrets) {
        known.emplace_back(secret.name);
    }
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            reader.report(
                node, "\"" + shorten(name) + "\" is not a secret; " +
                          (known.empty() ? "list it under secrets" : model::suggest(name, known)));
        }
    }
}

}  // namespace nocturne::rules
