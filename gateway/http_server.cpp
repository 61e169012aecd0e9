#include "gateway/http_server.hpp"

#include "gateway/access.hpp"
#include "gateway/effect_feed.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

namespace nocturne::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kMoment{2};
constexpr std::chrono::milliseconds kLingerTime{
    2000};  // for a client that still sends what we refused
constexpr std::chrono::milliseconds kRefusedHeaderTime{1000};
constexpr std::chrono::milliseconds kAcceptPause{
    100};  // after accept failed, e.g. without descriptors
constexpr std::size_t kRefusedConnectionsMax =
    64;  // beyond the limit, told so; the others are just closed
constexpr std::size_t kStreamBytesAtOnce = 256 * 1024;

struct Counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> client_errors{0};
    std::atomic<std::uint64_t> server_errors{0};
    std::atomic<std::uint64_t> timeouts{0};
    std::atomic<std::uint64_t> connections_refused{0};
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> streams{0};
};

// What all connections share. Of the server's thread, but for the counters.
struct Shared {
    HttpServerOptions options;
    EffectFeed& feed;
    std::optional<Api> api;
    std::shared_ptr<asio::io_context> context;
    Counters counters;
};

HttpRequest::Method method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get: return HttpRequest::Method::Get;
        case http::verb::head: return HttpRequest::Method::Head;
        case http::verb::post: return HttpRequest::Method::Post;
        case http::verb::delete_: return HttpRequest::Method::Delete;
        default: return HttpRequest::Method::Other;
    }
}

std::string text_of(beast::string_view text) {
    return std::string(text.data(), text.size());
}

HttpResponse refusal_of(error_code error) {
    if (error == http::error::body_limit) {
        return error_response(413, "the body is larger than this server takes");
    }
    if (error == http::error::header_limit) {
        return error_response(431, "the header is larger than this server takes");
    }
    return error_response(400, "not an HTTP request: " + error.message());
}

// An event of a stream as the browser's EventSource reads it. The JSON has no line ends.
void append_event(std::string& out, const FeedMessage& message) {
    out.append("event: ").append(message.topic).append("\nid: ").append(message.key);
    out.append("\ndata: ").append(message.json).append("\n\n");
}

enum class Welcome { Full, Refused };  // Refused: one too many, which is told so and closed

// One client. Lives in its own pending operations and in the server's list; all but the answers of
// the engine happens on the server's thread.
class Connection : public std::enable_shared_from_this<Connection> {
   public:
    Connection(Shared& shared, tcp::socket socket, Welcome welcome)
        : shared_(shared), stream_(std::move(socket)), answer_timer_(*shared.context),
          welcome_(welcome) {
        error_code ignored;
        stream_.socket().set_option(tcp::no_delay(true), ignored);
        const tcp::endpoint peer = stream_.socket().remote_endpoint(ignored);
        peer_ = ignored ? "gone" : peer.address().to_string();
    }

    void start() {
        read_header(welcome_ == Welcome::Full ? shared_.options.header_timeout
                                              : kRefusedHeaderTime);
    }

    void close() {
        error_code ignored;
        answer_timer_.cancel();
        stop_streaming();
        stream_.socket().close(ignored);
    }

    // Called once when the connection is over.
    std::function<void()> on_end;

    void end() {
        close();
        if (auto ended = std::exchange(on_end, {})) {
            ended();
        }
    }

   private:
    using Parser = http::request_parser<http::string_body>;

    // ---- reading ----

