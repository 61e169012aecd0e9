#include "gateway/request_body.hpp"

#include "model/matcher.hpp"
#include "model/severity.hpp"

#include <boost/json.hpp>

#include <array>
#include <cmath>
#include <initializer_list>
#include <map>
#include <unordered_set>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kProblemsMax = 50;
constexpr std::size_t kNameBytesMax = 4 * 1024;
constexpr std::size_t kTextBytesMax = 64 * 1024;

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

enum class Plus { IsPlus, IsSpace };

Result<std::string> decode_percent(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::IsSpace) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return fail(ErrorCode::Invalid,
                            "the URL has a % without two hexadecimal digits behind it");
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

std::string_view kind_name(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null: return "null";
        case json::kind::bool_: return "a boolean";
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_: return "a number";
        case json::kind::string: return "a text";
        case json::kind::array: return "an array";
        case json::kind::object: return "an object";
    }
    return "something else";
}

std::string element_path(std::string_view path, std::size_t index) {
    return std::string(path) + "[" + std::to_string(index) + "]";
}

std::string cut(std::string_view text) {
    return text.size() <= 64 ? std::string(text) : std::string(text.substr(0, 64)) + "...";
}

// Reads values strictly and notes each problem with its path.
class BodyReader {
   public:
    explicit BodyReader(std::vector<std::string>& problems) : problems_(problems) {}

    void note(std::string_view path, std::string_view what) {
        if (problems_.size() < kProblemsMax) {
            problems_.push_back(path.empty() ? std::string(what)
                                             : std::string(path) + ": " + std::string(what));
        }
    }

    // The object that the body is; nothing, and a problem, when it is none.
    std::optional<json::object> parse(std::string_view text) {
        boost::system::error_code error;
        json::value value = json::parse(text, error);
        if (error) {
            note("", "the body is not valid JSON: " + error.message());
            return std::nullopt;
        }
        if (!value.is_object()) {
            note("", "the body is " + std::string(kind_name(value)) + ", expected a JSON object");
            return std::nullopt;
        }
        return std::move(value.as_object());
    }

    void check_keys(const json::object& object, std::string_view path,
                    std::initializer_list<std::string_view> known) {
        for (const auto& member : object) {
            if (std::find(known.begin(), known.end(), std::string_view(member.key())) !=
                known.end()) {
                continue;
            }
            std::string list;
            for (const std::string_view name : known) {
                list += (list.empty() ? "" : ", ") + std::string(name);
            }
            note(path, "unknown key \"" + cut(member.key()) + "\"; expected one of " + list);
        }
    }

    // Null and absent are the same: nothing.
    static const json::value* find(const json::object& object, std::string_view key) {
        const json::value* value = object.if_contains(key);
        return value == nullptr || value->is_null() ? nullptr : value;
    }

    void wrong(std::string_view path, std::string_view expected, const json::value& found) {
        note(path,
             "expected " + std::string(expected) + ", found " + std::string(kind_name(found)));
    }

    std::string text(const json::value& value, std::string_view path,
                     std::size_t bytes_max = kNameBytesMax) {
        if (!value.is_string()) {
            wrong(path, "a text", value);
            return {};
        }
        if (value.as_string().size() > bytes_max) {
            note(path, std::to_string(value.as_string().size()) + " bytes are over the limit of " +
                           std::to_string(bytes_max));
            return {};
        }
        return std::string(value.as_string());
    }

    std::string text(const json::object& object, std::string_view key, std::string_view path,
                     std::size_t bytes_max = kNameBytesMax) {
        const json::value* value = find(object, key);
        return value == nullptr ? std::string() : text(*value, join(path, key), bytes_max);
    }

    std::string required_text(const json::object& object, std::string_view key,
                              std::string_view path) {
        const std::size_t before = problems_.size();
        std::string found = text(object, key, path);
        if (found.empty() && problems_.size() == before) {
            note(join(path, key), "is missing or empty");
        }
        return found;
    }

    static std::string join(std::string_view path, std::string_view key) {
        return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
    }

