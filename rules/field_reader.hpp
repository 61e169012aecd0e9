// FieldReader: YAML of the configuration file, read key by key, with a problem and its place for
// whatever is not so. Inside of the reader of the configuration.
#pragma once

#include "model/result.hpp"
#include "model/time.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// At most 64 letters of it, for messages.
std::string shorten(std::string_view text);

// "a, b, c".
template <typename Names>
std::string list_of(const Names& names) {
    std::string list;
    for (const std::string_view name : names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    return list;
}

template <typename Int>
std::optional<Int> parse_number(std::string_view text) {
    Int number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

// "262144", "256KiB", "16MiB".
std::optional<std::uint64_t> parse_bytes(std::string_view text);

class FieldReader {
   public:
    struct Field {
        std::string_view key;
        std::function<void(const YAML::Node&)> read;
    };

    using Fields = std::vector<Field>;

    static constexpr std::size_t kListItemsMax = 1000;
    static constexpr std::size_t kProblemsMax = 100;  // more than anybody reads at once
    static constexpr model::Duration kSecond = std::chrono::seconds(1);
    static constexpr model::Duration kDurationMax = std::chrono::days(3660);

    // Paths in the text are relative to the folder of `file_name`.
    explicit FieldReader(const std::string& file_name);

    // ---- what stands behind a key; `to` stays as it is when it is wrong ----

    Field text(std::string_view key, std::string& to);
    Field path(std::string_view key, std::filesystem::path& to);
    Field flag(std::string_view key, bool& to);
    Field duration(std::string_view key, model::Duration& to,
                   model::Duration min = model::Duration(0), model::Duration max = kDurationMax);
    Field bytes(std::string_view key, std::size_t& to, std::uint64_t min = 64,
                std::uint64_t max = 16U << 20);
    // Above 0, up to 1.
    Field share(std::string_view key, double& to);
    Field texts(std::string_view key, std::vector<std::string>& to);

    template <typename Int>
    Field number(std::string_view key, Int& to, std::uint64_t min,
                 std::uint64_t max = 1'000'000'000) {
        return {key, [this, key, &to, min, max](const YAML::Node& node) {
                    const std::optional<std::string> text = scalar(node, key, "a whole number");
                    if (!text) {
                        return;
                    }
                    const std::optional<std::uint64_t> value = parse_number<std::uint64_t>(*text);
                    if (!value || *value < min || *value > max) {
                        report(node, std::string(key) + ": \"" + shorten(*text) +
                                         "\" is not a whole number from " + std::to_string(min) +
                                         " to " + std::to_string(max));
                    } else {
                        to = static_cast<Int>(*value);
                    }
                }};
    }

    // ---- the shape of the text ----

    void read_map(const YAML::Node& node, std::string_view name, const Fields& fields);
    // Items of a list of maps; one alone may stand without. `expected` e.g. "a list of hosts".
    void each_map(const YAML::Node& node, std::string_view key, std::string_view expected,
                  const std::function<void(const YAML::Node&)>& read);
    void each_text(const YAML::Node& node, std::string_view key, std::string_view expected,
                   const std::function<void(const YAML::Node&)>& read);
    std::optional<std::string> scalar(const YAML::Node& node, std::string_view key,
                                      std::string_view expected);
    void read_path(const YAML::Node& node, std::string_view key, std::filesystem::path& to);

    void report(const YAML::Node& node, std::string message);
    void report(const YAML::Mark& mark, std::string message);
    Place place_of(const YAML::Mark& mark) const;

    std::vector<Error> problems;  // in the order in which they were found

   private:
    std::string file_name_;
    std::filesystem::path folder_;
};

}  // namespace nocturne::rules