    void read_header(std::chrono::milliseconds limit) {
        parser_.emplace();
        parser_->header_limit(shared_.options.header_bytes_max);
        parser_->body_limit(shared_.options.body_bytes_max);
        stream_.expires_after(limit);
        http::async_read_header(
            stream_, buffer_, *parser_,
            [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
    }

    void on_header(error_code error) {
        if (error) {
            on_read_failure(error);
            return;
        }
        if (welcome_ == Welcome::Refused) {
            refuse(error_response(503, "too many connections"));
            return;
        }
        if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
            send_continue();
            return;
        }
        read_body();
    }

    void send_continue() {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        stream_.expires_after(shared_.options.write_timeout);
        asio::async_write(stream_, asio::buffer(kContinue),
                          [self = shared_from_this()](error_code error, std::size_t) {
                              error ? self->end() : self->read_body();
                          });
    }

    void read_body() {
        stream_.expires_after(shared_.options.body_timeout);
        http::async_read(stream_, buffer_, *parser_,
                         [self = shared_from_this()](error_code error, std::size_t) {
                             error ? self->on_read_failure(error) : self->on_request();
                         });
    }

    void on_read_failure(error_code error) {
        const bool has_begun = parser_->got_some() || buffer_.size() > 0;
        if (error == beast::error::timeout) {
            ++shared_.counters.timeouts;
            if (has_begun) {
                // The stream is closed by its timeout: there is nobody to tell any more.
                ++shared_.counters.client_errors;
            }
            end();
            return;
        }
        if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
            refuse(refusal_of(error));
            return;
        }
        end();  // the peer closed, or the network did
    }

    // ---- handling ----

    void on_request() {
        ++shared_.counters.requests;
        http::request<http::string_body> read = parser_->release();
        HttpRequest request;
        request.method = method_of(read.method());
        request.target = text_of(read.target());
        request.host = text_of(read[http::field::host]);
        request.origin = text_of(read[http::field::origin]);
        request.fetch_site = text_of(read["Sec-Fetch-Site"]);
        request.media_type = text_of(read[http::field::content_type]);
        request.content_encoding = text_of(read[http::field::content_encoding]);
        request.authorization = text_of(read[http::field::authorization]);
        request.peer = peer_;
        request.slack_signature = text_of(read["X-Slack-Signature"]);
        request.slack_timestamp = text_of(read["X-Slack-Request-Timestamp"]);
        request.body = std::move(read.body());
        keep_alive_ = read.keep_alive();
        version_ = read.version();
        is_head_ = request.method == HttpRequest::Method::Head;

        const std::uint64_t number = ++request_number_;
        stream_.expires_never();
        answer_timer_.expires_after(takes_long(request) ? shared_.options.long_answer_timeout
                                                        : shared_.options.answer_timeout);
        answer_timer_.async_wait([self = shared_from_this(), number](error_code error) {
            if (!error) {
                self->answer(number, error_response(504, "the engine did not answer in time"));
            }
        });
        // The answer may come from any thread, and after this connection or the server has gone.
        shared_.api->handle(std::move(request), [weak = weak_from_this(), context = shared_.context,
                                                 number](HttpResponse response) {
            asio::post(*context, [weak, number, response = std::move(response)]() mutable {
                if (const auto self = weak.lock()) {
                    self->answer(number, std::move(response));
                }
            });
        });
    }

    void answer(std::uint64_t number, HttpResponse response) {
        if (number != request_number_ || answered_number_ == number ||
            !stream_.socket().is_open()) {
            return;  // the time was up before
        }
        answered_number_ = number;
        answer_timer_.cancel();
        if (response.stream_prefix && !is_head_) {
            start_streaming(*response.stream_prefix);
            return;
        }
        send(std::move(response));
    }

    // ---- writing ----

    void send(HttpResponse response) {
        shared_.counters.client_errors += response.status >= 400 && response.status < 500 ? 1 : 0;
        shared_.counters.server_errors += response.status >= 500 ? 1 : 0;
        reply_.emplace(http::int_to_status(response.status), version_);
        reply_->set(http::field::server, "nocturne");
        reply_->set(http::field::content_type, response.content_type);
        reply_->set(http::field::cache_control, "no-store");
        reply_->set("X-Content-Type-Options", "nosniff");
        for (const auto& [name, value] : response.headers) {
            reply_->set(name, value);
        }
        reply_->keep_alive(keep_alive_);
        reply_->content_length(response.body.size());
        if (!is_head_) {
            reply_->body() = std::move(response.body);
        }
        stream_.expires_after(shared_.options.write_timeout);
        // By hand and not by prepare_payload: the answer to HEAD tells a length that it does not
        // have.
        serializer_.emplace(*reply_);
        const auto written = [self = shared_from_this()](error_code error, std::size_t) {
            self->on_written(error);
        };
        if (is_head_) {
            http::async_write_header(stream_, *serializer_, written);
        } else {
            http::async_write(stream_, *serializer_, written);
        }
    }

