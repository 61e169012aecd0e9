#include "gateway/zmq_server.hpp"

#include "gateway/effect_feed.hpp"
#include "gateway/ingest.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"
#include "gateway/wakeup.hpp"
#include "gateway/zmq_keys.hpp"

#include <zmq.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

namespace nocturne::gateway {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kRoomPause{2};     // between two tries at a full queue
constexpr milliseconds kDrainTime{2000};  // at the end, for what has arrived
constexpr milliseconds kLinger{1000};     // at the end, for answers that are on their way
constexpr std::size_t kSmallMessageBytes = 4 * 1024;  // such messages are decoded many at once
constexpr std::size_t kGatheredBytesMax = 64 * 1024;
constexpr std::size_t kReadsInARow = 1024;  // before the other descriptors get a look
constexpr std::size_t kEnvelopeFramesMax = 8;

struct Counters {
    std::atomic<std::uint64_t> pull_lost{0};
    std::atomic<std::uint64_t> ack_malformed{0};
    std::atomic<std::uint64_t> ack_undeliverable{0};
    std::atomic<std::uint64_t> pub_sent{0};
};

// What woke the thread.
struct Ready {
    bool socket = false;
    bool wakeup = false;
};

enum class Watch { Socket, WakeupOnly };

Ready wait_for(zmq::socket_t& socket, Wakeup& wakeup, Watch watch,
               std::optional<milliseconds> limit) {
    std::array<zmq_pollitem_t, 2> items{
        {{nullptr, wakeup.descriptor(), ZMQ_POLLIN, 0}, {socket.handle(), 0, ZMQ_POLLIN, 0}}};
    const int count = watch == Watch::Socket ? 2 : 1;
    // An interrupted wait is like one that saw nothing: the callers loop.
    zmq_poll(items.data(), count, limit ? static_cast<long>(limit->count()) : -1L);
    Ready ready;
    ready.wakeup = (items[0].revents & ZMQ_POLLIN) != 0;
    ready.socket = count == 2 && (items[1].revents & ZMQ_POLLIN) != 0;
    if (ready.wakeup) {
        wakeup.clear();
    }
    return ready;
}

// Reads one message; of one with many frames `frames` gets all. False when none has arrived.
bool receive(zmq::socket_t& socket, std::vector<zmq::message_t>& frames) {
    frames.clear();
    if (!socket.recv(frames.emplace_back(), zmq::recv_flags::dontwait)) {
        return false;
    }
    while (frames.back().more()) {
        if (frames.size() > kEnvelopeFramesMax) {
            frames.pop_back();  // the caller sees too many frames; memory stays bounded
        }
        if (!socket.recv(frames.emplace_back())) {
            break;
        }
    }
    return true;
}

// One JSON object on one line: such messages can be decoded together as NDJSON without ever making
// one event of two broken messages, since `}` newline `{` stands in no JSON text.
bool is_gatherable(std::string_view message) {
    return message.size() <= kSmallMessageBytes && message.starts_with('{') &&
           message.ends_with('}') && message.find('\n') == std::string_view::npos;
}

bool is_beyond_this_machine(std::string_view endpoint) {
    return endpoint.starts_with("tcp://") && !endpoint.starts_with("tcp://127.") &&
           !endpoint.starts_with("tcp://[::1]") && !endpoint.starts_with("tcp://localhost");
}

// The pull socket: whatever arrives goes into the engine; when that is full, nothing more is read,
// so that ZeroMQ's own limits press back on the clients.
class PullSocket {
   public:
    PullSocket(zmq::socket_t socket, Ingest& ingest, Counters& counters)
        : socket_(std::move(socket)), ingest_(ingest), counters_(counters) {
        thread_ = std::thread([this] { run(); });
    }

    ~PullSocket() { stop(); }

