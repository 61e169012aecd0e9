#include "gateway/payload.hpp"

#include "model/json_writer.hpp"
#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "model/time.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using rules::DocumentPath;
using rules::DocumentTemplate;
using rules::PayloadRule;
using Target = PayloadRule::Target;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kTextBytesMax = 256 * 1024;  // of one field; no event is larger by default

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    std::transform(small.begin(), small.end(), small.begin(), [](char byte) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    });
    return small;
}

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Numbers and booleans as JSON writes them; nothing for null, objects and arrays.
std::optional<std::string> text_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::string: return std::string(view(value.get_string()));
        case json::kind::bool_: return value.get_bool() ? "true" : "false";
        case json::kind::int64:
        case json::kind::uint64: return json::serialize(value);
        case json::kind::double_: {
            model::JsonWriter out;
            out.number(value.get_double());
            return out.take();
        }
        default: return std::nullopt;
    }
}

const json::value* step(const json::value& from, const std::string& name) {
    if (const json::object* object = from.if_object()) {
        return object->if_contains(name);
    }
    if (const json::array* array = from.if_array()) {
        std::size_t place = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place);
        const bool is_number = error == std::errc() && end == name.data() + name.size();
        return is_number && place < array->size() ? &(*array)[place] : nullptr;
    }
    return nullptr;
}

// Seconds, milliseconds, microseconds or nanoseconds since 1970, by their size; or RFC 3339.
std::optional<model::Time> time_of(std::string_view text) {
    if (const Result<model::Time> time = model::parse_time(text)) {
        return *time;
    }
    constexpr std::int64_t kSecondsMax = 100'000'000'000;  // the year 5138; as milliseconds, 1973
    constexpr std::int64_t kStep = 1000;
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    const auto [rest, error] = std::from_chars(text.data(), end, whole);
    if (error != std::errc() || whole <= 0) {
        return std::nullopt;
    }
    if (rest != end) {  // "1795229916.5"
        double seconds = 0;
        const auto [last, wrong] = std::from_chars(text.data(), end, seconds);
        return wrong == std::errc() && last == end && seconds < kSecondsMax
                   ? std::optional(model::from_unix_ms(static_cast<std::int64_t>(seconds * kStep)))
                   : std::nullopt;
    }
    if (whole < kSecondsMax) {
        return model::from_unix_ms(whole * kStep);
    }
    whole /= whole < kSecondsMax * kStep           ? 1
             : whole < kSecondsMax * kStep * kStep ? kStep
                                                   : kStep * kStep;
    return model::from_unix_ms(whole);
}

bool is_word(Target target, std::string_view text) {
    const auto is_one_of = [&](const auto& words) {
        return std::find(words.begin(), words.end(), text) != words.end();
    };
    switch (target) {
        case Target::Severity: return is_one_of(model::kSeverityNames);
        case Target::Status: return is_one_of(model::kStatusNames);
        case Target::Kind: return is_one_of(model::kKindNames);
        default: return true;
    }
}

// One item of a document on its way to an event.
class Item {
   public:
    Item(const PayloadRule& rule, const json::value& root, const json::value& item)
        : rule_(rule), root_(root), item_(item) {}

    bool is_skipped() const {
        return std::any_of(
            rule_.skips.begin(), rule_.skips.end(), [&](const PayloadRule::Skip& skip) {
                const std::optional<std::string> text = text_at(skip.path);
                return text && std::find(skip.values.begin(), skip.values.end(),
                                         in_small_letters(*text)) != skip.values.end();
            });
    }

    void append_event(std::string& out) {
        model::JsonWriter event;
        event.begin_object();
        for (std::size_t i = 0; i < PayloadRule::kTargetNames.size(); ++i) {
            if (const std::optional<std::string> text = field(i)) {
                append_field(event, static_cast<Target>(i), *text);
            }
        }
        append_members(event, "labels", rule_.labels, {});
        append_members(event, "annotations", rule_.annotations, odd_words_);
        event.end_object();
        out += event.json();
    }

