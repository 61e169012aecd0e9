#include "model/event_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace nocturne::model {

namespace {

namespace ondemand = simdjson::ondemand;

// Why an event was not taken. Structural: the JSON itself is broken, so that what follows in the
// same document cannot be trusted; otherwise only this event is wrong.
struct Problem {
    bool structural = false;
    std::string message;
};

using Checked = std::optional<Problem>;  // nothing: all is well

Problem wrong(std::string_view field, std::string_view what) {
    return {false, "field \"" + std::string(field) + "\": " + std::string(what)};
}

Problem broken(simdjson::error_code error) {
    switch (error) {
        case simdjson::UTF8_ERROR: return {true, "not valid UTF-8"};
        case simdjson::UNCLOSED_STRING: return {true, "not valid JSON: a text is not closed"};
        case simdjson::EMPTY: return {true, "empty, expected a JSON object"};
        case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
            return {true, "not valid JSON: it breaks off half-way"};
        case simdjson::NUMBER_ERROR:
            return {true, "not valid JSON: a number is malformed or too large"};
        case simdjson::CAPACITY:
        case simdjson::MEMALLOC: return {true, "too large to parse"};
        case simdjson::DEPTH_ERROR: return {true, "nested too deep"};
        default: return {true, std::string("not valid JSON: ") + simdjson::error_message(error)};
    }
}

std::string_view type_name(ondemand::json_type type) {
    switch (type) {
        case ondemand::json_type::array: return "an array";
        case ondemand::json_type::object: return "an object";
        case ondemand::json_type::number: return "a number";
        case ondemand::json_type::string: return "a text";
        case ondemand::json_type::boolean: return "a boolean";
        case ondemand::json_type::null: return "null";
    }
    return "something else";
}

template <std::size_t N>
std::string list_of(const std::array<std::string_view, N>& names) {
    std::string list;
    for (const std::string_view name : names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    return list;
}

std::string quoted(std::string_view text) {
    std::string out;
    out += '"';
    out += text.substr(0, 64);
    out += text.size() > 64 ? "...\"" : "\"";
    return out;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Whether nothing follows what was read of the document.
bool is_at_end(ondemand::document& document) {
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

// The text between the quotes of a token that starts with one, as long as it has no escapes; what
// stands between two structural bytes ends with the closing quote and blanks.
std::optional<std::string_view> plain_text(std::string_view token) {
    const std::string_view text = token.substr(1, token.rfind('"') - 1);
    if (std::memchr(text.data(), '\\', text.size()) != nullptr) {
        return std::nullopt;
    }
    return text;
}

// Fills one event from one JSON object. Texts stay where they are in the message, which the batch
// then keeps, and only those with escapes are copied to its arena; labels and annotations gather
// in vectors that the caller reuses.
class EventReader {
   public:
    EventReader(const EventLimits& limits, Arena& arena, std::vector<LabelView>& labels,
                std::vector<AnnotationView>& annotations, simdjson::dom::parser& nested)
        : limits_(limits), arena_(arena), labels_(labels), annotations_(annotations),
          nested_(nested) {
        labels_.clear();
        annotations_.clear();
        event_.source = "unknown";
    }

    Checked read(ondemand::object object) {
        for (auto member : object) {
            ondemand::field field;
            if (const auto error = std::move(member).get(field)) {
                return broken(error);
            }
            std::string_view key;
            if (const auto error = read_key(field, key)) {
                return broken(error);
            }
            ondemand::value& value = field.value();
            ondemand::json_type type{};
            if (const auto error = value.type().get(type)) {
                return broken(error);
            }
            if (type == ondemand::json_type::null) {
                if (const auto error = value.is_null().error()) {
                    return broken(error);
                }
                continue;  // null means absent: many encoders write it
            }
            if (Checked problem = read_field(key, value, type)) {
                return problem;
            }
        }
        return finish();
    }

    const EventView& event() const { return event_; }

   private:
    Checked read_field(std::string_view key, ondemand::value& value, ondemand::json_type type) {
        switch (key.empty() ? '\0' : key.front()) {
            case 't':
                if (key == "time") {
                    return read_time(value, type);
                }
                break;
            case 's':
                if (key == "source") {
                    return read_text(key, value, type, limits_.text_bytes_max, event_.source);
                }
                if (key == "status") {
                    return read_name(key, value, type, kStatusNames, event_.status);
                }
                if (key == "severity") {
                    return read_name(key, value, type, kSeverityNames, event_.severity);
                }
                if (key == "summary") {
                    return read_text(key, value, type, limits_.summary_bytes_max, event_.summary);
                }
                break;
            case 'r':
                if (key == "resource") {
                    return read_text(key, value, type, limits_.text_bytes_max, event_.resource);
                }
                break;
            case 'c':
                if (key == "check") {
                    return read_text(key, value, type, limits_.text_bytes_max, event_.check);
                }
                break;
            case 'k':
                if (key == "kind") {
                    return read_name(key, value, type, kKindNames, event_.kind);
                }
                break;
            case 'i':
                if (key == "id") {
                    return read_text(key, value, type, limits_.text_bytes_max, event_.id);
                }
                break;
            case 'v':
                if (key == "value") {
                    return read_value(value, type);
                }
                break;
            case 'l':
                if (key == "labels") {
                    return read_labels(value, type);
                }
                break;
            case 'a':
                if (key == "annotations") {
                    return read_annotations(value, type);
                }
                break;
            default: break;
        }
        return read_annotation(key, value, type, Nested::Keep);
    }

    // The key of a member; the first stage of the parser has seen that its quotes are closed.
    simdjson::error_code read_key(ondemand::field& field, std::string_view& key) {
        const char* begin = field.key().raw();
        const char* end = begin;
        while (*end != '"' && *end != '\\') {
            ++end;
        }
        if (*end == '"') {
            key = {begin, static_cast<std::size_t>(end - begin)};
            return simdjson::SUCCESS;
        }
        std::string_view unescaped;
        const simdjson::error_code error = field.unescaped_key().get(unescaped);
        key = arena_.copy(unescaped);
        return error;
    }

    static Problem wrong_type(std::string_view key, std::string_view expected,
                              ondemand::json_type type) {
        return wrong(key, "expected " + std::string(expected) + ", found " +
                              std::string(type_name(type)));
    }

    Checked check_size(std::string_view key, std::string_view text, std::size_t bytes_max) const {
        if (text.size() > bytes_max) {
            return wrong(key, std::to_string(text.size()) + " bytes are over the limit of " +
                                  std::to_string(bytes_max));
        }
        return {};
    }

    Checked read_text(std::string_view key, ondemand::value& value, ondemand::json_type type,
                      std::size_t bytes_max, std::string_view& out) {
        if (type != ondemand::json_type::string) {
            return wrong_type(key, "a text", type);
        }
        if (const auto plain = plain_text(value.raw_json_token())) {
            out = *plain;
            return check_size(key, out, bytes_max);
        }
        std::string_view text;
        if (const auto error = value.get_string().get(text)) {
            return broken(error);
        }
        out = arena_.copy(text);
        return check_size(key, text, bytes_max);
    }

    template <typename Enum, std::size_t N>
    Checked read_name(std::string_view key, ondemand::value& value, ondemand::json_type type,
                      const std::array<std::string_view, N>& names, Enum& out) {
        if (type != ondemand::json_type::string) {
            return wrong_type(key, "a text", type);
        }
        std::string_view text;
        if (const auto error = value.get_string().get(text)) {
            return broken(error);
        }
        const std::optional<Enum> found = find_name<Enum>(names, text);
        if (!found) {
            return wrong(key, quoted(text) + " is not one of " + list_of(names));
        }
        out = *found;
        return {};
    }

    Checked read_time(ondemand::value& value, ondemand::json_type type) {
        if (type == ondemand::json_type::string) {
            std::string_view text;
            if (const auto error = value.get_string().get(text)) {
                return broken(error);
            }
            const Result<Time> time = parse_time(text);
            if (!time) {
                return wrong("time", time.error().message);
            }
            event_.time = *time;
            return {};
        }
        if (type != ondemand::json_type::number) {
            return wrong_type("time", "RFC 3339 text or integer milliseconds since 1970", type);
        }
        std::int64_t unix_ms = 0;
        if (value.get_int64().get(unix_ms) != simdjson::SUCCESS) {
            return wrong("time",
                         "expected RFC 3339 text or integer milliseconds since 1970, found " +
                             quoted(trimmed(value.raw_json_token())));
        }
        constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;
        if (unix_ms < 0 || unix_ms >= kYear10000Ms) {
            return wrong("time", std::to_string(unix_ms) +
                                     " milliseconds are outside the years 1970 to 9999");
        }
        event_.time = from_unix_ms(unix_ms);
        return {};
    }

    Checked read_value(ondemand::value& value, ondemand::json_type type) {
        if (type != ondemand::json_type::number) {
            return wrong_type("value", "a number", type);
        }
        if (value.get_double().get(event_.value) != simdjson::SUCCESS) {
            return wrong("value", "expected a finite number, found " +
                                      quoted(trimmed(value.raw_json_token())));
        }
        event_.has_value = true;
        return {};
    }

    // Calls `read_member(key, value, type)` for each member that is not null.
    template <typename ReadMember>
    Checked each_member(std::string_view key, ondemand::value& value, ondemand::json_type type,
                        ReadMember read_member) {
        if (type != ondemand::json_type::object) {
            return wrong_type(key, "an object", type);
        }
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) {
            return broken(error);
        }
        for (auto each : object) {
            ondemand::field field;
            if (const auto error = std::move(each).get(field)) {
                return broken(error);
            }
            std::string_view name;
            if (const auto error = read_key(field, name)) {
                return broken(error);
            }
            ondemand::value& member = field.value();
            ondemand::json_type member_type{};
            if (const auto error = member.type().get(member_type)) {
                return broken(error);
            }
            if (Checked problem = check_size(key, name, limits_.text_bytes_max)) {
                return problem;
            }
            if (Checked problem = read_member(name, member, member_type)) {
                return problem;
            }
        }
        return {};
    }

    Checked read_labels(ondemand::value& value, ondemand::json_type type) {
        labels_.clear();
        return each_member(
            "labels", value, type,
            [&](std::string_view name, ondemand::value& member,
                ondemand::json_type member_type) -> Checked {
                if (labels_.size() == limits_.labels_max) {
                    return wrong("labels",
                                 "more than " + std::to_string(limits_.labels_max) + " labels");
                }
                if (name.empty()) {
                    return wrong("labels", "a label has an empty name");
                }
                LabelView label{name, {}};
                if (member_type != ondemand::json_type::string) {
                    return wrong("labels", "label " + quoted(name) + ": expected a text, found " +
                                               std::string(type_name(member_type)));
                }
                if (Checked problem = read_text("labels", member, member_type,
                                                limits_.text_bytes_max, label.value)) {
                    return problem;
                }
                labels_.push_back(label);
                return {};
            });
    }

    Checked read_annotations(ondemand::value& value, ondemand::json_type type) {
        return each_member(
            "annotations", value, type,
            [&](std::string_view name, ondemand::value& member, ondemand::json_type member_type) {
                return read_annotation(name, member, member_type, Nested::Refuse);
            });
    }

    enum class Nested { Keep, Refuse };

    Checked read_annotation(std::string_view name, ondemand::value& value, ondemand::json_type type,
                            Nested nested) {
        if (annotations_.size() == limits_.annotations_max) {
            return wrong("annotations",
                         "more than " + std::to_string(limits_.annotations_max) + " annotations");
        }
        if (Checked problem = check_size(name.substr(0, 64), name, limits_.text_bytes_max)) {
            return problem;
        }
        AnnotationView annotation{name, {}, AnnotationView::Type::Text};
        Checked problem;
        switch (type) {
            case ondemand::json_type::string:
                problem = read_text(annotation.name, value, type, limits_.summary_bytes_max,
                                    annotation.value);
                break;
            case ondemand::json_type::number: problem = read_number(annotation, value); break;
            case ondemand::json_type::boolean: problem = read_boolean(annotation, value); break;
            case ondemand::json_type::null:
                if (const auto error = value.is_null().error()) {
                    return broken(error);
                }
                return {};
            case ondemand::json_type::array:
            case ondemand::json_type::object:
                if (nested == Nested::Refuse) {
                    return wrong("annotations", "annotation " + quoted(annotation.name) +
                                                    ": expected a text, number or boolean, found " +
                                                    std::string(type_name(type)));
                }
                problem = read_nested(annotation, value);
                break;
        }
        annotations_.push_back(annotation);
        return problem;
    }

    Checked read_number(AnnotationView& annotation, ondemand::value& value) {
        const std::string_view digits = trimmed(value.raw_json_token());
        double ignored = 0;
        if (value.get_double().get(ignored) != simdjson::SUCCESS) {
            return wrong(annotation.name, "expected a finite number, found " + quoted(digits));
        }
        annotation.type = AnnotationView::Type::Number;
        annotation.value = digits;
        return check_size(annotation.name, digits, limits_.text_bytes_max);
    }

    Checked read_boolean(AnnotationView& annotation, ondemand::value& value) {
        bool truth = false;
        if (const auto error = value.get_bool().get(truth)) {
            return broken(error);
        }
        annotation.type = AnnotationView::Type::Boolean;
        annotation.value = truth ? "true" : "false";
        return {};
    }

    // A second parse proves the part, which on-demand only skipped, and takes the blanks out.
    Checked read_nested(AnnotationView& annotation, ondemand::value& value) {
        std::string_view raw;
        if (const auto error = simdjson::to_json_string(value).get(raw)) {
            return broken(error);
        }
        simdjson::dom::element element;
        if (const auto error = nested_.parse(raw.data(), raw.size(), true).get(element)) {
            return broken(error);
        }
        annotation.type = AnnotationView::Type::Json;
        annotation.value = arena_.copy(std::string_view(simdjson::minify(element)));
        return check_size(annotation.name, annotation.value, limits_.summary_bytes_max);
    }

    Checked finish() {
        if (event_.resource.empty()) {
            return wrong("resource",
                         "is missing; expected the name of a node of the service graph");
        }
        if (event_.check.empty()) {
            if (event_.kind == Kind::Alert || event_.kind == Kind::Metric) {
                return wrong("check", "is missing; expected what was checked, e.g. latency");
            }
            event_.check = name_of(event_.kind);
        }
        if (event_.severity == Severity::Ok) {
            event_.status = EventStatus::Resolved;
        }
        const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
        if (!std::is_sorted(labels_.begin(), labels_.end(), by_name)) {
            std::sort(labels_.begin(), labels_.end(), by_name);
        }
        const auto same = [](const LabelView& a, const LabelView& b) { return a.name == b.name; };
        if (const auto twin = std::adjacent_find(labels_.begin(), labels_.end(), same);
            twin != labels_.end()) {
            return wrong("labels", "label " + quoted(twin->name) + " is there twice");
        }
        event_.labels = arena_.copy(std::span<const LabelView>(labels_));
        event_.annotations = arena_.copy(std::span<const AnnotationView>(annotations_));
        event_.fingerprint = identity_of(event_.resource, event_.check, event_.labels);
        event_.message = message_of(event_.source, event_.id);
        return {};
    }

    const EventLimits& limits_;
    Arena& arena_;
    std::vector<LabelView>& labels_;
    std::vector<AnnotationView>& annotations_;
    simdjson::dom::parser& nested_;
    EventView event_;
};

// Where the value that starts at text[begin] ends, by counting brackets outside texts; the end of
// the text when it breaks off.
std::size_t end_of_element(std::string_view text, std::size_t begin) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = begin; i < text.size(); ++i) {
        const char byte = text[i];
        if (in_text) {
            i += byte == '\\' ? 1 : 0;
            in_text = byte != '"';
            continue;
        }
        switch (byte) {
            case '"': in_text = true; break;
            case '{':
            case '[': ++depth; break;
            case '}':
            case ']':
                if (--depth < 0) {
                    return i;  // the bracket of the array around
                }
                break;
            case ',':
                if (depth == 0) {
                    return i;
                }
                break;
            default: break;
        }
    }
    return text.size();
}

}  // namespace