    void on_written(error_code error) {
        serializer_.reset();
        reply_.reset();
        if (error) {
            end();
        } else if (!keep_alive_) {
            linger();
        } else {
            read_header(shared_.options.idle_timeout);
        }
    }

    // Answers a request that was not read to its end, and closes.
    void refuse(HttpResponse response) {
        keep_alive_ = false;
        is_head_ = false;
        send(std::move(response));
    }

    // Reads on for a moment: closing while the client still sends would destroy the answer on its
    // way.
    void linger() {
        error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        stream_.expires_after(kLingerTime);
        discard();
    }

    void discard() {
        stream_.async_read_some(asio::buffer(scrap_),
                                [self = shared_from_this()](error_code error, std::size_t) {
                                    error ? self->end() : self->discard();
                                });
    }

    // ---- streams ----

    void start_streaming(const std::string& prefix) {
        if (shared_.counters.streams >= shared_.options.streams_max) {
            send(error_response(503, "too many streams"));
            return;
        }
        const TopicSet topics = topics_with_prefix(prefix);
        if (topics == 0) {
            send(error_response(400, "parameter \"topic\": no topic begins with \"" +
                                         prefix.substr(0, 64) +
                                         "\"; expected e.g. incident. or alert.firing"));
            return;
        }
        ++shared_.counters.streams;
        is_streaming_ = true;
        subscription_ =
            shared_.feed.subscribe(shared_.options.stream_messages_max,
                                   [weak = weak_from_this(), context = shared_.context] {
                                       asio::post(*context, [weak] {
                                           if (const auto self = weak.lock()) {
                                               self->write_events();
                                           }
                                       });
                                   });
        shared_.feed.want(*subscription_, topics);
        outgoing_ = "HTTP/1.1 200 OK\r\nServer: nocturne\r\nContent-Type: "
                    "text/event-stream\r\nCache-Control: no-store\r\n"
                    "Connection: close\r\nX-Accel-Buffering: no\r\n\r\n: nocturne\n\n";
        write_outgoing();
        watch_peer();
    }

    void stop_streaming() {
        if (std::exchange(is_streaming_, false)) {
            --shared_.counters.streams;
            shared_.feed.want(*subscription_, 0);
            subscription_.reset();
        }
    }

    // A listener says nothing more: what can be read is the end.
    void watch_peer() {
        stream_.socket().async_read_some(
            asio::buffer(scrap_), [self = shared_from_this()](error_code error, std::size_t) {
                error ? self->end() : self->watch_peer();
            });
    }

    void write_events() {
        if (!is_streaming_ || is_writing_) {
            return;
        }
        if (waiting_.empty()) {
            for (auto& message : subscription_->take()) {
                waiting_.push_back(std::move(message));
            }
        }
        outgoing_.clear();
        while (!waiting_.empty() && outgoing_.size() < kStreamBytesAtOnce) {
            append_event(outgoing_, *waiting_.front());
            waiting_.pop_front();
        }
        if (outgoing_.empty()) {
            wait_for_heartbeat();
        } else {
            write_outgoing();
        }
    }

    void write_outgoing() {
        is_writing_ = true;
        answer_timer_.expires_after(shared_.options.write_timeout);
        answer_timer_.async_wait([self = shared_from_this()](error_code error) {
            if (!error) {
                self->end();
            }
        });
        asio::async_write(stream_.socket(), asio::buffer(outgoing_),
                          [self = shared_from_this()](error_code error, std::size_t) {
                              self->is_writing_ = false;
                              error ? self->end() : self->write_events();
                          });
    }

    void wait_for_heartbeat() {
        answer_timer_.expires_after(shared_.options.stream_heartbeat);
        answer_timer_.async_wait([self = shared_from_this()](error_code error) {
            if (!error && self->is_streaming_ && !self->is_writing_) {
                self->outgoing_ = ": alive\n\n";
                self->write_outgoing();
            }
        });
    }

