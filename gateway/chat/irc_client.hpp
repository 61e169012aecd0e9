// IrcClient: us on a channel of IRC. Connects again and again, writes no faster than the network
// bears, and listens.
#pragma once

#include "gateway/chat/chat_channel.hpp"
#include "gateway/chat/chat_desk.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace nocturne::gateway {

struct IrcPace {
    // RFC 1459: each line costs `line`, and at most `ahead` of it may be spent at once.
    std::chrono::milliseconds line{2000};
    std::chrono::milliseconds ahead{10'000};
    std::chrono::milliseconds retry_min{1000};  // between tries to connect, doubled up to
    std::chrono::milliseconds retry_max{300'000};
    std::chrono::milliseconds silence_max{120'000};  // of the server, before we ask; twice: gone
    std::chrono::milliseconds join_retry{30'000};
    std::size_t lines_max = 200;  // that wait; beyond it the oldest go
};

struct IrcCounters {
    std::atomic<std::uint64_t> connects{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> lines_sent{0};
    std::atomic<std::uint64_t> lines_dropped{0};
    std::atomic<std::uint64_t> joined{0};  // 1 while on the channel
};

class IrcClient : public ChatChannel {
   public:
    // `desk` must outlive it. Starts its thread.
    IrcClient(rules::ChatChannel settings, ChatWay way, ChatDesk& desk, IrcPace pace = {});
    // Says good-bye and ends the thread.
    ~IrcClient() override;
    IrcClient(const IrcClient&) = delete;
    IrcClient& operator=(const IrcClient&) = delete;

    bool can_update() const override { return false; }

    Result<std::string> post(const IncidentMessage& message) override;
    Status update(const std::string& reference, const IncidentMessage& message) override;
    // Queued: an Error only when the queue is full of what was not sent.
    Status say(const std::string& text, const std::string& key) override;

    const IrcCounters& counters() const;

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