    // Calls `each(element, path)` for the elements of an array; absent is empty.
    template <typename Each>
    void each_of(const json::object& object, std::string_view key, std::string_view path,
                 Each each) {
        const json::value* value = find(object, key);
        if (value == nullptr) {
            return;
        }
        const std::string array_path = join(path, key);
        if (!value->is_array()) {
            wrong(array_path, "an array", *value);
            return;
        }
        std::size_t index = 0;
        for (const json::value& element : value->as_array()) {
            each(element, element_path(array_path, index++));
        }
    }

    // RFC 3339 text or milliseconds since 1970.
    model::Time time(const json::object& object, std::string_view key) {
        const json::value* value = find(object, key);
        if (value == nullptr) {
            return model::kNoTime;
        }
        constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;
        if (value->is_int64() && value->as_int64() >= 0 && value->as_int64() < kYear10000Ms) {
            return model::from_unix_ms(value->as_int64());
        }
        if (!value->is_string()) {
            wrong(key, "RFC 3339 text or milliseconds since 1970", *value);
            return model::kNoTime;
        }
        const Result<model::Time> parsed = model::parse_time(std::string_view(value->as_string()));
        if (!parsed) {
            note(key, parsed.error().message);
            return model::kNoTime;
        }
        return *parsed;
    }

   private:
    std::vector<std::string>& problems_;
};

class TopologyReader {
   public:
    TopologyReader(BodyReader& in, model::TopologyChange& change) : in_(in), change_(change) {}

    void read(const json::object& body) {
        in_.check_keys(body, "",
                       {"provenance", "mode", "nodes", "edges", "removed_nodes", "removed_edges",
                        "confidence", "ttl"});
        change_.provenance = in_.text(body, "provenance", "");
        if (change_.provenance.empty()) {
            change_.provenance = "api";
        }
        const std::string mode = in_.text(body, "mode", "");
        if (mode == "replace") {
            change_.mode = model::TopologyChange::Mode::Replace;
        } else if (!mode.empty() && mode != "merge") {
            in_.note("mode", "\"" + cut(mode) + "\" is not one of merge, replace");
        }
        change_.confidence = read_share(body, "confidence", "confidence");
        change_.ttl = read_ttl(body, "ttl").value_or(model::Duration(0));
        in_.each_of(body, "nodes", "", [&](const json::value& value, const std::string& path) {
            read_node(value, path);
        });
        in_.each_of(body, "edges", "", [&](const json::value& value, const std::string& path) {
            read_edge(value, path, change_.edges);
        });
        in_.each_of(body, "removed_nodes", "",
                    [&](const json::value& value, const std::string& path) {
                        if (std::string name = in_.text(value, path); !name.empty()) {
                            change_.removed_nodes.push_back(std::move(name));
                        }
                    });
        in_.each_of(body, "removed_edges", "",
                    [&](const json::value& value, const std::string& path) {
                        read_edge(value, path, change_.removed_edges);
                    });
    }

