// FileReader and MapReader: YAML of a rule file, read key by key as the grammar has them, with a
// problem for whatever is not so. Inside of the loader.
#pragma once

#include "model/expression.hpp"
#include "rules/condition.hpp"
#include "rules/grammar.hpp"
#include "rules/problem_list.hpp"
#include "rules/text_template.hpp"

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::rules {

// "\"5x\"", "a list": what stands there, for messages.
std::string found_at(const YAML::Node& node);
std::string quote(std::string_view text);

// One file. Aliases let a short file stand for a huge one, so each reading of a node is paid from a
// budget that grows with the file; once that is spent nothing more is read.
class FileReader {
   public:
    // Borrows both.
    FileReader(const model::RuleFile& file, ProblemList& problems);

    const std::string& name() const { return file_.name; }

    ProblemList& problems() { return problems_; }

    // Nothing when it is not YAML, is too long, or is empty, of which only the last is no problem.
    std::optional<YAML::Node> parse();

    void error(const YAML::Node& node, std::string message);
    void warning(const YAML::Node& node, std::string message);
    Place place_of(const YAML::Node& node) const;

    // False when the budget is spent, which is told once.
    bool pay(const YAML::Node& node);

    // Items of a list, bounded.
    void each_item(const YAML::Node& list, const std::string& about,
                   const std::function<void(const YAML::Node&)>& read);
    // Members of a map whose keys are texts, each key once.
    void each_member(
        const YAML::Node& map, const std::string& about,
        const std::function<void(const std::string&, const YAML::Node&, const YAML::Node&)>& read);

    // The same text for the same content, whatever its layout.
    void append_content(std::string& out, const YAML::Node& node);

   private:
    bool has_strange_bytes();
    bool has_several_documents();

    const model::RuleFile& file_;
    ProblemList& problems_;
    std::size_t budget_ = 0;
    bool is_spent_ = false;
};

// One map: a rule, or a part of one. Each call reads a key when it is there, and leaves its target
// as it is when it is not there or is wrong. Borrows the file, the map and the keys.
class MapReader {
   public:
    using ReadMember =
        std::function<void(const std::string&, const YAML::Node&, const YAML::Node&)>;

    // `about` is what messages begin with: `inhibit "dead switch"`. Tells keys that are unknown,
    // given twice, empty or missing.
    MapReader(FileReader& file, const YAML::Node& map, Keys keys, std::string about);

    bool is_map() const { return map_.IsMap(); }

    bool has(std::string_view key) const { return find(key) != nullptr; }

    // What stands behind the key; nullptr when it is not there.
    const YAML::Node* find(std::string_view key) const;

    FileReader& file() { return file_; }

    const YAML::Node& map() const { return map_; }

    const std::string& about() const { return about_; }

    void text(std::string_view key, std::string& to);
    void texts(std::string_view key, std::vector<std::string>& to);
    void flag(std::string_view key, bool& to);
    void share(std::string_view key, double& to);
    void duration(std::string_view key, model::Duration& to);
    void duration(std::string_view key, std::optional<model::Duration>& to);
    void hops(std::string_view key, std::uint8_t& to);
    void field(std::string_view key, Field& to);
    void fields(std::string_view key, std::vector<Field>& to);
    void condition(std::string_view key, Condition& to);
    void condition(std::string_view key, std::optional<Condition>& to);
    void conditions(std::string_view key, std::vector<Condition>& to);
    void expression(std::string_view key, std::optional<model::Expression>& to);
    void text_template(std::string_view key, TextTemplate& to);

    template <typename Int>
    void number(std::string_view key, Int& to) {
        if (const std::optional<std::int64_t> value = whole_number(key)) {
            to = static_cast<Int>(*value);
        }
    }

    // The place of the word among the key's words is the enumerator.
    template <typename Enum>
    void word(std::string_view key, Enum& to) {
        if (const std::optional<std::size_t> place = word_place(key)) {
            to = static_cast<Enum>(*place);
        }
    }

    // The word itself.
    void word(std::string_view key, std::string& to) {
        if (word_place(key)) {
            to = find(key)->Scalar();
        }
    }

    void map(std::string_view key, const std::function<void(MapReader&)>& read);
    void list(std::string_view key, const std::function<void(MapReader&)>& read);
    void members(std::string_view key, const ReadMember& read);
    // Items that are texts or maps with the key's keys. A list may be empty if its shape says so.
    void items(std::string_view key, const std::function<void(const YAML::Node&)>& read);

    // For what only the rule's reader knows.
    std::optional<std::string> text_of(std::string_view key);
    std::optional<std::string> text_of(const YAML::Node& node, std::string_view key);
    std::optional<Field> field_of(const YAML::Node& node, std::string_view key);
    std::optional<TextTemplate> template_of(const YAML::Node& node, std::string_view key);
    // At the key's value, or at the map when it is not there.
    void wrong(std::string_view key, const std::string& message);
    void wrong(const YAML::Node& node, std::string_view key, const std::string& message);
    // "found ..., expected ...".
    void unexpected(const YAML::Node& node, std::string_view key);
    const Key& key_of(std::string_view key) const;

   private:
    std::optional<std::int64_t> whole_number(std::string_view key);
    std::optional<std::size_t> word_place(std::string_view key);
    std::optional<model::Duration> duration_of(std::string_view key);
    std::optional<Condition> condition_of(const YAML::Node& node, std::string_view key);
    std::optional<Condition> condition_map(const YAML::Node& node, std::string_view key);
    bool add_matchers(const YAML::Node& node, std::string_view key, Condition& to);
    bool add_test(const std::string& name, const YAML::Node& name_node, const YAML::Node& values,
                  std::string_view key, Condition& to);
    bool bound(const YAML::Node& node, std::string_view key, std::string_view name,
               std::optional<model::Severity>& to);

    FileReader& file_;
    YAML::Node map_;
    Keys keys_;
    std::string about_;
    std::vector<std::pair<std::string_view, YAML::Node>> found_;
};

}  // namespace nocturne::rules