    void stop() {
        stopping_ = true;
        wakeup_.wake();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

   private:
    void run() {
        try {
            while (!stopping_) {
                if (wait_for(socket_, wakeup_, Watch::Socket, std::nullopt).socket) {
                    drain(kReadsInARow);
                }
            }
            stop_at_ = Clock::now() + kDrainTime;
            while (Clock::now() < *stop_at_ && drain(kReadsInARow)) {
            }
        } catch (const zmq::error_t& error) {
            logger()->error("pull socket ended reason={}", error.what());
        }
        socket_.close();
    }

    // Takes up to `messages_max` messages that have arrived. False when there are no more.
    bool drain(std::size_t messages_max) {
        for (std::size_t i = 0; i < messages_max; ++i) {
            if (!receive(socket_, frames_)) {
                submit_gathered();
                return false;
            }
            take(frames_.back()
                     .to_string_view());  // of a message with a topic in front the last frame
        }
        submit_gathered();
        return true;
    }

    void take(std::string_view message) {
        if (!is_gatherable(message)) {
            submit_gathered();
            submit(message, 1);
            return;
        }
        gathered_.append(message).push_back('\n');
        ++gathered_messages_;
        if (gathered_.size() >= kGatheredBytesMax) {
            submit_gathered();
        }
    }

    void submit_gathered() {
        if (gathered_messages_ > 0) {
            submit(gathered_, gathered_messages_);
            gathered_.clear();
            gathered_messages_ = 0;
        }
    }

    void submit(std::string_view message, std::size_t messages) {
        Ingest::Offer offer = ingest_.decode(Transport::Pull, message, {}, messages);
        while (!ingest_.try_submit(offer)) {
            if (stop_at_ && Clock::now() >= *stop_at_) {
                counters_.pull_lost += offer.events();
                return;
            }
            wait_for(socket_, wakeup_, Watch::WakeupOnly, kRoomPause);
            if (stopping_ && !stop_at_) {
                stop_at_ = Clock::now() + kDrainTime;
            }
        }
    }

    zmq::socket_t socket_;
    Ingest& ingest_;
    Counters& counters_;
    Wakeup wakeup_;
    std::atomic<bool> stopping_{false};

    // Of the thread.
    std::vector<zmq::message_t> frames_;
    std::string gathered_;
    std::size_t gathered_messages_ = 0;
    std::optional<Clock::time_point> stop_at_;
    std::thread thread_;
};

// The frames that go back in front of an answer: who asked, and what a REQ client puts between.
using Envelope = std::vector<zmq::message_t>;

// Answers on their way from the loop's threads to the thread that owns the socket. Shared with the
// requests that wait, which may outlive the socket.
class ReplyQueue {
   public:
    struct Reply {
        std::shared_ptr<Envelope> envelope;
        std::string json;
    };

    void push(Reply reply) {
        bool was_empty = false;
        {
            std::lock_guard lock(mutex_);
            was_empty = replies_.empty();
            replies_.push_back(std::move(reply));
        }
        if (was_empty) {
            wakeup.wake();
        }
    }

    std::vector<Reply> take() {
        std::lock_guard lock(mutex_);
        return std::exchange(replies_, {});
    }

    Wakeup wakeup;

   private:
    std::mutex mutex_;
    std::vector<Reply> replies_;  // at most the requests outstanding
};

// The ack socket: each request is answered once the journal has it. The thread never waits for the
// engine: a request that finds it full is held, and nothing more is read until it is in.
class AckSocket {
   public:
    AckSocket(zmq::socket_t socket, Ingest& ingest, const ZmqServerOptions& options,
              Counters& counters)
        : socket_(std::move(socket)), ingest_(ingest),
          outstanding_max_(std::max<std::size_t>(options.outstanding_max, 1)),
          full_wait_(options.full_wait), counters_(counters) {
        thread_ = std::thread([this] { run(); });
    }

    ~AckSocket() { stop(); }