   private:
    const json::value* find(const DocumentPath& path) const {
        const json::value* found = path.from_root ? &root_ : &item_;
        for (const std::string& name : path.steps) {
            found = found == nullptr ? nullptr : step(*found, name);
        }
        return found;
    }

    // Nothing when it is not there, empty, or means "nothing".
    std::optional<std::string> text_at(const DocumentPath& path) const {
        const json::value* found = find(path);
        std::optional<std::string> text =
            found == nullptr ? std::nullopt : meant(text_of(*found).value_or(""));
        return text;
    }

    std::optional<std::string> meant(std::string_view text) const {
        text = trimmed(text);
        const bool is_nothing = text.empty() || (rule_.unset && rule_.unset->is_in(text));
        return is_nothing ? std::nullopt : std::optional(std::string(text));
    }

    std::optional<std::string> render(const DocumentTemplate& text) const {
        std::string out;
        for (const DocumentTemplate::Piece& piece : text.pieces) {
            out += piece.literal;
            if (!piece.path) {
                continue;
            }
            const std::optional<std::string> value = text_at(*piece.path);
            if (!value) {
                return std::nullopt;
            }
            out += *value;
            if (out.size() > kTextBytesMax) {
                break;  // too large for an event, which the decoder tells
            }
        }
        return out.empty() ? std::nullopt : std::optional(std::move(out));
    }

    std::optional<std::string> render(const PayloadRule::Choice& choice) const {
        for (const DocumentTemplate& text : choice) {
            if (std::optional<std::string> rendered = render(text)) {
                return rendered;
            }
        }
        return std::nullopt;
    }

    // In our words.
    std::optional<std::string> field(std::size_t place) {
        std::optional<std::string> text = render(rule_.fields[place]);
        if (const auto& words = rule_.words[place]) {
            const auto found =
                text ? words->values.find(in_small_letters(*text)) : words->values.end();
            if (found != words->values.end()) {
                return found->second;
            }
            if (words->otherwise) {
                return words->otherwise;
            }
        }
        const auto target = static_cast<Target>(place);
        if (text && !is_word(target, *text)) {
            const std::string small = in_small_letters(*text);
            if (is_word(target, small)) {
                return small;
            }
            odd_words_.emplace("payload_" + std::string(PayloadRule::kTargetNames[place]), *text);
            return std::nullopt;  // what the contract takes when there is none
        }
        return text;
    }

    static void append_field(model::JsonWriter& event, Target target, const std::string& text) {
        const std::string_view name = PayloadRule::kTargetNames[static_cast<std::size_t>(target)];
        if (target == Target::Time) {
            if (const std::optional<model::Time> time = time_of(text)) {
                event.member(name, *time);
            }
        } else if (target == Target::Value) {
            double number = 0;
            const char* end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(text.data(), end, number);
            if (error == std::errc() && rest == end && std::isfinite(number)) {
                event.member(name, number);
            }
        } else {
            event.member(name, text);
        }
    }

    using Texts = std::map<std::string, std::string>;

    void append_members(model::JsonWriter& event, std::string_view key,
                        const PayloadRule::Members& members, const Texts& more) const {
        Texts texts = more;
        for (const DocumentPath& path : members.objects) {
            if (const json::value* found = find(path)) {
                add_all(*found, texts);
            }
        }
        for (const PayloadRule::Named& named : members.named) {
            if (std::optional<std::string> text = render(named.choice)) {
                texts.insert_or_assign(named.name, *std::move(text));
            } else {
                texts.erase(named.name);
            }
        }
        if (texts.empty()) {
            return;
        }
        event.key(key).begin_object();
        for (const auto& [name, text] : texts) {
            event.member(name, text);
        }
        event.end_object();
    }

