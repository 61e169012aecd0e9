// IncidentBoard: keeps one message an incident on one channel, and keeps it true.
#pragma once

#include "gateway/chat/chat_backend.hpp"
#include "gateway/chat/chat_channel.hpp"
#include "gateway/effect_feed.hpp"
#include "rules/chat_settings.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace nocturne::gateway {

struct BoardOptions {
    model::Duration update_interval = std::chrono::seconds(2);  // of one message, at most so often
    model::Duration retry_min = std::chrono::seconds(1);        // after a failure, doubled up to
    model::Duration retry_max = std::chrono::minutes(1);
    // Where it is kept which message is whose, over a restart; empty: nowhere.
    std::filesystem::path file;
    std::size_t messages_max = 1000;  // known at a time; of older ones the incident is told anew
};

struct BoardCounters {
    std::atomic<std::uint64_t> posted{0};
    std::atomic<std::uint64_t> updated{0};
    std::atomic<std::uint64_t> failed{0};
};

class IncidentBoard {
   public:
    // All must outlive it. Starts its thread.
    IncidentBoard(const rules::ChatChannel& settings, ChatChannel& channel, ChatBackend& backend,
                  EffectFeed& feed, BoardOptions options);
    ~IncidentBoard();
    IncidentBoard(const IncidentBoard&) = delete;
    IncidentBoard& operator=(const IncidentBoard&) = delete;

    const BoardCounters& counters() const;

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