class EventDecoder::Inside {
   public:
    explicit Inside(EventLimits limits) : limits_(limits) {}

    Decoded decode(std::string_view message) {
        const std::string_view text = pad(message);
        Decoded decoded;
        if (text.starts_with('[')) {
            decode_array(text, decoded);
        } else {
            decode_lines(text, decoded);
        }
        if (!decoded.batch.empty()) {
            decoded.batch.arena().adopt(std::move(padded_));
        }
        return decoded;
    }

    nocturne::Status decode_one(std::string_view object, EventBatch& batch) {
        if (Checked problem = decode_object(pad(object), batch)) {
            return fail(ErrorCode::Invalid, std::move(problem->message));
        }
        batch.arena().adopt(std::move(padded_));
        return {};
    }

   private:
    // simdjson reads a few bytes past the end: the copy has room for that, and becomes part of the
    // batch that is read from it. Also drops a byte order mark and blanks around.
    std::string_view pad(std::string_view message) {
        if (message.starts_with("\xEF\xBB\xBF")) {
            message.remove_prefix(3);
        }
        message = trimmed(message);
        const std::size_t needed = message.size() + simdjson::SIMDJSON_PADDING;
        if (padded_ == nullptr || padded_bytes_ < needed) {
            padded_ = std::make_unique_for_overwrite<char[]>(needed);
            padded_bytes_ = needed;
        }
        if (!message.empty()) {  // an empty view may point to nothing
            std::memcpy(padded_.get(), message.data(), message.size());
        }
        std::memset(padded_.get() + message.size(), ' ', simdjson::SIMDJSON_PADDING);
        return {padded_.get(), message.size()};
    }

