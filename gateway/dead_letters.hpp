// DeadLetters: events that were refused, kept aside so that someone can look at them and send them
// again.
#pragma once

#include "model/event_json.hpp"
#include "model/result.hpp"
#include "model/time.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

struct DeadLetterOptions {
    std::filesystem::path file = {};  // "<data>/dead-letters.jsonl"; the one before is "<file>.1"
    std::uint64_t file_bytes_max = 64U << 20;  // then it becomes ".1", and the ".1" before it goes
    std::size_t queue_bytes_max =
        4U << 20;  // waiting to be written; beyond it letters are dropped and counted
    std::function<model::Time()> clock = {};  // default: the system's
};

struct DeadLetterCounters {
    std::atomic<std::uint64_t> kept{0};
    std::atomic<std::uint64_t> dropped{0};  // no room in the queue, or none on the disk
};

// One JSON object a line: {"time":...,"transport":"pull","index":0,"error":...,"input":...}. A
// thread of its own writes, so that a slow disk holds nobody up. Any thread may call.
class DeadLetters {
   public:
    static Result<std::unique_ptr<DeadLetters>> open(DeadLetterOptions options);
    // Writes what waits, then closes.
    ~DeadLetters();
    DeadLetters(const DeadLetters&) = delete;
    DeadLetters& operator=(const DeadLetters&) = delete;

    void keep(std::string_view transport, const std::vector<model::Rejection>& rejected);
    // Waits until what was kept so far is in the file (or dropped).
    void flush();

    const DeadLetterCounters& counters() const;

   private:
    class Inside;
    explicit DeadLetters(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