    // Members of an object; or of an array of objects that each have a name and a value.
    void add_all(const json::value& from, Texts& texts) const {
        const auto add = [&](std::string_view name, const json::value& value) {
            if (std::optional<std::string> text = meant(text_of(value).value_or(""));
                text && !name.empty()) {
                texts.insert_or_assign(std::string(name), *std::move(text));
            }
        };
        if (const json::object* object = from.if_object()) {
            for (const auto& member : *object) {
                add({member.key().data(), member.key().size()}, member.value());
            }
        } else if (const json::array* array = from.if_array()) {
            for (const json::value& pair : *array) {
                const json::object* members = pair.if_object();
                const json::value* value =
                    members != nullptr ? members->if_contains("value") : nullptr;
                for (const char* key : {"tag", "name", "key"}) {
                    const json::value* name =
                        members != nullptr ? members->if_contains(key) : nullptr;
                    if (name != nullptr && name->is_string()) {
                        add(view(name->get_string()), value != nullptr ? *value : json::value());
                        break;
                    }
                }
            }
        }
    }

    const PayloadRule& rule_;
    const json::value& root_;
    const json::value& item_;
    Texts odd_words_;  // of fields that have words of their own, and none of ours
};

Result<json::value> parse(std::string_view document) {
    json::parse_options options;
    options.max_depth = kDepthMax;
    json::error_code error;
    json::value root = json::parse({document.data(), document.size()}, error, {}, options);
    if (error) {
        return fail(ErrorCode::Invalid, "not valid JSON: " + error.message());
    }
    return root;
}

// The items of one document.
Result<std::span<const json::value>> items_of(const PayloadRule& rule, const json::value& root) {
    if (!rule.each) {
        return std::span<const json::value>(&root, 1);
    }
    const json::value* found = &root;
    for (const std::string& name : rule.each->steps) {
        found = found == nullptr ? nullptr : step(*found, name);
    }
    const json::array* items = found == nullptr ? nullptr : found->if_array();
    if (items == nullptr) {
        return fail(ErrorCode::Invalid, "payload \"" + rule.name + "\": there is no array at \"" +
                                            rules::to_string(*rule.each) + "\"");
    }
    return std::span<const json::value>(items->data(), items->size());
}

Status append_events(const PayloadRule& rule, const json::value& root, PayloadEvents& events) {
    NOCTURNE_TRY(const auto items, items_of(rule, root));
    for (const json::value& each : items) {
        Item item(rule, root, each);
        if (item.is_skipped()) {
            ++events.skipped;
            continue;
        }
        item.append_event(events.ndjson);
        events.ndjson += '\n';
        ++events.events;
        if (events.ndjson.size() > kEventsBytesMax) {
            return fail(ErrorCode::Invalid, "payload \"" + rule.name +
                                                "\": the events of this document have more than " +
                                                std::to_string(kEventsBytesMax) + " bytes");
        }
    }
    return {};
}

}  // namespace

Result<PayloadEvents> events_of(const PayloadRule& rule, std::string_view document) {
    NOCTURNE_TRY(const json::value root, parse(document));
    PayloadEvents events;
    if (const json::array* documents = root.if_array();
        documents != nullptr && !(rule.each && rule.each->steps.empty())) {
        for (const json::value& each : *documents) {
            NOCTURNE_TRY_STATUS(append_events(rule, each, events));
        }
    } else {
        NOCTURNE_TRY_STATUS(append_events(rule, root, events));
    }
    return events;
}

Result<const PayloadRule*> find_payload(const std::vector<PayloadRule>& payloads,
                                        std::string_view name) {
    std::vector<std::string_view> names;
    for (const PayloadRule& payload : payloads) {
        if (payload.name == name) {
            return &payload;
        }
        names.emplace_back(payload.name);
    }
    const std::string hint = names.empty() ? "no rules name any; see packs in the configuration"
                                           : model::suggest(name, names);
    return fail(ErrorCode::NotFound,
                "no payload \"" + std::string(name.substr(0, 64)) + "\"; " + hint);
}

}  // namespace nocturne::gateway