   private:
    void read_node(const json::value& value, const std::string& path) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path,
                       {"name", "type", "owner", "criticality", "aliases", "labels", "depends_on"});
        model::NodeSpec node;
        node.name = in_.required_text(object, "name", path);
        node.type = in_.text(object, "type", path);
        node.owner = in_.text(object, "owner", path);
        node.criticality = read_criticality(object, path);
        in_.each_of(object, "aliases", path,
                    [&](const json::value& alias, const std::string& alias_path) {
                        node.aliases.push_back(in_.text(alias, alias_path));
                    });
        read_labels(object, path, node);
        in_.each_of(object, "depends_on", path,
                    [&](const json::value& to, const std::string& to_path) {
                        read_dependency(node.name, to, to_path);
                    });
        if (!node.name.empty() && !names_.insert(node.name).second) {
            in_.note(path + ".name", "\"" + cut(node.name) + "\" is there twice");
        }
        change_.nodes.push_back(std::move(node));
    }

    std::optional<std::uint8_t> read_criticality(const json::object& object,
                                                 const std::string& path) {
        const json::value* value = BodyReader::find(object, "criticality");
        if (value == nullptr) {
            return std::nullopt;
        }
        if (!value->is_int64() || value->as_int64() < 1 || value->as_int64() > 5) {
            in_.note(path + ".criticality",
                     "expected a whole number from 1 to 5, found " + cut(json::serialize(*value)));
            return std::nullopt;
        }
        return static_cast<std::uint8_t>(value->as_int64());
    }

    void read_labels(const json::object& object, const std::string& path, model::NodeSpec& node) {
        const json::value* labels = BodyReader::find(object, "labels");
        if (labels == nullptr) {
            return;
        }
        if (!labels->is_object()) {
            in_.wrong(path + ".labels", "an object of texts", *labels);
            return;
        }
        for (const auto& label : labels->as_object()) {
            node.labels.emplace_back(std::string(label.key()),
                                     in_.text(label.value(), path + ".labels." + cut(label.key())));
        }
    }

    // A name, or {"name":...,"type":...,"weight":...}.
    void read_dependency(const std::string& from, const json::value& value,
                         const std::string& path) {
        model::EdgeSpec edge;
        edge.from = from;
        if (value.is_object()) {
            const json::object& object = value.as_object();
            in_.check_keys(object, path, {"name", "type", "weight"});
            edge.to = in_.required_text(object, "name", path);
            edge.type = in_.text(object, "type", path);
            edge.weight = read_weight(object, path);
        } else if (value.is_string()) {
            edge.to = in_.text(value, path);
        } else {
            in_.wrong(path, "a name or an object", value);
            return;
        }
        add(std::move(edge), path, change_.edges);
    }

    void read_edge(const json::value& value, const std::string& path,
                   std::vector<model::EdgeSpec>& edges) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path,
                       {"from", "to", "type", "weight", "confidence", "ttl", "first_seen"});
        model::EdgeSpec edge;
        edge.from = in_.required_text(object, "from", path);
        edge.to = in_.required_text(object, "to", path);
        edge.type = in_.text(object, "type", path);
        edge.weight = read_weight(object, path);
        if (BodyReader::find(object, "confidence") != nullptr) {
            edge.confidence = read_share(object, "confidence", path + ".confidence");
        }
        edge.ttl = read_ttl(object, path + ".ttl");
        edge.first_seen = in_.time(object, "first_seen");
        add(std::move(edge), path, edges);
    }

    // "5m"; nothing when it is not there.
    std::optional<model::Duration> read_ttl(const json::object& object, const std::string& path) {
        const json::value* value = BodyReader::find(object, "ttl");
        if (value == nullptr) {
            return std::nullopt;
        }
        const std::string text = in_.text(*value, path);
        const Result<model::Duration> ttl =
            text == "0" ? model::Duration(0) : model::parse_duration(text);
        if (!ttl) {
            in_.note(path, "\"" + cut(text) + "\" is not a duration; expected e.g. 30m");
            return std::nullopt;
        }
        return *ttl;
    }

    double read_weight(const json::object& object, const std::string& path) {
        return read_share(object, "weight", path + ".weight");
    }

    double read_share(const json::object& object, std::string_view key, const std::string& path) {
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return 1.0;
        }
        boost::system::error_code error;
        const double weight = value->is_number() ? value->to_number<double>(error) : 0.0;
        if (error || !(weight > 0.0 && weight <= 1.0)) {
            in_.note(path,
                     "expected a number above 0 up to 1, found " + cut(json::serialize(*value)));
            return 1.0;
        }
        return weight;
    }

    void add(model::EdgeSpec edge, const std::string& path, std::vector<model::EdgeSpec>& edges) {
        if (!edge.from.empty() && edge.from == edge.to) {
            in_.note(path, "\"" + cut(edge.from) + "\" depends on itself");
            return;
        }
        edges.push_back(std::move(edge));
    }

    BodyReader& in_;
    model::TopologyChange& change_;
    std::unordered_set<std::string> names_;
};

