// MapReader: reads one YAML map of a rule file key by key, and tells what is wrong where.
#pragma once

#include "model/severity.hpp"
#include "model/time.hpp"
#include "rules/condition.hpp"
#include "rules/loader.hpp"
#include "rules/text_template.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// The problems of one file.
class FileProblems {
   public:
    static constexpr std::size_t kProblemsMax = 1000;  // more than anybody reads at once

    // `text` must outlive it.
    FileProblems(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

    void error(const YAML::Mark& mark, std::string message) {
        add(Problem::Level::Error, mark, std::move(message));
    }

    void warning(const YAML::Mark& mark, std::string message) {
        add(Problem::Level::Warning, mark, std::move(message));
    }

    void add(Problem::Level level, const YAML::Mark& mark, std::string message);

    const std::string& file() const { return file_; }

    Place place_of(const YAML::Mark& mark) const;

    std::size_t error_count() const { return errors_; }

    std::vector<Problem> take() { return std::move(problems_); }

   private:
    std::string file_;
    std::string_view text_;
    std::size_t errors_ = 0;
    std::vector<Problem> problems_;
};

// "one of a, b, c"; for messages.
template <typename Names>
std::string list_of(const Names& names) {
    std::string list;
    for (const std::string_view name : names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    return list;
}

enum class Need : std::uint8_t { Optional, Required };

// Keys are read at most once; finish() tells of those that nobody read.
class MapReader {
   public:
    // `what` names the map in messages: `inhibit "dead switch"`.
    MapReader(FileProblems& problems, const YAML::Node& map, std::string what);

    bool has(std::string_view key) const;
    // Undefined when the key is not there.
    YAML::Node node(std::string_view key, Need need = Need::Optional);

    std::optional<std::string> text(std::string_view key, Need need = Need::Optional);
    bool flag(std::string_view key, bool otherwise);
    std::optional<model::Duration> duration(std::string_view key, Need need = Need::Optional);
    // Between `least` and `most`.
    std::uint32_t number(std::string_view key, std::uint32_t otherwise, std::uint32_t least,
                         std::uint32_t most, Need need = Need::Optional);
    double share(std::string_view key, double otherwise);
    std::optional<model::Severity> severity(std::string_view key);

    template <typename Enum, std::size_t N>
    Enum word(std::string_view key, const std::array<std::string_view, N>& words, Enum otherwise,
              Need need = Need::Optional) {
        const std::optional<std::string> text = this->text(key, need);
        if (!text) {
            return otherwise;
        }
        const std::optional<Enum> found = model::find_name<Enum>(words, *text);
        if (!found) {
            wrong(key, "\"" + *text + "\" is not one of " + list_of(words));
        }
        return found.value_or(otherwise);
    }

    std::vector<std::string> texts(std::string_view key, Need need = Need::Optional);
    std::vector<Field> fields(std::string_view key, Need need = Need::Optional);
    Condition condition(std::string_view key, Need need = Need::Optional);
    // A condition that stands in `node`.
    Condition condition_in(const YAML::Node& node, std::string_view key);
    std::optional<TextTemplate> text_template(std::string_view key, Need need = Need::Optional);
    std::optional<TextTemplate> template_in(const YAML::Node& node, std::string_view key);
    // Each item of a list, or the one thing that stands in its place.
    void each(std::string_view key, const std::function<void(const YAML::Node&)>& visit);
    // Each member of a map.
    void each_member(std::string_view key,
                     const std::function<void(const std::string&, const YAML::Node&)>& visit);

    // Something about the key, which is there or is missing.
    void wrong(std::string_view key, const std::string& message);
    void wrong(const YAML::Node& node, const std::string& message);
    // Tells of unknown keys.
    void finish();

    FileProblems& problems() { return problems_; }

    const std::string& what() const { return what_; }

    const YAML::Node& map() const { return map_; }

   private:
    FileProblems& problems_;
    const YAML::Node map_;
    std::string what_;
    std::vector<std::string> known_;
};

}  // namespace nocturne::rules
