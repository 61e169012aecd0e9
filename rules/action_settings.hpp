// ActionSettings: what effectors may do, as the operator's configuration lists it. What is not
// listed is refused.
#pragma once

#include "model/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// Where a secret is read from, at each use. Its value is never part of the configuration.
struct SecretSource {
    std::string name;
    std::filesystem::path file;  // empty: from the environment
    std::string env;

    friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

// A host that the effectors http and check may talk to.
struct HttpHost {
    std::string name;                  // a name of DNS, or an address
    std::vector<std::uint16_t> ports;  // empty: 80 for http, 443 for https
    // "10.1.0.0/16": what its name may resolve to. Empty: public addresses only.
    std::vector<std::string> networks;
    std::vector<std::string> methods;  // empty: all
    std::vector<std::string> secrets;  // that may be sent to it, by name
    std::filesystem::path ca_file;     // empty: the system's

    friend bool operator==(const HttpHost&, const HttpHost&) = default;
};

struct CommandParameter {
    enum class Type : std::uint8_t { Node, Integer, Choice, Pattern };

    std::string name;
    Type type = Type::Node;
    std::int64_t min = 0;  // of an integer
    std::int64_t max = 0;
    std::vector<std::string> choices;
    std::string pattern;  // RE2, of the whole value

    friend bool operator==(const CommandParameter&, const CommandParameter&) = default;
};

inline constexpr std::array<std::string_view, 4> kParameterTypeNames{"node", "integer", "choice",
                                                                     "pattern"};

// A program that the effectors command and check may start.
struct CommandRule {
    std::string name;  // by which a plan calls it
    std::filesystem::path program;
    std::vector<std::string> arguments;  // "{unit}.service": parameters in braces
    std::vector<CommandParameter> parameters;
    bool read_only = false;                // a check, and so a dry run, may start it
    std::filesystem::path folder = "/";    // in which it starts
    std::vector<std::string> environment;  // names of variables that it is given
    std::vector<std::string> secrets;      // each in a variable of its name
    model::Duration cpu = std::chrono::seconds(30);
    std::size_t memory_bytes_max = 1U << 30;
    std::size_t output_bytes_max = 64U << 10;
    model::Duration timeout = std::chrono::minutes(5);  // a plan may ask for less

    friend bool operator==(const CommandRule&, const CommandRule&) = default;
};

struct ActionSettings {
    std::size_t workers = 4;      // actions under way at a time
    std::size_t queue_max = 256;  // that wait for one
    std::vector<HttpHost> hosts;
    model::Duration http_timeout = std::chrono::seconds(30);  // a plan may ask for less
    std::size_t http_answer_bytes_max = 1U << 20;
    std::size_t http_body_bytes_max = 1U << 20;
    std::vector<CommandRule> commands;

    friend bool operator==(const ActionSettings&, const ActionSettings&) = default;
};

// The parameters that stand in braces in an argument, in order. "{{" and "}}" are braces.
std::vector<std::string> parameters_in(std::string_view argument);

}  // namespace nocturne::rules
