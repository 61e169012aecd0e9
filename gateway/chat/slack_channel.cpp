#include "gateway/chat/chat_channel.hpp"
#include "gateway/chat/slack_text.hpp"
#include "gateway/http_client.hpp"
#include "gateway/json_items.hpp"
#include "model/json_writer.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using model::JsonWriter;

constexpr std::size_t kAnswerBytesMax = 1U << 20;
constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr std::size_t kSectionBytesMax = 2900;  // Slack takes 3,000 letters
constexpr std::size_t kHeaderBytesMax = 140;    // and 150 in a header

std::string cut(std::string text, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        text.resize(bytes_max);
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
            text.pop_back();
        }
        if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0x80) {
            text.pop_back();
        }
        text += "...";
    }
    return text;
}

void write_text(JsonWriter& out, std::string_view type, const std::string& text) {
    out.key("text").begin_object().member("type", type).member("text", text).end_object();
}

void write_section(JsonWriter& out, const std::string& text) {
    out.begin_object().member("type", "section");
    write_text(out, "mrkdwn", cut(text, kSectionBytesMax));
    out.end_object();
}

void write_buttons(JsonWriter& out, const IncidentMessage& message) {
    if (message.buttons.empty()) {
        return;
    }
    out.begin_object().member("type", "actions").member("block_id", "incident_" + message.id);
    out.key("elements").begin_array();
    for (const ChatButton& button : message.buttons) {
        const std::size_t space = button.command.find(' ');
        std::string value = button.command.substr(std::min(space + 1, button.command.size()));
        std::replace(value.begin(), value.end(), ' ', ':');
        out.begin_object().member("type", "button");
        write_text(out, "plain_text", button.label);
        out.member("action_id", button.command.substr(0, space)).member("value", value);
        if (button.is_danger) {
            out.member("style", "danger");
        } else if (button.label == "Approve") {
            out.member("style", "primary");
        }
        out.end_object();
    }
    out.end_array().end_object();
}

void write_blocks(JsonWriter& out, const IncidentMessage& message) {
    out.key("blocks").begin_array();
    out.begin_object().member("type", "header");
    write_text(out, "plain_text", cut(headline(message), kHeaderBytesMax));
    out.end_object();
    // Each line with its first word in bold: "suspect: orders-db (98 %)".
    std::string text;
    const std::vector<std::string> lines = lines_of(message);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const std::size_t colon = lines[i].find(": ");
        const bool is_step = lines[i].starts_with(' ') || colon == std::string::npos;
        text += (text.empty() ? "" : "\n") +
                (is_step ? slack_escape(lines[i])
                         : "*" + slack_escape(lines[i].substr(0, colon)) + ":* " +
                               slack_escape(lines[i].substr(colon + 2)));
    }
    write_section(out, text);
    write_buttons(out, message);
    out.end_array();
}

class SlackChannel : public ChatChannel {
   public:
    SlackChannel(rules::ChatChannel settings, ChatWay way)
        : settings_(std::move(settings)), way_(std::move(way)) {}

    bool can_update() const override { return true; }

    Result<std::string> post(const IncidentMessage& message) override {
        JsonWriter out;
        out.begin_object()
            .member("channel", settings_.channel)
            .member("text", slack_escape(headline(message)));
        write_blocks(out, message);
        out.end_object();
        NOCTURNE_TRY(const json::object answer, call("chat.postMessage", out.take()));
        // The id of the channel, which a name may stand for, and the message's time.
        return std::string(json_text(answer, "channel")) + ":" +
               std::string(json_text(answer, "ts"));
    }

    Status update(const std::string& reference, const IncidentMessage& message) override {
        const std::size_t colon = reference.find(':');
        JsonWriter out;
        out.begin_object()
            .member("channel", reference.substr(0, colon))
            .member("ts", reference.substr(std::min(colon + 1, reference.size())))
            .member("text", slack_escape(headline(message)));
        write_blocks(out, message);
        out.end_object();
        NOCTURNE_TRY_STATUS(call("chat.update", out.take()));
        return {};
    }

    Status say(const std::string& text, const std::string&) override {
        JsonWriter out;
        out.begin_object()
            .member("channel", settings_.channel)
            .member("text", slack_escape(text))
            .end_object();
        NOCTURNE_TRY_STATUS(call("chat.postMessage", out.take()));
        return {};
    }

   private:
    Result<json::object> call(const std::string& method, const std::string& body) {
        NOCTURNE_TRY(const std::string token, way_.secrets.read(settings_.token));
        FetchOptions options;
        options.timeout = kTimeout;
        options.bytes_max = kAnswerBytesMax;
        options.header = "Authorization: Bearer " + token;
        options.ca_file = settings_.ca_file.string();
        options.is_over = way_.is_over;
        NOCTURNE_TRY(const HttpReply reply,
                     http_send("POST", settings_.url + "/" + method, body,
                               {"Content-Type: application/json; charset=utf-8"}, options));
        if (reply.status == 429) {
            return fail(ErrorCode::Unavailable, method + ": Slack asks for patience (429)");
        }
        boost::system::error_code error;
        json::value value = json::parse(reply.body, error);
        if (error || !value.is_object()) {
            return fail(ErrorCode::Unavailable,
                        method + ": status " + std::to_string(reply.status) + ", not JSON");
        }
        const json::value* is_ok = value.get_object().if_contains("ok");
        if (is_ok == nullptr || !is_ok->is_bool() || !is_ok->get_bool()) {
            return fail(ErrorCode::Unavailable,
                        method + ": " + std::string(json_text(value.get_object(), "error")));
        }
        return std::move(value.get_object());
    }

    const rules::ChatChannel settings_;
    ChatWay way_;
};

}  // namespace

std::unique_ptr<ChatChannel> make_slack_channel(const rules::ChatChannel& settings, ChatWay way) {
    return std::make_unique<SlackChannel>(settings, std::move(way));
}

}  // namespace nocturne::gateway
