#include "gateway/chat/incident_board.hpp"

#include "gateway/effectors/result_text.hpp"
#include "gateway/json_items.hpp"
#include "gateway/log.hpp"
#include "model/json_writer.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFeedMessagesMax = 10'000;

// The incident's id: it stands first in what the feed says of an incident, and by its name in what
// it says of a run.
std::string incident_in(std::string_view effect_json) {
    for (const std::string_view mark : {R"("incident":{"id":")", R"("incident":")"}) {
        if (const std::size_t at = effect_json.find(mark); at != std::string_view::npos) {
            const std::string_view rest = effect_json.substr(at + mark.size());
            return std::string(rest.substr(0, rest.find('"')));
        }
    }
    return "";
}

}  // namespace

class IncidentBoard::Inside {
   public:
    Inside(const rules::ChatChannel& settings, ChatChannel& channel, ChatBackend& backend,
           EffectFeed& feed, BoardOptions options)
        : settings_(settings), channel_(channel), backend_(backend), options_(std::move(options)) {
        read_file();
        subscription_ = feed.subscribe(kFeedMessagesMax, [this] {
            const std::lock_guard lock(mutex_);
            is_awake_ = true;
            wake_.notify_one();
        });
        feed.want(*subscription_, topics_with_prefix("incident.") | topics_with_prefix("run."));
        thread_ = std::thread([this] { keep(); });
        feed_ = &feed;
    }

    ~Inside() {
        feed_->want(*subscription_, 0);
        {
            const std::lock_guard lock(mutex_);
            is_over_ = true;
            wake_.notify_one();
        }
        thread_.join();
    }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    BoardCounters counters;

   private:
    struct Shown {
        std::string reference;
        std::string essence;
        Clock::time_point at{};
    };

    void keep() {
        // What changed while we were away.
        for (const auto& [id, shown] : shown_) {
            due_[id] = Clock::now();
        }
        while (wait()) {
            for (const auto& message : subscription_->take()) {
                // What waits for a person waits for nothing else.
                const bool is_urgent =
                    message->topic == "run.proposed" || message->topic == "run.needs_person";
                note(incident_in(message->json), is_urgent);
            }
            show_due();
        }
    }

    // False at the end.
    bool wait() {
        std::unique_lock lock(mutex_);
        const auto is_time = [this] { return is_over_ || is_awake_; };
        if (due_.empty()) {
            wake_.wait(lock, is_time);
        } else {
            const auto first =
                std::min_element(due_.begin(), due_.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
            wake_.wait_until(lock, first->second, is_time);
        }
        is_awake_ = false;
        return !is_over_;
    }

    void note(const std::string& id, bool is_urgent) {
        const bool is_due = due_.count(id) > 0;
        if (id.empty() || (is_due && !is_urgent) ||
            (!is_due && due_.size() >= options_.messages_max)) {
            return;
        }
        const auto shown = shown_.find(id);
        due_[id] = is_urgent || shown == shown_.end()
                       ? Clock::now()
                       : std::max(Clock::now(), shown->second.at + options_.update_interval);
    }

    void show_due() {
        const Clock::time_point now = Clock::now();
        std::vector<std::string> ids;
        for (const auto& [id, at] : due_) {
            if (at <= now) {
                ids.push_back(id);
            }
        }
        for (const std::string& id : ids) {
            due_.erase(id);
            if (const Status status = show(id); !status) {
                fail_with(id, status.error());
            } else {
                pause_ = options_.retry_min;
            }
        }
    }

    void fail_with(const std::string& id, const Error& error) {
        ++counters.failed;
        logger()->warn("chat message not sent channel={} incident={} reason=\"{}\"", settings_.name,
                       id, printable(error.message, 300));
        due_[id] = Clock::now() + pause_;
        pause_ = std::min(pause_ * 2, options_.retry_max);
    }

    Status show(const std::string& id) {
        const Result<IncidentMessage> message = backend_.incident(id);
        if (!message) {
            return {};  // gone from memory: there is nothing to tell
        }
        const auto shown = shown_.find(id);
        if (shown == shown_.end()) {
            const bool is_wanted =
                message->severity >= settings_.severity_min && !message->is_over();
            return is_wanted ? post(*message) : Status();
        }
        const std::string now = essence(*message);
        if (!channel_.can_update() && shown->second.essence == now) {
            return {};
        }
        NOCTURNE_TRY_STATUS(channel_.update(shown->second.reference, *message));
        ++counters.updated;
        const bool is_new = shown->second.essence != now;
        shown->second.essence = now;
        shown->second.at = Clock::now();
        if (is_new) {
            write_file();
        }
        return {};
    }

    Status post(const IncidentMessage& message) {
        NOCTURNE_TRY(std::string reference, channel_.post(message));
        ++counters.posted;
        order_.push_back(message.id);
        shown_[message.id] = {std::move(reference), essence(message), Clock::now()};
        while (order_.size() > options_.messages_max) {
            shown_.erase(order_.front());
            order_.pop_front();
        }
        write_file();
        return {};
    }

    // ---- over a restart ----

    void read_file() {
        std::ifstream file(options_.file, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        boost::system::error_code error;
        const json::value value = json::parse(text, error);
        if (error || !value.is_array()) {
            return;  // none yet; a damaged one costs a second message, not an incident
        }
        for (const json::value& item : value.get_array()) {
            const json::object* object = item.if_object();
            if (object != nullptr && order_.size() < options_.messages_max) {
                const std::string id(json_text(*object, "incident"));
                shown_[id] = {std::string(json_text(*object, "reference")),
                              std::string(json_text(*object, "essence")),
                              {}};
                order_.push_back(id);
            }
        }
    }

    void write_file() const {
        if (options_.file.empty()) {
            return;
        }
        model::JsonWriter out;
        out.begin_array();
        for (const std::string& id : order_) {
            const Shown& shown = shown_.at(id);
            out.begin_object()
                .member("incident", id)
                .member("reference", shown.reference)
                .member("essence", shown.essence)
                .end_object();
        }
        out.end_array();
        const std::filesystem::path beside = options_.file.string() + ".new";
        std::ofstream(beside, std::ios::binary | std::ios::trunc) << out.json() << '\n';
        std::error_code error;
        std::filesystem::rename(beside, options_.file, error);
        if (error) {
            logger()->warn("chat messages not kept file={} reason=\"{}\"", options_.file.string(),
                           error.message());
        }
    }

    const rules::ChatChannel settings_;
    ChatChannel& channel_;
    ChatBackend& backend_;
    const BoardOptions options_;
    EffectFeed* feed_ = nullptr;
    std::shared_ptr<FeedSubscription> subscription_;  // shared: with the feed
    std::mutex mutex_;
    std::condition_variable wake_;
    bool is_awake_ = false;
    bool is_over_ = false;

    // Of the thread.
    std::map<std::string, Clock::time_point> due_;
    std::map<std::string, Shown> shown_;
    std::deque<std::string> order_;
    model::Duration pause_ = options_.retry_min;

    std::thread thread_;
};

IncidentBoard::IncidentBoard(const rules::ChatChannel& settings, ChatChannel& channel,
                             ChatBackend& backend, EffectFeed& feed, BoardOptions options)
    : inside_(std::make_unique<Inside>(settings, channel, backend, feed, std::move(options))) {}

IncidentBoard::~IncidentBoard() = default;

const BoardCounters& IncidentBoard::counters() const {
    return inside_->counters;
}

}  // namespace nocturne::gateway