std::string read_matchers(BodyReader& in, const json::object& body) {
    const json::value* value = BodyReader::find(body, "matchers");
    model::Matchers matchers;
    const auto add = [&](const json::value& element, const std::string& path) {
        const std::string text = in.text(element, path, kTextBytesMax);
        if (!element.is_string()) {
            return;
        }
        Result<model::Matchers> parsed = model::parse_matchers(text);
        if (!parsed) {
            in.note(path, parsed.error().message);
            return;
        }
        matchers.insert(matchers.end(), parsed->begin(), parsed->end());
    };
    if (value == nullptr) {
        in.note("matchers", "is missing; expected e.g. \"resource=orders-db\"");
    } else if (value->is_array()) {
        in.each_of(body, "matchers", "", add);
        if (value->as_array().empty()) {
            in.note("matchers", "is empty; a silence must say what it hides");
        }
    } else {
        add(*value, "matchers");
    }
    return matchers.empty() ? std::string() : model::to_string(matchers);
}

}  // namespace

std::optional<std::string_view> Target::find(std::string_view name) const {
    std::optional<std::string_view> found;
    for (const auto& [key, value] : query) {
        if (key == name) {
            found = value;
        }
    }
    return found;
}

Result<Target> parse_target(std::string_view target) {
    Target parsed;
    target = target.substr(0, target.find('#'));
    const std::size_t mark = target.find('?');
    std::string_view path = target.substr(0, mark);
    if (!path.starts_with('/')) {
        return fail(ErrorCode::Invalid, "the URL's path does not start with /");
    }
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(part.size());
        if (!part.empty()) {
            NOCTURNE_TRY(std::string decoded, decode_percent(part, Plus::IsPlus));
            parsed.path.push_back(std::move(decoded));
        }
    }
    std::string_view query =
        mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        NOCTURNE_TRY(std::string name, decode_percent(pair.substr(0, equals), Plus::IsSpace));
        NOCTURNE_TRY(std::string value,
                     decode_percent(equals == std::string_view::npos ? std::string_view()
                                                                     : pair.substr(equals + 1),
                                    Plus::IsSpace));
        parsed.query.emplace_back(std::move(name), std::move(value));
    }
    return parsed;
}

Checked<model::TopologyChange> parse_topology_body(std::string_view text) {
    Checked<model::TopologyChange> checked;
    BodyReader in(checked.problems);
    if (const std::optional<json::object> body = in.parse(text)) {
        TopologyReader(in, checked.value).read(*body);
    }
    return checked;
}

Checked<model::AddSilence> parse_silence_body(std::string_view text, model::Time now) {
    Checked<model::AddSilence> checked;
    BodyReader in(checked.problems);
    const std::optional<json::object> body = in.parse(text);
    if (!body) {
        return checked;
    }
    in.check_keys(
        *body, "",
        {"matchers", "starts_at", "ends_at", "duration", "created_by", "comment", "until_clear"});
    if (const json::value* value = BodyReader::find(*body, "until_clear")) {
        value->is_bool() ? void(checked.value.until_clear = value->get_bool())
                         : in.note("until_clear", "expected true or false");
    }
    model::AddSilence& silence = checked.value;
    silence.matchers = read_matchers(in, *body);
    silence.starts_at = in.time(*body, "starts_at");
    silence.ends_at = in.time(*body, "ends_at");
    silence.created_by = in.text(*body, "created_by", "");
    silence.comment = in.text(*body, "comment", "", kTextBytesMax);
    const model::Time start = silence.starts_at == model::kNoTime ? now : silence.starts_at;
    if (const json::value* value = BodyReader::find(*body, "duration")) {
        const Result<model::Duration> duration = model::parse_duration(in.text(*value, "duration"));
        if (silence.ends_at != model::kNoTime) {
            in.note("duration", "stands beside ends_at; expected one of the two");
        } else if (!duration && value->is_string()) {
            in.note("duration", duration.error().message);
        } else if (duration) {
            silence.ends_at = start + *duration;
        }
    } else if (BodyReader::find(*body, "ends_at") == nullptr) {
        in.note("ends_at", "is missing; expected a time, or \"duration\", e.g. \"2h\"");
    }
    if (checked.problems.empty() && silence.ends_at <= start) {
        in.note("ends_at", "the silence ends before it starts");
    }
    return checked;
}