    // Bytes from the start of the text, which stands in padded_, to the end of the room.
    std::size_t readable_from(std::string_view text) const {
        return padded_bytes_ - static_cast<std::size_t>(text.data() - padded_.get());
    }

    Checked check_size(std::string_view object) const {
        if (object.size() > limits_.event_bytes_max) {
            return Problem{false, "the event has " + std::to_string(object.size()) +
                                      " bytes, the limit is " +
                                      std::to_string(limits_.event_bytes_max)};
        }
        return {};
    }

    // `object` stands in padded_.
    Checked decode_object(std::string_view object, EventBatch& batch) {
        if (Checked problem = check_size(object)) {
            return problem;
        }
        const std::size_t readable = readable_from(object);
        ondemand::document document;
        if (const auto error =
                parser_.iterate(object.data(), object.size(), readable).get(document)) {
            return broken(error);
        }
        ondemand::json_type type{};
        if (const auto error = document.type().get(type)) {
            return broken(error);
        }
        if (type != ondemand::json_type::object) {
            return Problem{true, "expected a JSON object, found " + std::string(type_name(type))};
        }
        ondemand::object fields;
        if (const auto error = document.get_object().get(fields)) {
            return broken(error);
        }
        EventReader reader(limits_, batch.arena(), labels_, annotations_, nested_);
        if (Checked problem = reader.read(fields)) {
            return problem;
        }
        if (!is_at_end(document)) {
            return Problem{true, "not valid JSON: something follows the object"};
        }
        batch.add_owned(reader.event());
        return {};
    }

