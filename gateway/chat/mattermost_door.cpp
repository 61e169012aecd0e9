#include "gateway/chat/chat_door.hpp"
#include "gateway/json_items.hpp"
#include "gateway/request_target.hpp"
#include "model/json_writer.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using rules::ChatMedium;

HttpResponse command_response(const std::string& text) {
    HttpResponse response;
    model::JsonWriter out;
    out.begin_object().member("response_type", "ephemeral").member("text", text).end_object();
    response.body = out.take();
    return response;
}

HttpResponse button_response(const std::string& text) {
    HttpResponse response;
    model::JsonWriter out;
    out.begin_object();
    if (!text.empty()) {
        out.member("ephemeral_text", text);
    }
    out.end_object();
    response.body = out.take();
    return response;
}

}  // namespace

std::string sign_button(std::string_view token, std::string_view command) {
    return hmac_sha256(token, "button:" + std::string(command));
}

MattermostDoor::MattermostDoor(std::vector<rules::ChatChannel> channels, Secrets secrets,
                               ChatDesk& desk, std::function<std::int64_t()> now_s)
    : secrets_(std::move(secrets)), desk_(desk), now_s_(std::move(now_s)) {
    for (const rules::ChatChannel& channel : channels) {
        if (channel.kind == ChatMedium::Mattermost && !channel.command_token.empty()) {
            tokens_.push_back(channel.command_token);
        }
    }
}

HttpResponse MattermostDoor::handle(const HttpRequest& request) {
    if (tokens_.empty()) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::NotConfigured);
        return error_response(404, "refused: not_configured");
    }
    if (request.body.size() > kChatBodyBytesMax) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::Oversized);
        return error_response(413, "refused: oversized");
    }
    return request.media_type.starts_with("application/json") ? answer_button(request)
                                                              : answer_command(request);
}

HttpResponse MattermostDoor::answer_command(const HttpRequest& request) {
    const Result<Target> form = parse_target("/?" + request.body);
    const auto text = [&](std::string_view name) {
        return form ? std::string(form->find(name).value_or("")) : std::string();
    };
    const std::string token = text("token");
    if (token.empty()) {
        desk_.refuse(ChatMedium::Mattermost, form ? ChatRefusal::Header : ChatRefusal::Malformed);
        return error_response(form ? 401 : 400, form ? "refused: header" : "not a form");
    }
    const bool is_known = std::any_of(tokens_.begin(), tokens_.end(), [&](const std::string& name) {
        const Result<std::string> secret = secrets_.read(name);
        return secret && are_equal_secrets(*secret, token);
    });
    if (!is_known) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::Signature);
        return error_response(401, "refused: signature");
    }
    if (const std::string trigger = text("trigger_id");
        !trigger.empty() && window_.note(trigger, now_s_()) != ReplayWindow::Seen::First) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::Replayed);
        return command_response("refused: this request was carried out before");
    }
    return command_response(desk_
                                .hear({ChatMedium::Mattermost, text("user_id"), "", ""},
                                      text("text"), "#" + text("channel_name"))
                                .text);
}

bool MattermostDoor::is_ours(std::string_view command, std::string_view signature) const {
    return std::any_of(tokens_.begin(), tokens_.end(), [&](const std::string& name) {
        const Result<std::string> secret = secrets_.read(name);
        return secret && are_equal_secrets(sign_button(*secret, command), signature);
    });
}

HttpResponse MattermostDoor::answer_button(const HttpRequest& request) {
    boost::system::error_code error;
    const json::value value = json::parse(request.body, error);
    const json::object* object = error ? nullptr : value.if_object();
    const json::object* context = object == nullptr ? nullptr : json_object(*object, "context");
    if (context == nullptr) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::Malformed);
        return error_response(400, "not a pressed button");
    }
    const std::string command(json_text(*context, "command"));
    const std::string_view signature = json_text(*context, "signature");
    if (signature.empty() || !is_ours(command, signature)) {
        const ChatRefusal refusal =
            signature.empty() ? ChatRefusal::Header : ChatRefusal::Signature;
        desk_.refuse(ChatMedium::Mattermost, refusal);
        return error_response(401, signature.empty() ? "refused: header" : "refused: signature");
    }
    if (const std::string trigger(json_text(*object, "trigger_id"));
        !trigger.empty() && window_.note(trigger, now_s_()) != ReplayWindow::Seen::First) {
        desk_.refuse(ChatMedium::Mattermost, ChatRefusal::Replayed);
        return button_response("refused: this request was carried out before");
    }
    return button_response(
        desk_
            .hear({ChatMedium::Mattermost, std::string(json_text(*object, "user_id")), "", ""},
                  command, "#" + std::string(json_text(*object, "channel_name")))
            .text);
}

}  // namespace nocturne::gateway