namespace {

void read_alert_ids(BodyReader& in, const json::value& value, std::vector<model::Id>& ids) {
    const json::array* items = value.if_array();
    if (items == nullptr) {
        in.note("alerts", "expected a list of alerts, e.g. [\"A1042-3\"]");
        return;
    }
    for (const json::value& item : *items) {
        const json::string* text = item.if_string();
        const auto id = text == nullptr
                            ? std::nullopt
                            : model::parse_id(model::kAlertPrefix,
                                              std::string_view(text->data(), text->size()));
        id ? ids.push_back(*id) : in.note("alerts", "expected alerts, e.g. \"A1042-3\"");
    }
}

}  // namespace

Checked<OperatorBody> parse_operator_body(std::string_view text) {
    Checked<OperatorBody> checked;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return checked;
    }
    BodyReader in(checked.problems);
    if (const std::optional<json::object> body = in.parse(text)) {
        in.check_keys(*body, "", {"by", "cause", "mode", "from", "alerts"});
        if (BodyReader::find(*body, "from") != nullptr) {
            const std::string from = in.text(*body, "from", "");
            const auto id = model::parse_id(model::kIncidentPrefix, from);
            id ? void(checked.value.from = *id)
               : in.note("from", "expected an incident, e.g. \"I1042-3\"");
        }
        if (const json::value* alerts = BodyReader::find(*body, "alerts")) {
            read_alert_ids(in, *alerts, checked.value.alerts);
        }
        checked.value.by = in.text(*body, "by", "");
        checked.value.cause = in.text(*body, "cause", "");
        checked.value.mode = in.text(*body, "mode", "");
    }
    return checked;
}

namespace {

class ProposalReader {
   public:
    ProposalReader(BodyReader& in, model::PlanProposed& proposal) : in_(in), proposal_(proposal) {}

    void read(const json::object& body) {
        in_.check_keys(body, "",
                       {"playbook", "version", "incident", "target", "summary", "prose", "risk",
                        "reversible", "steps", "preconditions", "mode", "capabilities", "limits",
                        "by", "from"});
        model::Plan& plan = proposal_.plan;
        plan.playbook = in_.required_text(body, "playbook", "");
        plan.version = in_.text(body, "version", "");
        plan.target = in_.required_text(body, "target", "");
        plan.summary = in_.text(body, "summary", "");
        plan.prose = in_.text(body, "prose", "", kTextBytesMax);
        if (const std::string incident = in_.text(body, "incident", ""); !incident.empty()) {
            const auto id = model::parse_id(model::kIncidentPrefix, incident);
            id ? void(plan.incident = *id)
               : in_.note("incident", "expected an incident, e.g. \"I1042-3\"");
        }
        plan.risk = read_name(body, "risk", "", model::kRiskNames, model::Risk::High);
        plan.reversible = read_flag(body, "reversible", "");
        plan.preconditions = read_texts(body, "preconditions", "");
        in_.each_of(body, "steps", "", [&](const json::value& step, const std::string& path) {
            read_step(step, path);
        });
        proposal_.by = in_.text(body, "by", "");
        proposal_.from = in_.text(body, "from", "");
        proposal_.mode = read_name(body, "mode", "", model::kRunModeNames, model::RunMode::Approve);
        read_capabilities(body);
        read_limits(body);
    }

   private:
    template <typename Enum, std::size_t N>
    Enum read_name(const json::object& object, std::string_view key, std::string_view path,
                   const std::array<std::string_view, N>& names, Enum otherwise) {
        const std::string name = in_.text(object, key, path);
        if (name.empty()) {
            return otherwise;
        }
        if (const auto found = model::find_name<Enum>(names, name)) {
            return *found;
        }
        std::string list;
        for (const std::string_view one : names) {
            list += (list.empty() ? "" : ", ") + std::string(one);
        }
        in_.note(BodyReader::join(path, key), "\"" + cut(name) + "\" is not one of " + list);
        return otherwise;
    }

