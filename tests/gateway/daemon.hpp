// Daemon: all of the gateway on free ports, over a real engine and a real store in a temporary
// folder.
#pragma once

#include "engine/loop.hpp"
#include "engine/view.hpp"
#include "gateway/dead_letters.hpp"
#include "gateway/effect_feed.hpp"
#include "gateway/http_server.hpp"
#include "gateway/ingest.hpp"
#include "gateway/outboxes.hpp"
#include "gateway/zmq_server.hpp"
#include "store/store.hpp"
#include "tests/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace nocturne::gateway {

inline constexpr std::chrono::seconds kPatience{20};

// Looks again and again until it is so; false when it did not come true in time.
inline bool eventually(const std::function<bool()>& is_so) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

inline std::string event_json(const std::string& resource, const std::string& check = "latency") {
    return R"({"resource":")" + resource + R"(","check":")" + check +
           R"(","severity":"critical","source":"test"})";
}

struct DaemonOptions {
    engine::LoopOptions loop;
    ZmqServerOptions zmq{.pull_endpoint = "tcp://127.0.0.1:*",
                         .ack_endpoint = "tcp://127.0.0.1:*",
                         .pub_endpoint = "tcp://127.0.0.1:*"};
    HttpServerOptions http{.address = "127.0.0.1:0"};
    ApiParts parts;
    std::vector<engine::Outbox*> outboxes;  // beside the feed
};

template <typename T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(to_string(result.error()));
    }
    return *std::move(result);
}

class Daemon {
   public:
    explicit Daemon(DaemonOptions options = {}) {
        store_ = must(store::Store::open(folder.path()));
        letters = must(DeadLetters::open({.file = folder.path() / "dead-letters.jsonl"}));
        options.outboxes.push_back(&feed);
        outboxes_ = std::make_unique<Outboxes>(std::move(options.outboxes));
        loop = must(engine::Loop::start(*store_, *outboxes_, options.loop));
        ingest = std::make_unique<Ingest>(*loop, *letters);
        zmq = must(ZmqServer::start(options.zmq, *ingest, feed));
        options.parts.audit = store_.get();
        http = must(HttpServer::start(options.http, *loop, *ingest, feed, options.parts));
    }

    ~Daemon() { stop(); }

    void stop() {
        release_core();
        zmq->stop_receiving();
        http->stop();
        loop->stop();
        zmq->stop();
    }

    std::string url(const std::string& path) const { return "http://" + http->address() + path; }

    std::string alerts(bool ended = false) const {
        std::string json;
        engine::AlertQuery query;
        query.ended = ended;
        loop->query_and_wait(
            [&](const engine::Core& core) { json = engine::render_alerts(core, query); });
        return json;
    }

    bool knows(const std::string& resource) const {
        return alerts().find("\"resource\":\"" + resource + "\"") != std::string::npos;
    }

    std::uint64_t events_taken(Transport transport) const {
        return ingest->counters(transport).events;
    }

    // The core stands still until release_core(): what is durable waits for it, and queues fill.
    void block_core() {
        auto reached = std::make_shared<std::promise<void>>();
        core_gate_ = std::make_shared<std::promise<void>>();
        loop->query([reached, gate = core_gate_->get_future().share()](const engine::Core&) {
            reached->set_value();
            gate.wait();
        });
        reached->get_future().wait();
    }

    void release_core() {
        if (auto gate = std::exchange(core_gate_, nullptr)) {
            gate->set_value();
        }
    }

    TemporaryFolder folder;
    EffectFeed feed;
    std::unique_ptr<DeadLetters> letters;

   private:
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Outboxes> outboxes_;
    std::shared_ptr<std::promise<void>> core_gate_;

   public:
    std::unique_ptr<engine::Loop> loop;
    std::unique_ptr<Ingest> ingest;
    std::unique_ptr<ZmqServer> zmq;
    std::unique_ptr<HttpServer> http;
};

}  // namespace nocturne::gateway
