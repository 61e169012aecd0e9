#include "gateway/chat/chat.hpp"

#include "gateway/chat/chat_door.hpp"
#include "gateway/chat/incident_board.hpp"
#include "gateway/effect_feed.hpp"
#include "gateway/effectors/action_arguments.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/metric_text.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kRequestsMax = 64;  // that wait; beyond it 503

// One caller at a time.
class GuardedChannel : public ChatChannel {
   public:
    explicit GuardedChannel(std::unique_ptr<ChatChannel> channel) : channel_(std::move(channel)) {}

    bool can_update() const override { return channel_->can_update(); }

    Result<std::string> post(const IncidentMessage& message) override {
        const std::lock_guard lock(mutex_);
        return channel_->post(message);
    }

    Status update(const std::string& reference, const IncidentMessage& message) override {
        const std::lock_guard lock(mutex_);
        return channel_->update(reference, message);
    }

    Status say(const std::string& text, const std::string& key) override {
        const std::lock_guard lock(mutex_);
        return channel_->say(text, key);
    }

   private:
    std::unique_ptr<ChatChannel> channel_;
    std::mutex mutex_;
};

std::int64_t system_now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

class Chat::Inside {
   public:
    Inside(ChatParts parts, ChatBackend& backend, EffectFeed& feed)
        : parts_(with_clock(std::move(parts))),
          desk_(People(parts_.settings.users), backend, parts_.note),
          slack_(parts_.settings.channels, Secrets(parts_.secrets), desk_, parts_.now_s),
          mattermost_(parts_.settings.channels, Secrets(parts_.secrets), desk_, parts_.now_s) {
        for (const rules::ChatChannel& settings : parts_.settings.channels) {
            add_channel(settings, backend, feed);
        }
        thread_ = std::thread([this] { answer_requests(); });
    }

    ~Inside() {
        is_over_ = true;
        {
            const std::lock_guard lock(mutex_);
            requests_.clear();
            wake_.notify_one();
        }
        thread_.join();
        for (Channel& channel : channels_) {
            channel.board.reset();
        }
    }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    void handle(std::string_view medium, HttpRequest request,
                std::function<void(HttpResponse)> respond) {
        const bool is_slack = medium == "slack";
        {
            const std::lock_guard lock(mutex_);
            if (!is_over_ && requests_.size() < kRequestsMax) {
                requests_.push_back({is_slack, std::move(request), std::move(respond)});
                wake_.notify_one();
                return;
            }
        }
        desk_.refuse(is_slack ? rules::ChatMedium::Slack : rules::ChatMedium::Mattermost,
                     ChatRefusal::Busy);
        HttpResponse response = error_response(503, "refused: busy");
        response.headers.emplace_back("Retry-After", "1");
        respond(std::move(response));
    }

    ActionResult notify(const ActionCall& call) {
        const auto channel =
            std::find_if(channels_.begin(), channels_.end(),
                         [&](const Channel& it) { return it.settings.name == call.action.target; });
        if (channel == channels_.end()) {
            return refused("no channel \"" + printable(call.action.target, 64) + "\"");
        }
        const Status status =
            channel->guarded->say(printable(argument_of(call.action, "text")), call.key);
        if (status) {
            return {ActionResult::Outcome::Ok, "told " + call.action.target, true};
        }
        // Whether it was shown is not known; telling twice does no harm, so it is a failure.
        return {ActionResult::Outcome::Failed, printable(status.error().message), true};
    }

    std::vector<std::string> channels() const {
        std::vector<std::string> names;
        for (const Channel& channel : channels_) {
            names.push_back(channel.settings.name);
        }
        return names;
    }

    void set_people(std::vector<rules::ChatUser> users) {
        desk_.set_people(People(std::move(users)));
    }

    void append_metrics(std::string& out) const {
        desk_.append_metrics(out);
        append_metric_head(out, "chat_messages_total",
                           "Messages about incidents, by channel and what became of them.",
                           MetricType::Counter);
        for (const Channel& channel : channels_) {
            if (channel.board) {
                const BoardCounters& counters = channel.board->counters();
                append_of(out, channel, "posted", counters.posted);
                append_of(out, channel, "updated", counters.updated);
                append_of(out, channel, "failed", counters.failed);
            }
        }
        append_irc(out, "chat_irc_joined", "Whether we are on the channel.", MetricType::Gauge,
                   &IrcCounters::joined);
        append_irc(out, "chat_irc_connects_total", "Connections to the server.",
                   MetricType::Counter, &IrcCounters::connects);
        append_irc(out, "chat_irc_failures_total", "Connections that failed or were lost.",
                   MetricType::Counter, &IrcCounters::failures);
        append_irc(out, "chat_irc_lines_sent_total", "Lines sent.", MetricType::Counter,
                   &IrcCounters::lines_sent);
        append_irc(out, "chat_irc_lines_dropped_total",
                   "Lines that had to go because too many waited.", MetricType::Counter,
                   &IrcCounters::lines_dropped);
    }