    Shared& shared_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    asio::steady_timer answer_timer_;
    const Welcome welcome_;
    std::string peer_;  // the address, without the port
    std::optional<Parser> parser_;
    std::optional<http::response<http::string_body>> reply_;
    std::optional<http::response_serializer<http::string_body>> serializer_;
    std::array<char, 4096> scrap_{};
    std::uint64_t request_number_ = 0;
    std::uint64_t answered_number_ = 0;
    unsigned version_ = 11;
    bool keep_alive_ = false;
    bool is_head_ = false;

    bool is_streaming_ = false;
    bool is_writing_ = false;
    std::shared_ptr<FeedSubscription> subscription_;
    std::deque<std::shared_ptr<const FeedMessage>> waiting_;
    std::string outgoing_;
};

// "127.0.0.1:9193" or "[::1]:9193".
Result<tcp::endpoint> parse_address(const std::string& address) {
    const auto wrong = [&] {
        return fail(ErrorCode::Invalid,
                    "\"" + address +
                        "\" is not an address; expected e.g. 127.0.0.1:9193 or [::1]:9193");
    };
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) {
        return wrong();
    }
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        return wrong();
    }
    if (host == "localhost") {
        host = "127.0.0.1";
    }
    unsigned short port = 0;
    const char* end = address.data() + address.size();
    const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
    error_code error;
    const asio::ip::address ip = asio::ip::make_address(host, error);
    if (error || parsed.ec != std::errc() || parsed.ptr != end) {
        return wrong();
    }
    return tcp::endpoint(ip, port);
}

std::string text_of(const tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
           std::to_string(endpoint.port());
}

}  // namespace

class HttpServer::Inside {
   public:
    Inside(HttpServerOptions options, EffectFeed& feed)
        : context_(std::make_shared<asio::io_context>(1)),
          background_(std::make_shared<asio::thread_pool>(1)), shared_{std::move(options),
                                                                       feed,
                                                                       {},
                                                                       context_,
                                                                       {}},
          acceptor_(*context_), accept_timer_(*context_) {}

    ~Inside() { stop(); }

    Status start(engine::Loop& loop, Ingest& ingest, ApiParts parts) {
        NOCTURNE_TRY(const tcp::endpoint endpoint, parse_address(shared_.options.address));
        if (!parts.access) {
            parts.access = std::make_shared<Access>();
        }
        NOCTURNE_TRY_STATUS(
            parts.access->listen_at(shared_.options.address, endpoint.address().is_loopback()));
        NOCTURNE_TRY_STATUS(listen(endpoint));
        parts.in_background = [weak = std::weak_ptr(background_)](std::function<void()> work) {
            if (const auto pool = weak.lock()) {
                asio::post(*pool, std::move(work));
            }
        };
        parts.a_moment_later = [context = context_](std::function<void()> work) {
            later(context, std::move(work));
        };
        parts.metrics.push_back([this](std::string& out) { append_metrics(out); });
        shared_.api.emplace(loop, ingest, std::move(parts));
        accept();
        thread_ = std::thread([this] { run(); });
        return {};
    }

    void stop() {
        if (!thread_.joinable()) {
            return;
        }
        asio::post(*context_, [this] {
            error_code ignored;
            acceptor_.close(ignored);
            accept_timer_.cancel();
            for (auto connections = std::exchange(connections_, {});
                 const auto& [key, connection] : connections) {
                connection->end();
            }
            context_->stop();
        });
        thread_.join();
        background_->join();
        background_.reset();
        // What was cancelled just now runs to its end here, so that no connection outlives the
        // server.
        context_->restart();
        context_->poll();
    }