    bool read_flag(const json::object& object, std::string_view key, std::string_view path) {
        const json::value* value = BodyReader::find(object, key);
        if (value != nullptr && !value->is_bool()) {
            in_.wrong(BodyReader::join(path, key), "true or false", *value);
        }
        return value != nullptr && value->is_bool() && value->get_bool();
    }

    std::map<std::string, std::string> read_texts(const json::object& object, std::string_view key,
                                                  std::string_view path) {
        std::map<std::string, std::string> texts;
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return texts;
        }
        const std::string whole = BodyReader::join(path, key);
        if (!value->is_object()) {
            in_.wrong(whole, "an object of texts", *value);
            return texts;
        }
        for (const auto& member : value->as_object()) {
            texts.insert_or_assign(
                std::string(member.key()),
                in_.text(member.value(), whole + "." + cut(member.key()), kTextBytesMax));
        }
        return texts;
    }

    model::Duration read_duration(const json::object& object, std::string_view key,
                                  std::string_view path, model::Duration otherwise) {
        const std::string text = in_.text(object, key, path);
        if (text.empty()) {
            return otherwise;
        }
        const Result<model::Duration> duration = model::parse_duration(text);
        if (!duration) {
            in_.note(BodyReader::join(path, key), duration.error().message);
            return otherwise;
        }
        return *duration;
    }

    model::Action read_action(const json::value& value, const std::string& path) {
        model::Action action;
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return action;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path, {"effector", "target", "arguments", "timeout"});
        in_.required_text(object, "effector", path);
        action.effector =
            read_name(object, "effector", path, model::kEffectorNames, model::Effector::Check);
        action.target = in_.text(object, "target", path);
        action.arguments = read_texts(object, "arguments", path);
        action.timeout = read_duration(object, "timeout", path, action.timeout);
        return action;
    }

    std::optional<model::Action> find_action(const json::object& object, std::string_view key,
                                             const std::string& path) {
        const json::value* value = BodyReader::find(object, key);
        return value == nullptr ? std::nullopt
                                : std::optional(read_action(*value, BodyReader::join(path, key)));
    }

    void read_step(const json::value& value, const std::string& path) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path, {"name", "node", "run", "verify", "undo", "idempotent"});
        model::Step& step = proposal_.plan.steps.emplace_back();
        step.name = in_.required_text(object, "name", path);
        step.node = in_.text(object, "node", path);
        step.idempotent = read_flag(object, "idempotent", path);
        if (const std::optional<model::Action> run = find_action(object, "run", path)) {
            step.run = *run;
        } else {
            in_.note(path + ".run", "is missing; expected the action of this step");
        }
        step.verify = find_action(object, "verify", path);
        step.undo = find_action(object, "undo", path);
    }

    // Without a list: what the steps use. It is the person's own plan, and they say yes to no less.
    void read_capabilities(const json::object& body) {
        in_.each_of(body, "capabilities", "", [&](const json::value& one, const std::string& path) {
            proposal_.capabilities.push_back(in_.text(one, path));
        });
        if (BodyReader::find(body, "capabilities") == nullptr) {
            proposal_.capabilities.assign(model::kEffectorNames.begin(),
                                          model::kEffectorNames.end());
        }
    }

    template <typename Number>
    void read_number(const json::object& object, std::string_view key, Number& number,
                     double most) {
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return;
        }
        const double found = value->is_number() ? value->to_number<double>() : -1;
        if (found < 0 || found > most || (most > 1 && found != std::floor(found))) {
            in_.note(BodyReader::join("limits", key),
                     most > 1 ? "expected a whole number from 0" : "expected a share from 0 to 1");
            return;
        }
        number = static_cast<Number>(found);
    }

    void read_limits(const json::object& body) {
        const json::value* value = BodyReader::find(body, "limits");
        if (value == nullptr) {
            return;
        }
        if (!value->is_object()) {
            in_.wrong("limits", "an object", *value);
            return;
        }
        constexpr double kMost = 1'000'000;
        const json::object& object = value->as_object();
        in_.check_keys(object, "limits",
                       {"cooldown", "runs_max", "runs_window", "blast_share_max", "healthy_min",
                        "dependents_max", "confidence_min", "approvals", "approver",
                        "approval_ttl"});
        model::RunLimits& limits = proposal_.limits;
        limits.cooldown = read_duration(object, "cooldown", "limits", limits.cooldown);
        limits.runs_window = read_duration(object, "runs_window", "limits", limits.runs_window);
        limits.approval_ttl = read_duration(object, "approval_ttl", "limits", limits.approval_ttl);
        read_number(object, "runs_max", limits.runs_max, kMost);
        read_number(object, "healthy_min", limits.healthy_min, kMost);
        read_number(object, "dependents_max", limits.dependents_max, kMost);
        read_number(object, "approvals", limits.approvals, kMost);
        read_number(object, "blast_share_max", limits.blast_share_max, 1);
        read_number(object, "confidence_min", limits.confidence_min, 1);
        limits.approver =
            read_name(object, "approver", "limits", model::kRoleNames, limits.approver);
    }

    BodyReader& in_;
    model::PlanProposed& proposal_;
};

