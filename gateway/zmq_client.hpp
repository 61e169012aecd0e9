// Sender: a client of the pull and ack sockets, as `nocturne send` uses it.
#pragma once

#include "model/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nocturne::gateway {

struct SenderOptions {
    enum class Mode : std::uint8_t { Push, Ack };

    Mode mode = Mode::Push;
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::chrono::milliseconds timeout =
        std::chrono::seconds(10);  // for room to send, and for each answer
    // With CURVE: the server's public key and the client's own pair, Z85.
    std::string server_key = {};
    std::string public_key = {};
    std::string secret_key = {};
};

// What the daemon said to a message.
struct SendReply {
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::string position;
    std::string json;  // the whole answer
};

// One message at a time. Not for several threads at once.
class Sender {
   public:
    static Result<Sender> connect(SenderOptions options);
    ~Sender();
    Sender(Sender&&) noexcept;
    Sender& operator=(Sender&&) noexcept;

    // Push: once the message is with ZeroMQ, the reply is empty. Ack: once the daemon has it on
    // disk; an Error when it refused the message, or did not answer in time.
    Result<SendReply> send(std::string_view message);
    // Waits until ZeroMQ has sent all, at most the timeout; an Error when something is left.
    Status finish();

   private:
    class Inside;
    explicit Sender(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