    void stop() {
        stopping_ = true;
        replies_->wakeup.wake();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    std::size_t outstanding() const { return outstanding_; }

   private:
    struct Held {
        Ingest::Offer offer;
        Clock::time_point until;
    };

    void run() {
        try {
            while (!stopping_) {
                step();
            }
            finish();
        } catch (const zmq::error_t& error) {
            logger()->error("ack socket ended reason={}", error.what());
        }
        socket_.close();
    }

    void step() {
        const bool may_read = !held_ && outstanding_ < outstanding_max_;
        const Ready ready =
            wait_for(socket_, replies_->wakeup, may_read ? Watch::Socket : Watch::WakeupOnly,
                     held_ ? std::optional(kRoomPause) : std::nullopt);
        send_replies();
        try_held();
        for (std::size_t i = 0;
             ready.socket && i < kReadsInARow && !held_ && outstanding_ < outstanding_max_; ++i) {
            if (!receive(socket_, frames_)) {
                break;
            }
            take();
        }
        send_replies();  // of what could be answered at once
    }

    // frames_: who asked, perhaps more of the envelope, and the message.
    void take() {
        if (frames_.size() < 2 || frames_.size() > kEnvelopeFramesMax) {
            ++counters_.ack_malformed;
            return;
        }
        zmq::message_t message = std::move(frames_.back());
        frames_.pop_back();
        auto envelope = std::make_shared<Envelope>(std::exchange(frames_, {}));
        ++outstanding_;
        Ingest::Offer offer = ingest_.decode(Transport::Ack, message.to_string_view(),
                                             [replies = replies_, envelope](Answer answer) {
                                                 replies->push({envelope, std::move(answer.json)});
                                             });
        // Nobody else waits: this thread writes by itself, and the answer leaves at once.
        const bool is_alone =
            outstanding_ == 1 && (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) == 0;
        if (!ingest_.try_submit(offer, is_alone ? engine::Loop::Writer::Caller
                                                : engine::Loop::Writer::Loop)) {
            held_.emplace(Held{std::move(offer), Clock::now() + full_wait_});
        }
    }

    void try_held() {
        if (!held_) {
            return;
        }
        if (ingest_.try_submit(held_->offer)) {
            held_.reset();
        } else if (Clock::now() >= held_->until) {
            ingest_.refuse(held_->offer);
            held_.reset();
        }
    }

    void send_replies() {
        for (ReplyQueue::Reply& reply : replies_->take()) {
            --outstanding_;
            if (!send(reply)) {
                ++counters_.ack_undeliverable;
            }
        }
    }

    // False when the client has gone, or does not read its answers.
    bool send(ReplyQueue::Reply& reply) {
        try {
            for (zmq::message_t& frame : *reply.envelope) {
                if (!socket_.send(frame, zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
                    return false;
                }
            }
            return socket_.send(zmq::buffer(reply.json), zmq::send_flags::dontwait).has_value();
        } catch (const zmq::error_t& error) {
            if (error.num() == EHOSTUNREACH) {
                return false;
            }
            throw;
        }
    }

    // Answers what waits for the journal.
    void finish() {
        const Clock::time_point until = Clock::now() + kDrainTime;
        while (outstanding_ > 0 && Clock::now() < until) {
            wait_for(socket_, replies_->wakeup, Watch::WakeupOnly, kRoomPause);
            try_held();
            send_replies();
        }
        if (held_) {
            ingest_.refuse(held_->offer);
            held_.reset();
            send_replies();
        }
    }

    zmq::socket_t socket_;
    Ingest& ingest_;
    const std::size_t outstanding_max_;
    const milliseconds full_wait_;
    Counters& counters_;
    std::shared_ptr<ReplyQueue> replies_ = std::make_shared<ReplyQueue>();
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> outstanding_{0};

    // Of the thread.
    std::vector<zmq::message_t> frames_;
    std::optional<Held> held_;
    std::thread thread_;
};

// The pub socket. XPUB tells who listens for what, so that effects nobody wants cost nothing.
class PubSocket {
   public:
    PubSocket(zmq::socket_t socket, EffectFeed& feed, std::size_t messages_max, Counters& counters)
        : socket_(std::move(socket)), feed_(feed), counters_(counters) {
        // The wakeup is shared: the core may be about to wake us when we go.
        subscription_ = feed.subscribe(messages_max, [wakeup = wakeup_] { wakeup->wake(); });
        thread_ = std::thread([this] { run(); });
    }

    ~PubSocket() { stop(); }

    void stop() {
        stopping_ = true;
        wakeup_->wake();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

   private:
    void run() {
        try {
            while (!stopping_) {
                if (wait_for(socket_, *wakeup_, Watch::Socket, std::nullopt).socket) {
                    read_subscriptions();
                }
                publish();
            }
            publish();
        } catch (const zmq::error_t& error) {
            logger()->error("pub socket ended reason={}", error.what());
        }
        feed_.want(*subscription_, 0);
        socket_.close();
    }

    // A frame of 1 and the prefix when its first listener comes, of 0 when its last one has gone.
    void read_subscriptions() {
        zmq::message_t frame;
        while (socket_.recv(frame, zmq::recv_flags::dontwait)) {
            std::string_view text = frame.to_string_view();
            if (text.empty()) {
                continue;
            }
            const bool is_coming = text.front() == '\1';
            text.remove_prefix(1);
            if (topics_with_prefix(text) == 0) {
                continue;  // nothing of ours; so what we keep is bounded by our own names
            }
            if (is_coming) {
                prefixes_.emplace(text);
            } else {
                prefixes_.erase(std::string(text));
            }
        }
        TopicSet topics = 0;
        for (const std::string& prefix : prefixes_) {
            topics |= topics_with_prefix(prefix);
        }
        feed_.want(*subscription_, topics);
    }

    void publish() {
        for (const std::shared_ptr<const FeedMessage>& message : subscription_->take()) {
            socket_.send(zmq::buffer(message->topic), zmq::send_flags::sndmore);
            socket_.send(zmq::buffer(message->json), zmq::send_flags::none);
            ++counters_.pub_sent;
        }
    }

    zmq::socket_t socket_;
    EffectFeed& feed_;
    Counters& counters_;
    std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
    std::shared_ptr<FeedSubscription> subscription_;
    std::atomic<bool> stopping_{false};
    std::set<std::string, std::less<>> prefixes_;  // of the thread
    std::thread thread_;
};

}  // namespace

class ZmqServer::Inside {
   public:
    Inside(ZmqServerOptions options, Ingest& ingest, EffectFeed& feed)
        : options_(std::move(options)), ingest_(ingest), feed_(feed), context_(1) {}

    ~Inside() { stop(); }

    Status start() {
        NOCTURNE_TRY_STATUS(check_keys(options_.curve));
        try {
            if (!options_.curve.secret_key.empty()) {
                client_check_.emplace(context_, options_.curve.allowed_client_keys);
            }
            // All are bound before any thread starts: a port that is taken ends this without a
            // trace.
            std::optional<zmq::socket_t> pull;
            std::optional<zmq::socket_t> ack;
            std::optional<zmq::socket_t> pub;
            NOCTURNE_TRY_STATUS(
                open(pull, zmq::socket_type::pull, "pull", options_.pull_endpoint, pull_endpoint));
            NOCTURNE_TRY_STATUS(
                open(ack, zmq::socket_type::router, "ack", options_.ack_endpoint, ack_endpoint));
            NOCTURNE_TRY_STATUS(
                open(pub, zmq::socket_type::xpub, "pub", options_.pub_endpoint, pub_endpoint));
            if (pull) {
                pull_.emplace(*std::move(pull), ingest_, counters_);
            }
            if (ack) {
                ack_.emplace(*std::move(ack), ingest_, options_, counters_);
            }
            if (pub) {
                pub_.emplace(*std::move(pub), feed_,
                             static_cast<std::size_t>(options_.pub_messages_max), counters_);
            }
        } catch (const zmq::error_t& error) {
            return fail(ErrorCode::Internal, std::string("cannot start ZeroMQ: ") + error.what());
        }
        return {};
    }

    void stop_receiving() {
        if (pull_) {
            pull_->stop();
        }
        if (ack_) {
            ack_->stop();
        }
    }

    void stop() {
        stop_receiving();
        if (pub_) {
            pub_->stop();
        }
        client_check_.reset();
    }

    void append_metrics(std::string& out) const {
        append_metric(out, "zmq_pull_lost_total",
                      "Events on the pull socket given up when stopped while full.",
                      MetricType::Counter, counters_.pull_lost);
        append_metric(out, "zmq_ack_outstanding",
                      "Requests of the ack socket that wait for the journal.", MetricType::Gauge,
                      ack_ ? ack_->outstanding() : 0);
        append_metric(out, "zmq_ack_malformed_total",
                      "Requests of the ack socket without a message.", MetricType::Counter,
                      counters_.ack_malformed);
        append_metric(out, "zmq_ack_undeliverable_total",
                      "Answers whose client had gone or did not read.", MetricType::Counter,
                      counters_.ack_undeliverable);
        append_metric(out, "zmq_pub_sent_total", "Messages given to the pub socket.",
                      MetricType::Counter, counters_.pub_sent);
    }

    std::string pull_endpoint;
    std::string ack_endpoint;
    std::string pub_endpoint;

   private:
    Status open(std::optional<zmq::socket_t>& socket, zmq::socket_type type, std::string_view name,
                const std::string& endpoint, std::string& bound_endpoint) {
        if (endpoint.empty()) {
            return {};
        }
        socket.emplace(context_, type);
        socket->set(zmq::sockopt::linger, static_cast<int>(kLinger.count()));
        socket->set(zmq::sockopt::maxmsgsize, options_.message_bytes_max);
        socket->set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
        if (type == zmq::socket_type::pull) {
            socket->set(zmq::sockopt::rcvhwm, options_.pull_messages_max);
        } else if (type == zmq::socket_type::router) {
            socket->set(zmq::sockopt::rcvhwm, options_.ack_messages_max);
            socket->set(zmq::sockopt::sndhwm, options_.ack_messages_max);
            socket->set(zmq::sockopt::router_mandatory, true);
        } else {
            socket->set(zmq::sockopt::sndhwm, options_.pub_messages_max);
        }
        if (!options_.curve.secret_key.empty()) {
            socket->set(zmq::sockopt::curve_server, true);
            socket->set(zmq::sockopt::curve_secretkey, options_.curve.secret_key);
            socket->set(zmq::sockopt::zap_domain, "nocturne");
        } else if (is_beyond_this_machine(endpoint)) {
            logger()->warn("socket open to the network without keys name={} endpoint={}", name,
                           endpoint);
        }
        try {
            socket->bind(endpoint);
        } catch (const zmq::error_t& error) {
            return fail(ErrorCode::Unavailable, "cannot bind the " + std::string(name) +
                                                    " socket to " + endpoint + ": " + error.what());
        }
        bound_endpoint = socket->get(zmq::sockopt::last_endpoint);
        return {};
    }

    ZmqServerOptions options_;
    Ingest& ingest_;
    EffectFeed& feed_;
    Counters counters_;
    zmq::context_t context_;
    std::optional<ClientCheck> client_check_;
    std::optional<PullSocket> pull_;
    std::optional<AckSocket> ack_;
    std::optional<PubSocket> pub_;
};

Result<std::unique_ptr<ZmqServer>> ZmqServer::start(ZmqServerOptions options, Ingest& ingest,
                                                    EffectFeed& feed) {
    auto inside = std::make_unique<Inside>(std::move(options), ingest, feed);
    NOCTURNE_TRY_STATUS(inside->start());
    return std::unique_ptr<ZmqServer>(new ZmqServer(std::move(inside)));
}

ZmqServer::ZmqServer(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

ZmqServer::~ZmqServer() = default;

const std::string& ZmqServer::pull_endpoint() const {
    return inside_->pull_endpoint;
}

const std::string& ZmqServer::ack_endpoint() const {
    return inside_->ack_endpoint;
}

const std::string& ZmqServer::pub_endpoint() const {
    return inside_->pub_endpoint;
}

void ZmqServer::stop_receiving() {
    inside_->stop_receiving();
}

void ZmqServer::stop() {
    inside_->stop();
}

void ZmqServer::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
