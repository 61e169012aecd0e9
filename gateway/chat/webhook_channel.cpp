#include "gateway/chat/chat_channel.hpp"
#include "gateway/chat/signature.hpp"
#include "gateway/http_client.hpp"
#include "model/json_writer.hpp"

namespace nocturne::gateway {

namespace {

using model::JsonWriter;

constexpr std::chrono::milliseconds kTimeout{10'000};

void write_run(JsonWriter& out, const ShownRun& run) {
    out.begin_object()
        .member("run", run.run)
        .member("hash", run.hash)
        .member("playbook", run.playbook)
        .member("summary", run.summary)
        .member("risk", run.risk)
        .member("state", run.state)
        .member("reason", run.reason)
        .member("question", run.question)
        .member("awaits_approval", run.awaits_approval);
    out.key("steps").begin_array();
    for (const std::string& step : run.steps) {
        out.text(step);
    }
    out.end_array().end_object();
}

std::string render(std::string_view type, const IncidentMessage& message) {
    JsonWriter out;
    out.begin_object().member("type", type).member("incident", message.id);
    out.member("state", message.state);
    out.member("severity", model::kSeverityNames[static_cast<std::size_t>(message.severity)]);
    out.member("title", message.title).member("opened_at", message.opened_at);
    out.member("suspect", message.suspect).member("share", message.share);
    out.member("reason", message.reason).member("doubt", message.doubt);
    out.member("impact", message.impact);
    out.key("changes").begin_array();
    for (const std::string& change : message.changes) {
        out.text(change);
    }
    out.end_array().key("run");
    message.run ? write_run(out, *message.run) : void(out.null());
    std::string text;
    for (const std::string& line : lines_of(message)) {
        text += (text.empty() ? "" : "\n") + line;
    }
    out.member("text", text).end_object();
    return out.take();
}

// The receiver is told of the same incident by the same id, and keeps one message for it.
class WebhookChannel : public ChatChannel {
   public:
    WebhookChannel(rules::ChatChannel settings, ChatWay way)
        : settings_(std::move(settings)), way_(std::move(way)) {}

    bool can_update() const override { return true; }

    Result<std::string> post(const IncidentMessage& message) override {
        NOCTURNE_TRY_STATUS(send(render("incident", message), ""));
        return message.id;
    }

    Status update(const std::string&, const IncidentMessage& message) override {
        return send(render("incident", message), "");
    }

    Status say(const std::string& text, const std::string& key) override {
        JsonWriter out;
        out.begin_object().member("type", "message").member("text", text).end_object();
        return send(out.take(), key);
    }

   private:
    Status send(const std::string& body, const std::string& key) {
        std::vector<std::string> headers{"Content-Type: application/json"};
        if (!key.empty()) {
            headers.push_back("Idempotency-Key: " + key);
        }
        if (!settings_.signing_secret.empty()) {
            NOCTURNE_TRY(const std::string secret, way_.secrets.read(settings_.signing_secret));
            const std::string time = std::to_string(way_.now_s());
            headers.push_back("X-Nocturne-Timestamp: " + time);
            headers.push_back("X-Nocturne-Signature: v0=" +
                              hmac_sha256(secret, "v0:" + time + ":" + body));
        }
        FetchOptions options;
        options.timeout = kTimeout;
        options.bytes_max = 1U << 20;
        options.ca_file = settings_.ca_file.string();
        options.is_over = way_.is_over;
        NOCTURNE_TRY(const HttpReply reply,
                     http_send("POST", settings_.url, body, headers, options));
        return reply.is_ok()
                   ? Status()
                   : Status(fail(ErrorCode::Unavailable, "the webhook answered with status " +
                                                             std::to_string(reply.status)));
    }

    const rules::ChatChannel settings_;
    ChatWay way_;
};

}  // namespace

std::unique_ptr<ChatChannel> make_webhook_channel(const rules::ChatChannel& settings, ChatWay way) {
    return std::make_unique<WebhookChannel>(settings, std::move(way));
}

}  // namespace nocturne::gateway