    static void reject(Decoded& decoded, std::size_t index, Problem problem,
                       std::string_view input) {
        decoded.rejected.push_back({index, std::move(problem.message),
                                    std::string(input.substr(0, Rejection::kInputBytesMax))});
    }

    void decode_lines(std::string_view text, Decoded& decoded) {
        std::size_t index = 0;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            const std::string_view line = trimmed(text.substr(begin, end - begin));
            begin = end + 1;
            if (line.empty()) {
                continue;
            }
            Checked problem = decode_object(line, decoded.batch);
            if (problem && problem->structural && index == 0 && end < text.size() &&
                !decode_object(text, decoded.batch)) {
                return;  // one object, printed over many lines
            }
            if (problem) {
                reject(decoded, index, std::move(*problem), line);
            }
            ++index;
        }
        if (index == 0) {
            reject(decoded, 0, broken(simdjson::EMPTY), text);
        }
    }

    void decode_array(std::string_view text, Decoded& decoded) {
        if (text.size() > limits_.event_bytes_max || !decode_whole_array(text, decoded)) {
            decoded = {};
            decode_elements(text, decoded);
        }
    }

    // The quick way; false when the JSON is broken somewhere.
    bool decode_whole_array(std::string_view text, Decoded& decoded) {
        const std::size_t readable = readable_from(text);
        ondemand::document document;
        ondemand::array array;
        if (parser_.iterate(text.data(), text.size(), readable).get(document) ||
            document.get_array().get(array)) {
            return false;
        }
        std::size_t index = 0;
        for (auto element : array) {
            ondemand::object fields;
            if (element.get_object().get(fields)) {
                return false;
            }
            EventReader reader(limits_, decoded.batch.arena(), labels_, annotations_, nested_);
            Checked problem = reader.read(fields);
            if (problem && problem->structural) {
                return false;
            }
            if (problem) {
                std::string_view raw;
                if (fields.reset().error() || fields.raw_json().get(raw)) {
                    return false;
                }
                reject(decoded, index, std::move(*problem), raw);
            } else {
                decoded.batch.add_owned(reader.event());
            }
            ++index;
        }
        return is_at_end(document);
    }

    // The careful way: each element is parsed by itself.
    void decode_elements(std::string_view text, Decoded& decoded) {
        std::size_t index = 0;
        bool closed = false;
        for (std::size_t begin = 1; begin < text.size() && !closed; ++index) {
            const std::size_t end = end_of_element(text, begin);
            closed = end < text.size() && text[end] == ']';
            const std::string_view element = trimmed(text.substr(begin, end - begin));
            begin = end + 1;
            if (element.empty() && closed && index == 0) {
                return;
            }
            if (Checked problem = decode_object(element, decoded.batch)) {
                reject(decoded, index, std::move(*problem), element);
            }
            if (closed && begin < text.size()) {
                reject(decoded, index + 1, {true, "not valid JSON: something follows the array"},
                       text.substr(begin));
            }
        }
        if (!closed && decoded.rejected.empty()) {
            reject(decoded, index, broken(simdjson::INCOMPLETE_ARRAY_OR_OBJECT), "");
        }
    }

    EventLimits limits_;
    ondemand::parser parser_;
    simdjson::dom::parser nested_;
    std::unique_ptr<char[]> padded_;  // null once a batch has taken it
    std::size_t padded_bytes_ = 0;
    std::vector<LabelView> labels_;
    std::vector<AnnotationView> annotations_;
};

EventDecoder::EventDecoder(EventLimits limits) : inside_(std::make_unique<Inside>(limits)) {}

EventDecoder::~EventDecoder() = default;
EventDecoder::EventDecoder(EventDecoder&&) noexcept = default;

Decoded EventDecoder::decode(std::string_view message) {
    return inside_->decode(message);
}

nocturne::Status EventDecoder::decode_one(std::string_view object, EventBatch& batch) {
    return inside_->decode_one(object, batch);
}

}  // namespace nocturne::model
