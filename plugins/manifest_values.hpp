// ManifestValues: values out of the table that a plugin's file returned, each with the problem that
// names its place when it is not as it must be.
#pragma once

#include "model/severity.hpp"
#include "model/time.hpp"
#include "plugins/lua_headers.hpp"
#include "plugins/plugin.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::plugins {

// Raw: nothing of the plugin's runs. Outside a run, where nothing is refused.
class ManifestValues {
   public:
    static constexpr std::size_t kTextBytesMax = 1024;
    static constexpr std::size_t kListMax = 256;

    // Lower-case letters, digits and `others`, beginning with a letter.
    static bool is_name(std::string_view text, std::string_view others);
    // A text of the plugin's, as messages show it.
    static std::string shown(std::string_view text);

    ManifestValues(lua_State* L, const PluginSource& source) : L_(L), source_(source) {}

    // `plugins/owner.lua:4: kind: found "enrichr", ...`
    std::vector<std::string> take_problems() { return std::move(problems_); }

    // ---- problems; a path is "wants.events" ----

    void problem(std::string_view path, std::string_view text);
    void wrong(std::string_view path, std::string_view expected, int index);
    // The value as messages show it: a text in quotes, a number, or its type.
    std::string found(int index) const;
    void refuse_unknown(int table, const std::string& path,
                        std::span<const std::string_view> known);

    static std::string join(std::string_view path, std::string_view key);

    // ---- values: nothing when there is none, or when it is a problem ----

    // Pushes the raw value; its type.
    int get(int table, std::string_view key);
    // The stack index of the table of that key, pushed; 0 and nothing pushed when there is none.
    int open(int table, std::string_view path, std::string_view key);
    std::optional<std::string> text(int table, std::string_view path, std::string_view key,
                                    std::string_view expected,
                                    std::size_t bytes_max = kTextBytesMax);
    bool boolean(int table, std::string_view path, std::string_view key);
    std::optional<double> number(int table, std::string_view path, std::string_view key);
    std::optional<double> number(int table, std::string_view path, std::string_view key, double low,
                                 double high);
    // A whole number, or a text of one and its unit (the first stands for 1); 1 to `max`.
    std::optional<std::uint64_t>
    amount(int table, std::string_view path, std::string_view key,
           std::initializer_list<std::pair<std::string_view, unsigned>> units, std::uint64_t max,
           std::string_view expected);
    std::optional<std::size_t> bytes(int table, std::string_view path, std::string_view key,
                                     std::size_t max);
    // A text such as "10m".
    std::optional<model::Duration> duration(int table, std::string_view path, std::string_view key,
                                            model::Duration low, model::Duration high);
    // The texts of a list.
    std::vector<std::string> texts(int table, std::string_view path, std::string_view key);
    // Whether there is one.
    bool function(int table, std::string_view key);

    // One of the names, or a problem.
    template <typename Enum, std::size_t N>
    std::optional<Enum> one_of(const std::array<std::string_view, N>& names, std::string_view path,
                               std::string_view word) {
        const std::optional<Enum> value = model::find_name<Enum>(names, word);
        if (!value) {
            refuse_word(names, path, word);
        }
        return value;
    }

    lua_State* state() const { return L_; }

   private:
    std::uint32_t line_of(std::string_view path) const;
    void read_list(int table, const std::string& path, std::vector<std::string>& list);
    void refuse_word(std::span<const std::string_view> names, std::string_view path,
                     std::string_view word);

    lua_State* L_;
    const PluginSource& source_;
    std::vector<std::string> problems_;
};

}  // namespace nocturne::plugins