template <typename Enum, std::size_t N>
std::optional<Enum> read_word(BodyReader& in, const json::object& body, std::string_view key,
                              const std::array<std::string_view, N>& names) {
    const std::string name = in.text(body, key, "");
    if (name.empty()) {
        return std::nullopt;
    }
    const std::optional<Enum> found = model::find_name<Enum>(names, name);
    if (!found) {
        std::string list;
        for (const std::string_view one : names) {
            list += (list.empty() ? "" : ", ") + std::string(one);
        }
        in.note(key, "\"" + cut(name) + "\" is not one of " + list);
    }
    return found;
}

}  // namespace

Checked<model::PlanProposed> parse_proposal_body(std::string_view text) {
    Checked<model::PlanProposed> checked;
    BodyReader in(checked.problems);
    if (const std::optional<json::object> body = in.parse(text)) {
        ProposalReader(in, checked.value).read(*body);
    }
    if (checked.value.by.empty()) {
        checked.value.by = "unknown";
    }
    // The playbook host proposes from within; who comes over the network is a person.
    checked.value.from = checked.value.from.empty() || checked.value.from == model::kFromPlaybook
                             ? "http"
                             : checked.value.from;
    checked.value.mode = std::min(checked.value.mode, model::RunMode::Approve);
    return checked;
}

Checked<RunWordBody> parse_run_word_body(std::string_view text) {
    Checked<RunWordBody> checked;
    RunWordBody& word = checked.value;
    word.from = "http";
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return checked;
    }
    BodyReader in(checked.problems);
    const std::optional<json::object> body = in.parse(text);
    if (!body) {
        return checked;
    }
    in.check_keys(*body, "",
                  {"by", "role", "from", "hash", "why", "on", "label", "verdict", "attempt"});
    word.by = in.text(*body, "by", "");
    word.hash = in.text(*body, "hash", "");
    word.why = in.text(*body, "why", "", kTextBytesMax);
    word.attempt = in.text(*body, "attempt", "");
    if (const std::string from = in.text(*body, "from", ""); !from.empty()) {
        word.from = from;
    }
    if (const json::value* on = BodyReader::find(*body, "on")) {
        on->is_bool() ? void(word.on = on->get_bool()) : in.wrong("on", "true or false", *on);
    }
    word.role = read_word<model::Role>(in, *body, "role", model::kRoleNames).value_or(word.role);
    word.label = read_word<model::RunLabel>(in, *body, "label", model::kRunLabelNames);
    if (const auto verdict = read_word<model::SettleRun::Verdict>(in, *body, "verdict",
                                                                  model::kSettleVerdictNames)) {
        word.verdict = static_cast<std::uint8_t>(*verdict);
    }
    return checked;
}

}  // namespace nocturne::gateway
