#include "gateway/zmq_client.hpp"

#include <boost/json.hpp>
#include <zmq.hpp>

#include <optional>
#include <utility>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

std::uint64_t number_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() && value->as_int64() > 0
               ? static_cast<std::uint64_t>(value->as_int64())
               : 0;
}

std::string text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<SendReply> parse_reply(std::string answer) {
    boost::system::error_code error;
    const json::value value = json::parse(answer, error);
    if (error || !value.is_object()) {
        return fail(ErrorCode::Internal,
                    "the daemon's answer is not a JSON object: " + answer.substr(0, 200));
    }
    const json::object& object = value.as_object();
    if (const std::string refusal = text_of(object, "error"); !refusal.empty()) {
        return fail(ErrorCode::Unavailable, "the daemon answered: " + refusal);
    }
    SendReply reply;
    reply.accepted = number_of(object, "accepted");
    reply.rejected = number_of(object, "rejected_total");
    if (const json::value* rejected = object.if_contains("rejected");
        reply.rejected == 0 && rejected != nullptr && rejected->is_array()) {
        reply.rejected = rejected->as_array().size();
    }
    reply.position = text_of(object, "position");
    reply.json = std::move(answer);
    return reply;
}

}  // namespace

class Sender::Inside {
   public:
    explicit Inside(SenderOptions options)
        : options_(std::move(options)), context_(1), socket_(open()) {}

    Result<SendReply> send(std::string_view message) {
        try {
            if (options_.mode == SenderOptions::Mode::Push) {
                return push(message);
            }
            return ask(message);
        } catch (const zmq::error_t& error) {
            return fail(ErrorCode::Unavailable,
                        "cannot send to " + options_.endpoint + ": " + error.what());
        }
    }

    Status finish() {
        // Closing the context waits for what is not sent yet, at most the linger time; whether all
        // went is only known by having waited less.
        const auto begin = std::chrono::steady_clock::now();
        socket_.close();
        context_.close();
        if (options_.mode == SenderOptions::Mode::Push &&
            std::chrono::steady_clock::now() - begin >= options_.timeout) {
            return fail(ErrorCode::Unavailable,
                        "messages were left unsent after " + timeout_text() + "; " + hint());
        }
        return {};
    }

   private:
    zmq::socket_t open() {
        const bool is_push = options_.mode == SenderOptions::Mode::Push;
        zmq::socket_t socket(context_, is_push ? zmq::socket_type::push : zmq::socket_type::dealer);
        const int timeout_ms = static_cast<int>(options_.timeout.count());
        socket.set(zmq::sockopt::sndtimeo, timeout_ms);
        socket.set(zmq::sockopt::rcvtimeo, timeout_ms);
        socket.set(zmq::sockopt::linger, is_push ? timeout_ms : 0);
        // Nothing is queued for a daemon that is not there: the sender waits, and says so in time.
        socket.set(zmq::sockopt::immediate, true);
        socket.set(zmq::sockopt::ipv6, options_.endpoint.find('[') != std::string::npos);
        if (!options_.server_key.empty()) {
            socket.set(zmq::sockopt::curve_serverkey, options_.server_key);
            socket.set(zmq::sockopt::curve_publickey, options_.public_key);
            socket.set(zmq::sockopt::curve_secretkey, options_.secret_key);
        }
        socket.connect(options_.endpoint);
        return socket;
    }

    Result<SendReply> push(std::string_view message) {
        if (!socket_.send(zmq::buffer(message))) {
            return no_room();
        }
        return SendReply{};
    }

    Result<SendReply> ask(std::string_view message) {
        if (!socket_.send(zmq::message_t(), zmq::send_flags::sndmore) ||
            !socket_.send(zmq::buffer(message))) {
            return no_room();
        }
        zmq::message_t frame;
        do {
            if (!socket_.recv(frame)) {
                return fail(ErrorCode::Unavailable,
                            "no answer from " + options_.endpoint + " within " + timeout_text() +
                                "; the events may or may not be in the journal, send them again "
                                "with an \"id\" to have repeats dropped");
            }
        } while (frame.more());
        return parse_reply(frame.to_string());
    }

    tl::unexpected<Error> no_room() const {
        return fail(ErrorCode::Unavailable, "cannot send to nocturne at " + options_.endpoint +
                                                " within " + timeout_text() + "; " + hint());
    }

    std::string timeout_text() const { return std::to_string(options_.timeout.count()) + "ms"; }

    static std::string hint() { return "is `nocturne run` running, and does it keep up?"; }

    SenderOptions options_;
    zmq::context_t context_;
    zmq::socket_t socket_;
};

Result<Sender> Sender::connect(SenderOptions options) {
    const std::string endpoint = options.endpoint;
    try {
        return Sender(std::make_unique<Inside>(std::move(options)));
    } catch (const zmq::error_t& error) {
        return fail(ErrorCode::Invalid,
                    "cannot connect to \"" + endpoint + "\": " + error.what() +
                        "; expected e.g. tcp://127.0.0.1:5555 or ipc:///run/nocturne.sock");
    }
}

Sender::Sender(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Sender::~Sender() = default;
Sender::Sender(Sender&&) noexcept = default;
Sender& Sender::operator=(Sender&&) noexcept = default;

Result<SendReply> Sender::send(std::string_view message) {
    return inside_->send(message);
}

Status Sender::finish() {
    return inside_->finish();
}

}  // namespace nocturne::gateway
