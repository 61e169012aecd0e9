// The workload of the throughput benchmarks: deterministic, the same seed gives the same bytes.
#pragma once

#include "model/topology_change.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::bench {

// For the high half of a product; GCC and Clang both have it.
__extension__ using Wide = unsigned __int128;

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
   public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }

    // Below n: the high 64 bits of next() * n.
    std::uint64_t below(std::uint64_t n) {
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
    }

   private:
    std::uint64_t state_;
};

// Makes N events of K identities, one after another, as the contract's JSON of about 400 bytes. New
// identities are spread evenly; each other event repeats one of those seen.
class Workload {
   public:
    Workload(std::uint64_t identities, std::uint64_t events, std::uint64_t seed = 20240607)
        : identities_(identities), events_(events), random_(seed) {}

    bool is_done() const { return next_ == events_; }

    // Appends the next event and a line feed.
    void append_next(std::string& out);

   private:
    std::uint64_t identities_;
    std::uint64_t events_;
    Random random_;
    std::uint64_t next_ = 0;
    std::uint64_t seen_ = 0;
};

// All events as messages of so many lines.
std::vector<std::string> messages_of(std::uint64_t identities, std::uint64_t events,
                                     std::uint64_t per_message);

// 1,000 services; each depends on five of those before it, none for the first ten.
model::TopologyChange workload_topology();

// User and system time of this process, microseconds.
double cpu_us();

}  // namespace nocturne::bench
