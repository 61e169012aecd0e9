#include "gateway/api/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

namespace nocturne::gateway {

Result<std::size_t> parse_count(const Target& target, std::string_view name,
                                std::size_t otherwise) {
    const std::optional<std::string_view> text = target.find(name);
    if (!text) {
        return otherwise;
    }
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (text->empty() || error != std::errc() || end != text->data() + text->size()) {
        return fail(ErrorCode::Invalid, "parameter \"" + std::string(name) + "\": \"" +
                                            std::string(text->substr(0, 64)) +
                                            "\" is not a whole number");
    }
    return value;
}

Result<bool> parse_flag(const Target& target, std::string_view name) {
    const std::optional<std::string_view> text = target.find(name);
    if (!text || *text == "false" || *text == "0") {
        return false;
    }
    if (text->empty() || *text == "true" || *text == "1") {
        return true;
    }
    return fail(ErrorCode::Invalid, "parameter \"" + std::string(name) + "\": \"" +
                                        std::string(text->substr(0, 64)) +
                                        "\" is not one of true, false");
}

Status check_parameters(const Target& target, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : target.query) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            std::string list;
            for (const std::string_view one : known) {
                list += (list.empty() ? "" : ", ") + std::string(one);
            }
            return fail(ErrorCode::Invalid, "unknown parameter \"" + name.substr(0, 64) + "\"" +
                                                (list.empty() ? "; this page takes none"
                                                              : "; expected one of " + list));
        }
    }
    return {};
}

Result<std::size_t> parse_limit(const Target& target, std::size_t otherwise) {
    constexpr std::size_t kPageMax = 100'000;
    NOCTURNE_TRY(const std::size_t limit, parse_count(target, "limit", otherwise));
    return std::min(limit, kPageMax);
}

Result<std::optional<model::Id>> parse_incident(const Target& target) {
    const std::optional<std::string_view> text = target.find("incident");
    if (!text) {
        return std::nullopt;
    }
    const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, *text);
    if (!id) {
        return fail(ErrorCode::Invalid,
                    "parameter \"incident\": not an incident's id; expected e.g. I1042-3");
    }
    return id;
}

}  // namespace nocturne::gateway
