// ZmqServer: the contract's three ZeroMQ sockets, pull, ack and pub.
#pragma once

#include "model/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace nocturne::gateway {

class EffectFeed;
class Ingest;

// Only clients whose public key is listed get in. Keys are Z85 texts of 40 characters.
struct CurveOptions {
    std::string secret_key = {};  // the server's; empty: no encryption, no authentication
    std::vector<std::string> allowed_client_keys = {};
};

// Reads the first key of a file as `nocturne` and zmq's curve_keygen write it; the file must not be
// readable by others.
Result<std::string> read_secret_key(const std::filesystem::path& file);

struct ZmqServerOptions {
    // An empty endpoint: this socket is not opened. "tcp://127.0.0.1:*" takes a free port.
    std::string pull_endpoint = "tcp://127.0.0.1:5555";
    std::string ack_endpoint = "tcp://127.0.0.1:5556";
    std::string pub_endpoint = "tcp://127.0.0.1:5557";
    std::int64_t message_bytes_max = 16 << 20;  // a client that sends more is cut off
    int pull_messages_max = 1000;               // received ahead, for each client
    int ack_messages_max = 1000;                // waiting for each client, in either direction
    int pub_messages_max = 10'000;       // waiting for each subscriber; beyond it they are dropped
    std::size_t outstanding_max = 4096;  // requests of the ack socket that wait for the journal
    std::chrono::milliseconds full_wait =
        std::chrono::seconds(5);  // for room in the engine, then "try again"
    CurveOptions curve = {};
};

// Owns its threads: one for each socket, one for ZeroMQ's input and output.
class ZmqServer {
   public:
    static Result<std::unique_ptr<ZmqServer>> start(ZmqServerOptions options, Ingest& ingest,
                                                    EffectFeed& feed);
    // Like stop().
    ~ZmqServer();
    ZmqServer(const ZmqServer&) = delete;
    ZmqServer& operator=(const ZmqServer&) = delete;

    // Where the sockets are bound really; empty for one that is not open.
    const std::string& pull_endpoint() const;
    const std::string& ack_endpoint() const;
    const std::string& pub_endpoint() const;

    // Takes in what has already arrived, answers what waits for the journal, closes pull and ack.
    // Call it while the loop still runs; effects go on being published.
    void stop_receiving();
    // Ends everything.
    void stop();

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    explicit ZmqServer(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
