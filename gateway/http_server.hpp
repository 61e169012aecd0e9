// HttpServer: the HTTP interface on one thread, with limits on everything a client can make it
// hold.
#pragma once

#include "gateway/api.hpp"
#include "model/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace nocturne::gateway {

class EffectFeed;

struct HttpServerOptions {
    std::string address = "127.0.0.1:9193";  // "[::1]:9193"; port 0 takes a free one
    std::size_t connections_max = 256;       // beyond it: 503 and closed
    std::size_t streams_max = 32;            // of them: listeners of /api/v1/stream
    std::size_t stream_messages_max = 1000;  // waiting for each listener; beyond it the oldest go
    std::uint64_t body_bytes_max = 16U << 20;
    std::uint32_t header_bytes_max = 16U << 10;
    std::chrono::milliseconds header_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);  // between requests
    std::chrono::milliseconds answer_timeout =
        std::chrono::seconds(30);  // for the engine, then 504
    // For a dry run, and those before it.
    std::chrono::milliseconds long_answer_timeout = std::chrono::minutes(6);
    std::chrono::milliseconds stream_heartbeat =
        std::chrono::seconds(15);  // a comment line, so that dead peers show
};

// Owns its two threads: the server's, and one for slow work in the background.
class HttpServer {
   public:
    // All three must outlive the server.
    static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, engine::Loop& loop,
                                                     Ingest& ingest, EffectFeed& feed,
                                                     ApiParts parts);
    // Like stop().
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // "127.0.0.1:9193", with the port that is bound really.
    const std::string& address() const;
    // Closes all connections and ends the threads. Call it while the loop still runs.
    void stop();

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    explicit HttpServer(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