    void append_metrics(std::string& out) const {
        const Counters& counters = shared_.counters;
        append_metric(out, "http_requests_total", "Requests received.", MetricType::Counter,
                      counters.requests);
        append_metric(out, "http_client_errors_total", "Answers with a status of 400 to 499.",
                      MetricType::Counter, counters.client_errors);
        append_metric(out, "http_server_errors_total", "Answers with a status of 500 and above.",
                      MetricType::Counter, counters.server_errors);
        append_metric(out, "http_timeouts_total",
                      "Connections closed because the client was too slow.", MetricType::Counter,
                      counters.timeouts);
        append_metric(out, "http_connections_refused_total", "Connections beyond the limit.",
                      MetricType::Counter, counters.connections_refused);
        append_metric(out, "http_connections", "Connections open.", MetricType::Gauge,
                      counters.connections);
        append_metric(out, "http_streams", "Listeners of the event stream.", MetricType::Gauge,
                      counters.streams);
    }

    std::string address;

   private:
    Status listen(const tcp::endpoint& endpoint) {
        error_code error;
        const auto failed = [&] {
            return fail(ErrorCode::Unavailable,
                        "cannot listen on " + shared_.options.address + ": " + error.message());
        };
        if (acceptor_.open(endpoint.protocol(), error) ||
            acceptor_.set_option(asio::socket_base::reuse_address(true), error) ||
            acceptor_.bind(endpoint, error) ||
            acceptor_.listen(asio::socket_base::max_listen_connections, error)) {
            return failed();
        }
        const tcp::endpoint bound = acceptor_.local_endpoint(error);
        if (error) {
            return failed();
        }
        address = text_of(bound);
        return {};
    }

    // From any thread: runs `work` on the server's thread in a moment.
    static void later(const std::shared_ptr<asio::io_context>& context,
                      std::function<void()> work) {
        asio::post(*context, [raw = context.get(), work = std::move(work)]() mutable {
            auto timer = std::make_shared<asio::steady_timer>(*raw, kMoment);
            timer->async_wait([timer, work = std::move(work)](error_code) { work(); });
        });
    }

    void run() {
        for (;;) {
            try {
                context_->run();
                return;
            } catch (const std::exception& error) {
                // Our handlers throw nothing of their own; out of memory is the likely one.
                logger()->error("http request failed reason={}", error.what());
            }
        }
    }

    void accept() {
        acceptor_.async_accept([this](error_code error, tcp::socket socket) {
            if (!acceptor_.is_open()) {
                return;
            }
            if (error) {
                accept_timer_.expires_after(kAcceptPause);
                accept_timer_.async_wait([this](error_code cancelled) {
                    if (!cancelled) {
                        accept();
                    }
                });
                return;
            }
            welcome(std::move(socket));
            accept();
        });
    }

    void welcome(tcp::socket socket) {
        const std::size_t max = shared_.options.connections_max;
        const bool is_full = connections_.size() >= max;
        if (is_full) {
            ++shared_.counters.connections_refused;
            if (connections_.size() >= max + kRefusedConnectionsMax) {
                return;
            }
        }
        auto connection = std::make_shared<Connection>(shared_, std::move(socket),
                                                       is_full ? Welcome::Refused : Welcome::Full);
        Connection* key = connection.get();
        connection->on_end = [this, key] {
            connections_.erase(key);
            shared_.counters.connections = connections_.size();
        };
        connections_.emplace(key, connection);
        shared_.counters.connections = connections_.size();
        connection->start();
    }

    std::shared_ptr<asio::io_context> context_;  // shared: with answers under way in the engine
    std::shared_ptr<asio::thread_pool> background_;
    Shared shared_;
    tcp::acceptor acceptor_;
    asio::steady_timer accept_timer_;
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
    std::thread thread_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, engine::Loop& loop,
                                                      Ingest& ingest, EffectFeed& feed,
                                                      ApiParts parts) {
    auto inside = std::make_unique<Inside>(std::move(options), feed);
    NOCTURNE_TRY_STATUS(inside->start(loop, ingest, std::move(parts)));
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(inside)));
}

HttpServer::HttpServer(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

HttpServer::~HttpServer() = default;

const std::string& HttpServer::address() const {
    return inside_->address;
}

void HttpServer::stop() {
    inside_->stop();
}

void HttpServer::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
