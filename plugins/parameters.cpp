#include "plugins/parameters.hpp"

#include "model/suggestion.hpp"
#include "plugins/read_only.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace nocturne::plugins {

namespace {

std::string text_of(double number) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.14g", number);
    return text.data();
}

std::string bounds_of(const Parameter& parameter) {
    const bool has_low = std::isfinite(parameter.low);
    const bool has_high = std::isfinite(parameter.high);
    if (has_low && has_high) {
        return text_of(parameter.low) + " to " + text_of(parameter.high);
    }
    return has_low ? "at least " + text_of(parameter.low) : "at most " + text_of(parameter.high);
}

// The value that people wrote, or what would be right.
std::optional<ParameterValue> parse(const Parameter& parameter, const std::string& text,
                                    std::string& expected) {
    if (std::holds_alternative<bool>(parameter.standard)) {
        expected = "true or false";
        return text == "true" || text == "false" ? std::optional<ParameterValue>(text == "true")
                                                 : std::nullopt;
    }
    if (std::holds_alternative<std::string>(parameter.standard)) {
        return text;
    }
    expected = parameter.is_integer ? "a whole number" : "a number";
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::string_view value_for(const std::string& name, const ParameterScope& scope) {
    if (name == "resource") {
        return scope.resource;
    }
    if (name == "type") {
        return scope.type;
    }
    if (name == "check") {
        return scope.check;
    }
    for (const model::LabelView& label : scope.labels) {
        if (label.name == name) {
            return label.value;
        }
    }
    return {};
}

bool holds(const model::Matchers& matchers, const ParameterScope& scope) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
        return matcher.matches(value_for(matcher.name(), scope));
    });
}

}  // namespace

std::optional<std::string> problem_of(const Parameter& parameter, const ParameterValue& value) {
    if (const double* number = std::get_if<double>(&value)) {
        if (!std::isfinite(*number)) {
            return "found " + text_of(*number) + "; expected a finite number";
        }
        if (parameter.is_integer &&
            (*number != std::floor(*number) || std::abs(*number) > 9'007'199'254'740'992.0)) {
            return "found " + text_of(*number) + "; expected a whole number";
        }
        if (*number < parameter.low || *number > parameter.high) {
            return "found " + text_of(*number) + "; expected " + bounds_of(parameter);
        }
    }
    const std::string* text = std::get_if<std::string>(&value);
    if (text != nullptr && !parameter.choices.empty() &&
        std::find(parameter.choices.begin(), parameter.choices.end(), *text) ==
            parameter.choices.end()) {
        std::string list;
        for (const std::string& choice : parameter.choices) {
            list += (list.empty() ? "" : ", ") + choice;
        }
        return "found \"" + printable(*text, 60) + "\"; expected one of " + list;
    }
    return std::nullopt;
}

Parameters::Parameters(const std::vector<Parameter>& parameters,
                       const std::vector<PluginSetting>& settings,
                       std::vector<std::string>& problems) {
    for (const Parameter& parameter : parameters) {
        names_.push_back(parameter.name);
        integers_.push_back(parameter.is_integer);
        standard_.push_back(parameter.standard);
    }
    for (const PluginSetting& setting : settings) {
        add(parameters, setting, problems);
    }
}

void Parameters::add(const std::vector<Parameter>& parameters, const PluginSetting& setting,
                     std::vector<std::string>& problems) {
    const std::string place = setting.place.empty() ? "" : setting.place + ": ";
    const auto known = std::find(names_.begin(), names_.end(), setting.parameter);
    if (known == names_.end()) {
        const std::vector<std::string_view> names(names_.begin(), names_.end());
        problems.push_back(
            place + "unknown parameter \"" + printable(setting.parameter, 64) + "\"; " +
            (names.empty() ? "this plugin has none" : model::suggest(setting.parameter, names)));
        return;
    }
    const auto index = static_cast<std::size_t>(known - names_.begin());
    const Parameter& parameter = parameters[index];
    std::string expected;
    std::optional<ParameterValue> value = parse(parameter, setting.value, expected);
    if (!value) {
        problems.push_back(place + "parameter " + parameter.name + ": found \"" +
                           printable(setting.value, 60) + "\"; expected " + expected);
        return;
    }
    if (const auto problem = problem_of(parameter, *value)) {
        problems.push_back(place + "parameter " + parameter.name + ": " + *problem);
        return;
    }
    if (setting.scope.empty()) {
        standard_[index] = std::move(*value);
        // It holds everywhere, and comes after those that hold somewhere only.
        std::erase_if(scoped_, [&](const Setting& earlier) { return earlier.parameter == index; });
        return;
    }
    auto scope = model::parse_matchers(setting.scope);
    if (!scope) {
        problems.push_back(place + "parameter " + parameter.name +
                           ": scope: " + scope.error().message);
        return;
    }
    scopes_by_type_ = scopes_by_type_ ||
                      std::any_of(scope->begin(), scope->end(), [](const model::Matcher& matcher) {
                          return matcher.name() == "type";
                      });
    scoped_.push_back({index, std::move(*value), *std::move(scope)});
}

std::vector<std::string> Parameters::texts_of(std::string_view name) const {
    std::vector<std::string> texts;
    const auto add = [&](const ParameterValue& value) {
        const std::string* text = std::get_if<std::string>(&value);
        if (text != nullptr && std::find(texts.begin(), texts.end(), *text) == texts.end()) {
            texts.push_back(*text);
        }
    };
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (names_[i] == name) {
            add(standard_[i]);
        }
    }
    for (const Setting& setting : scoped_) {
        if (names_[setting.parameter] == name) {
            add(setting.value);
        }
    }
    return texts;
}