   private:
    struct Channel {
        rules::ChatChannel settings;
        std::unique_ptr<GuardedChannel> guarded;
        const IrcClient* irc = nullptr;
        std::unique_ptr<IncidentBoard> board;
    };

    struct Request {
        bool is_slack = true;
        HttpRequest request;
        std::function<void(HttpResponse)> respond;
    };

    static ChatParts with_clock(ChatParts parts) {
        if (!parts.now_s) {
            parts.now_s = system_now_s;
        }
        return parts;
    }

    std::unique_ptr<ChatChannel> make_channel(const rules::ChatChannel& settings,
                                              const IrcClient*& irc) {
        ChatWay way{Secrets(parts_.secrets), [this] { return is_over_.load(); }, parts_.now_s};
        switch (settings.kind) {
            case rules::ChatMedium::Slack: return make_slack_channel(settings, std::move(way));
            case rules::ChatMedium::Mattermost:
                return make_mattermost_channel(settings, std::move(way));
            case rules::ChatMedium::Irc: {
                auto client =
                    std::make_unique<IrcClient>(settings, std::move(way), desk_, parts_.irc_pace);
                irc = client.get();
                return client;
            }
            case rules::ChatMedium::Webhook: break;
        }
        return make_webhook_channel(settings, std::move(way));
    }

    void add_channel(const rules::ChatChannel& settings, ChatBackend& backend, EffectFeed& feed) {
        Channel channel;
        channel.settings = settings;
        channel.guarded = std::make_unique<GuardedChannel>(make_channel(settings, channel.irc));
        if (settings.incidents) {
            BoardOptions options;
            options.update_interval = parts_.settings.update_interval;
            if (!parts_.folder.empty()) {
                options.file = parts_.folder / ("chat-" + file_name(settings.name) + ".json");
            }
            channel.board = std::make_unique<IncidentBoard>(settings, *channel.guarded, backend,
                                                            feed, std::move(options));
        }
        channels_.push_back(std::move(channel));
    }

    static std::string file_name(std::string name) {
        std::replace_if(
            name.begin(), name.end(),
            [](char letter) {
                return !((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9') || letter == '-');
            },
            '_');
        return name;
    }

    void answer_requests() {
        for (;;) {
            Request request;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return is_over_ || !requests_.empty(); });
                if (requests_.empty()) {
                    return;
                }
                request = std::move(requests_.front());
                requests_.pop_front();
            }
            request.respond(request.is_slack ? slack_.handle(request.request)
                                             : mattermost_.handle(request.request));
        }
    }

    static void append_of(std::string& out, const Channel& channel, const char* what,
                          std::uint64_t value) {
        append_sample(out, "chat_messages_total",
                      "channel=\"" + file_name(channel.settings.name) + "\",what=\"" + what + "\"",
                      value);
    }

    void append_irc(std::string& out, std::string_view name, std::string_view help, MetricType type,
                    std::atomic<std::uint64_t> IrcCounters::*counter) const {
        append_metric_head(out, name, help, type);
        for (const Channel& channel : channels_) {
            if (channel.irc != nullptr) {
                append_sample(out, name, "channel=\"" + file_name(channel.settings.name) + "\"",
                              channel.irc->counters().*counter);
            }
        }
    }

    const ChatParts parts_;
    std::atomic<bool> is_over_{false};
    ChatDesk desk_;
    SlackDoor slack_;
    MattermostDoor mattermost_;
    std::vector<Channel> channels_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Request> requests_;  // guarded by mutex_
    std::thread thread_;
};

Chat::Chat(ChatParts parts, ChatBackend& backend, EffectFeed& feed)
    : inside_(std::make_unique<Inside>(std::move(parts), backend, feed)) {}

Chat::~Chat() = default;

void Chat::handle(std::string_view medium, HttpRequest request,
                  std::function<void(HttpResponse)> respond) {
    inside_->handle(medium, std::move(request), std::move(respond));
}

ActionResult Chat::notify(const ActionCall& call) {
    return inside_->notify(call);
}

std::vector<std::string> Chat::channels() const {
    return inside_->channels();
}

void Chat::set_people(std::vector<rules::ChatUser> users) {
    inside_->set_people(std::move(users));
}

void Chat::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
