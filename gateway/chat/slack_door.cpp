#include "gateway/chat/chat_door.hpp"
#include "gateway/chat/slack_text.hpp"
#include "gateway/json_items.hpp"
#include "gateway/request_target.hpp"
#include "model/json_writer.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using Form = std::vector<std::pair<std::string, std::string>>;
using rules::ChatMedium;

std::string find(const Form& form, std::string_view name) {
    for (const auto& [key, value] : form) {
        if (key == name) {
            return value;
        }
    }
    return "";
}

// What Slack shows to the person alone. Texts are escaped as it asks for.
HttpResponse slack_response(const std::string& text) {
    HttpResponse response;
    if (text.empty()) {
        response.content_type = "text/plain; charset=utf-8";
        return response;
    }
    model::JsonWriter out;
    out.begin_object()
        .member("response_type", "ephemeral")
        .member("replace_original", false)
        .member("text", slack_escape(text))
        .end_object();
    response.body = out.take();
    return response;
}

// The reason that was typed beside the button, if any.
std::string typed_reason(const json::object& payload) {
    const json::object* state = json_object(payload, "state");
    const json::object* values = state == nullptr ? nullptr : json_object(*state, "values");
    if (values == nullptr) {
        return "";
    }
    for (const auto& block : *values) {
        const json::object* inputs = block.value().if_object();
        for (std::size_t i = 0; inputs != nullptr && i < inputs->size(); ++i) {
            const auto& input = *(inputs->begin() + static_cast<std::ptrdiff_t>(i));
            if (const json::object* one = input.value().if_object()) {
                if (const std::string_view value = json_text(*one, "value"); !value.empty()) {
                    return std::string(value);
                }
            }
        }
    }
    return "";
}

// "approve" and "act-42:1a2b3c4d" are what the command "approve act-42 1a2b3c4d" says.
std::string command_of(const json::object& payload, const json::object& action) {
    std::string value(json_text(action, "value"));
    std::string verb(json_text(action, "action_id"));
    const std::size_t colon = value.find(':');
    if (verb == "deny" || verb == "reject") {
        const std::string reason = typed_reason(payload);
        return "reject " + value.substr(0, colon) + (reason.empty() ? "" : " " + reason);
    }
    if (colon != std::string::npos) {
        value[colon] = ' ';
    }
    return verb + " " + value;
}

}  // namespace

SlackDoor::SlackDoor(std::vector<rules::ChatChannel> channels, Secrets secrets, ChatDesk& desk,
                     std::function<std::int64_t()> now_s)
    : secrets_(std::move(secrets)), desk_(desk), now_s_(std::move(now_s)) {
    for (const rules::ChatChannel& channel : channels) {
        const bool is_new = std::find(signing_secrets_.begin(), signing_secrets_.end(),
                                      channel.signing_secret) == signing_secrets_.end();
        if (channel.kind == ChatMedium::Slack && !channel.signing_secret.empty() && is_new) {
            signing_secrets_.push_back(channel.signing_secret);
        }
    }
}

// In this order: nothing of the body is looked at before it is known who sent it.
std::optional<ChatRefusal> SlackDoor::check(const HttpRequest& request) {
    if (signing_secrets_.empty()) {
        return ChatRefusal::NotConfigured;
    }
    if (request.body.size() > kChatBodyBytesMax) {
        return ChatRefusal::Oversized;
    }
    const std::string& time = request.slack_timestamp;
    std::int64_t sent_s = 0;
    const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), sent_s);
    if (request.slack_signature.empty() || time.empty() || error != std::errc() ||
        end != time.data() + time.size()) {
        return ChatRefusal::Header;
    }
    const std::int64_t now_s = now_s_();
    if (sent_s < now_s - kSlackWindowS || sent_s > now_s + kSlackWindowS) {
        return ChatRefusal::Stale;
    }
    const bool is_signed =
        std::any_of(signing_secrets_.begin(), signing_secrets_.end(), [&](const std::string& name) {
            const Result<std::string> secret = secrets_.read(name);
            return secret && are_equal_secrets(
                                 "v0=" + hmac_sha256(*secret, "v0:" + time + ":" + request.body),
                                 request.slack_signature);
        });
    if (!is_signed) {
        return ChatRefusal::Signature;
    }
    return std::nullopt;
}

HttpResponse SlackDoor::handle(const HttpRequest& request) {
    if (const std::optional<ChatRefusal> refusal = check(request)) {
        desk_.refuse(ChatMedium::Slack, *refusal);
        const std::string reason(kChatRefusalNames[static_cast<std::size_t>(*refusal)]);
        return error_response(*refusal == ChatRefusal::NotConfigured ? 404
                              : *refusal == ChatRefusal::Oversized   ? 413
                                                                     : 401,
                              "refused: " + reason);
    }
    const Result<Target> form = parse_target("/?" + request.body);
    if (!form) {
        desk_.refuse(ChatMedium::Slack, ChatRefusal::Malformed);
        return error_response(400, "not a form: " + form.error().message);
    }
    std::string trigger = find(form->query, "trigger_id");
    const std::string payload = find(form->query, "payload");
    if (!payload.empty()) {
        boost::system::error_code error;
        const json::value value = json::parse(payload, error);
        trigger = !error && value.is_object()
                      ? std::string(json_text(value.get_object(), "trigger_id"))
                      : "";
    }
    // Slack sends again what it thinks was lost, perhaps signed anew.
    const auto seen = window_.note("s:" + request.slack_signature, now_s_());
    const auto triggered = trigger.empty() || seen != ReplayWindow::Seen::First
                               ? seen
                               : window_.note("t:" + trigger, now_s_());
    if (seen != ReplayWindow::Seen::First || triggered != ReplayWindow::Seen::First) {
        const bool is_full =
            seen == ReplayWindow::Seen::Full || triggered == ReplayWindow::Seen::Full;
        desk_.refuse(ChatMedium::Slack, is_full ? ChatRefusal::Busy : ChatRefusal::Replayed);
        return slack_response(is_full ? "refused: more requests at once than I can tell apart"
                                      : "refused: this request was carried out before");
    }
    return payload.empty() ? answer_command(form->query) : answer_button(payload);
}

HttpResponse SlackDoor::answer_command(const Form& form) {
    const ChatIdentity who{ChatMedium::Slack, find(form, "user_id"), find(form, "team_id"), ""};
    return slack_response(
        desk_.hear(who, find(form, "text"), "#" + find(form, "channel_name")).text);
}

HttpResponse SlackDoor::answer_button(const std::string& payload) {
    boost::system::error_code error;
    const json::value value = json::parse(payload, error);
    const json::object* object = error ? nullptr : value.if_object();
    const json::object* user = object == nullptr ? nullptr : json_object(*object, "user");
    const json::array* actions = object == nullptr ? nullptr : json_array(*object, "actions");
    if (user == nullptr || actions == nullptr || actions->size() != 1 ||
        !actions->front().is_object() || json_text(*object, "type") != "block_actions") {
        desk_.refuse(ChatMedium::Slack, ChatRefusal::Malformed);
        return error_response(400, "not one pressed button");
    }
    const json::object* channel = json_object(*object, "channel");
    const ChatIdentity who{ChatMedium::Slack, std::string(json_text(*user, "id")),
                           std::string(json_text(*user, "team_id")), ""};
    return slack_response(
        desk_
            .hear(who, command_of(*object, actions->front().get_object()),
                  channel == nullptr ? "" : "#" + std::string(json_text(*channel, "name")))
            .text);
}

}  // namespace nocturne::gateway
