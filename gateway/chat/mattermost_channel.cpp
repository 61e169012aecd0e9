#include "gateway/chat/chat_channel.hpp"
#include "gateway/chat/chat_door.hpp"
#include "gateway/http_client.hpp"
#include "gateway/json_items.hpp"
#include "model/json_writer.hpp"

#include <boost/json.hpp>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using model::JsonWriter;

constexpr std::chrono::milliseconds kTimeout{10'000};

// "@channel" in an event's text must not wake everybody: a space of no width breaks the mention.
std::string without_mentions(std::string text) {
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
        text.insert(at + 1, "\xE2\x80\x8B");
    }
    return text;
}

const char* colour_of(const IncidentMessage& message) {
    if (message.is_over()) {
        return "#2e7d32";
    }
    return message.severity >= model::Severity::Major ? "#c62828" : "#f9a825";
}

// With the token of a bot over the API, where messages can be changed; else over an incoming
// webhook, where they cannot.
class MattermostChannel : public ChatChannel {
   public:
    MattermostChannel(rules::ChatChannel settings, ChatWay way)
        : settings_(std::move(settings)), way_(std::move(way)) {}

    bool can_update() const override { return !settings_.token.empty(); }

    Result<std::string> post(const IncidentMessage& message) override {
        JsonWriter out;
        out.begin_object();
        if (!can_update()) {
            out.member("text", without_mentions(headline(message)));
            NOCTURNE_TRY_STATUS(write_attachments(out, message));
            out.end_object();
            NOCTURNE_TRY_STATUS(call("POST", "", out.take()));
            return message.id;
        }
        out.member("channel_id", settings_.channel)
            .member("message", without_mentions(headline(message)));
        NOCTURNE_TRY_STATUS(write_props(out, message));
        out.end_object();
        NOCTURNE_TRY(const std::string answer, call("POST", "/api/v4/posts", out.take()));
        boost::system::error_code error;
        const json::value value = json::parse(answer, error);
        if (error || !value.is_object() || json_text(value.get_object(), "id").empty()) {
            return fail(ErrorCode::Unavailable, "the post has no id in Mattermost's answer");
        }
        return std::string(json_text(value.get_object(), "id"));
    }

    Status update(const std::string& reference, const IncidentMessage& message) override {
        if (!can_update()) {
            NOCTURNE_TRY_STATUS(post(message));
            return {};
        }
        JsonWriter out;
        out.begin_object().member("message", without_mentions(headline(message)));
        NOCTURNE_TRY_STATUS(write_props(out, message));
        out.end_object();
        NOCTURNE_TRY_STATUS(
            call("PUT", "/api/v4/posts/" + url_encode(reference) + "/patch", out.take()));
        return {};
    }

    Status say(const std::string& text, const std::string&) override {
        JsonWriter out;
        out.begin_object();
        if (can_update()) {
            out.member("channel_id", settings_.channel).member("message", without_mentions(text));
        } else {
            out.member("text", without_mentions(text));
        }
        out.end_object();
        NOCTURNE_TRY_STATUS(call("POST", can_update() ? "/api/v4/posts" : "", out.take()));
        return {};
    }

   private:
    Status write_props(JsonWriter& out, const IncidentMessage& message) {
        out.key("props").begin_object();
        NOCTURNE_TRY_STATUS(write_attachments(out, message));
        out.end_object();
        return {};
    }

    Status write_attachments(JsonWriter& out, const IncidentMessage& message) {
        std::string text;
        const std::vector<std::string> lines = lines_of(message);
        for (std::size_t i = 1; i < lines.size(); ++i) {
            text += (text.empty() ? "" : "\n") + lines[i];
        }
        out.key("attachments").begin_array().begin_object();
        out.member("fallback", without_mentions(headline(message)))
            .member("color", colour_of(message));
        out.member("text", without_mentions(text));
        NOCTURNE_TRY_STATUS(write_buttons(out, message));
        out.end_object().end_array();
        return {};
    }

    // Only where their presses can reach us, and be known for ours.
    Status write_buttons(JsonWriter& out, const IncidentMessage& message) {
        if (settings_.callback_url.empty() || settings_.command_token.empty()) {
            return {};
        }
        NOCTURNE_TRY(const std::string token, way_.secrets.read(settings_.command_token));
        out.key("actions").begin_array();
        std::size_t number = 0;
        for (const ChatButton& button : message.buttons) {
            out.begin_object()
                .member("id", "button" + std::to_string(++number))
                .member("type", "button")
                .member("name", button.label)
                .member("style", button.is_danger ? "danger" : "default");
            out.key("integration").begin_object().member("url", settings_.callback_url);
            out.key("context")
                .begin_object()
                .member("command", button.command)
                .member("signature", sign_button(token, button.command))
                .end_object();
            out.end_object().end_object();
        }
        out.end_array();
        return {};
    }

    Result<std::string> call(const std::string& method, const std::string& path,
                             const std::string& body) {
        FetchOptions options;
        options.timeout = kTimeout;
        options.bytes_max = 1U << 20;
        options.ca_file = settings_.ca_file.string();
        options.is_over = way_.is_over;
        if (!settings_.token.empty()) {
            NOCTURNE_TRY(const std::string token, way_.secrets.read(settings_.token));
            options.header = "Authorization: Bearer " + token;
        }
        NOCTURNE_TRY(HttpReply reply, http_send(method, settings_.url + path, body,
                                                {"Content-Type: application/json"}, options));
        if (!reply.is_ok()) {
            return fail(ErrorCode::Unavailable,
                        "Mattermost answered with status " + std::to_string(reply.status));
        }
        return std::move(reply.body);
    }

    const rules::ChatChannel settings_;
    ChatWay way_;
};

}  // namespace

std::unique_ptr<ChatChannel> make_mattermost_channel(const rules::ChatChannel& settings,
                                                     ChatWay way) {
    return std::make_unique<MattermostChannel>(settings, std::move(way));
}

}  // namespace nocturne::gateway