void Parameters::attach(lua_State* L) {
    standard_table_ = make_table(L, standard_);
}

void Parameters::push_standard(lua_State* L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, standard_table_);
}

void Parameters::push(lua_State* L, const model::EventView& event, const topology::Graph& graph) {
    if (scoped_.empty()) {
        push_standard(L);
        return;
    }
    ParameterScope scope{event.resource, {}, event.check, event.labels};
    if (scopes_by_type_) {
        if (const auto node = graph.find(event.resource); node != topology::kNoNode) {
            scope.type = graph.node(node).type;
        }
    }
    push_scoped(L, scope);
}

void Parameters::push_scoped(lua_State* L, const ParameterScope& scope) {
    key_.clear();
    for (const Setting& setting : scoped_) {
        key_.push_back(holds(setting.scope, scope) ? '1' : '0');
    }
    const auto known = tables_.find(key_);
    if (known != tables_.end()) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, known->second);
        return;
    }
    if (tables_.size() == kTablesMax) {
        for (const auto& [key, table] : tables_) {
            luaL_unref(L, LUA_REGISTRYINDEX, table);
        }
        tables_.clear();
    }
    std::vector<ParameterValue> values = standard_;
    for (std::size_t i = 0; i < scoped_.size(); ++i) {
        if (key_[i] == '1') {
            values[scoped_[i].parameter] = scoped_[i].value;
        }
    }
    const int table = make_table(L, values);
    tables_.emplace(key_, table);
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
}

int Parameters::make_table(lua_State* L, const std::vector<ParameterValue>& values) {
    lua_createtable(L, 0, static_cast<int>(names_.size()));
    for (std::size_t i = 0; i < names_.size(); ++i) {
        lua_pushlstring(L, names_[i].data(), names_[i].size());
        if (const bool* flag = std::get_if<bool>(&values[i])) {
            lua_pushboolean(L, *flag ? 1 : 0);
        } else if (const std::string* text = std::get_if<std::string>(&values[i])) {
            lua_pushlstring(L, text->data(), text->size());
        } else if (integers_[i]) {
            lua_pushinteger(L, static_cast<lua_Integer>(std::get<double>(values[i])));
        } else {
            lua_pushnumber(L, std::get<double>(values[i]));
        }
        lua_rawset(L, -3);
    }
    make_read_only(L, "parameters", MissingKey::IsError);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

}  // namespace nocturne::plugins
