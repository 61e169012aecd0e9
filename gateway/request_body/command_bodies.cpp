#include "gateway/request_body.hpp"
#include "gateway/request_body/body_reader.hpp"
#include "model/matcher.hpp"

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

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

}  // namespace nocturne::gateway
