// Ingest: the way of a message from any edge into the engine: decode, submit, answer.
#pragma once

#include "engine/loop.hpp"
#include "model/event_json.hpp"
#include "model/input.hpp"
#include "model/result.hpp"
#include "rules/masker.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

class DeadLetters;

enum class Transport : std::uint8_t { Pull, Ack, Http };
inline constexpr std::array<std::string_view, 3> kTransportNames{"pull", "ack", "http"};

inline constexpr std::string_view name_of(Transport transport) {
    return kTransportNames[static_cast<std::size_t>(transport)];
}

struct TransportCounters {
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> events{0};    // taken
    std::atomic<std::uint64_t> rejected{0};  // events that were wrong
    std::atomic<std::uint64_t> full{0};      // messages that waited for room in the engine's queue
    std::atomic<std::uint64_t> refused{0};   // messages that found no room for too long
    std::atomic<std::uint64_t> not_durable{0};  // messages that the journal could not write
};

// What the sender is told.
struct Answer {
    enum class Outcome : std::uint8_t {
        Taken,        // all that was right is durable
        Wrong,        // nothing was right
        Unavailable,  // nothing was taken; trying again may help
    };

    Outcome outcome = Outcome::Taken;
    std::string
        json;  // {"accepted":N,"rejected":[{"index":I,"error":"..."}],"position":"..."[,"error":"..."]}
};

// Shared by all edges. Each transport belongs to one thread at a time; different transports do not
// disturb each other.
class Ingest {
   public:
    // Called once; from a thread of the engine's loop, or at once when there is nothing to wait
    // for.
    using Answered = std::function<void(Answer)>;

    // A decoded message on its way into the engine.
    class Offer {
       public:
        Transport transport() const { return transport_; }

        std::size_t events() const { return events_; }

       private:
        friend class Ingest;
        struct Waiting;  // who waits for the answer, and the part of it that is known

        model::Input::Body body_;
        std::size_t bytes_ = 0;
        std::size_t events_ = 0;
        Transport transport_ = Transport::Pull;
        bool found_full_ = false;
        std::shared_ptr<Waiting>
            waiting_;  // shared: with the loop, which may say no after it was handed over
    };

    // Both must outlive this object, and `loop` must be stopped before it goes.
    Ingest(engine::Loop& loop, DeadLetters& dead_letters, model::EventLimits limits = {});

    // Counts, decodes, and puts aside what is wrong. Borrows nothing from `message` afterwards.
    // Without `answered` nobody waits: the loop then keeps what it cannot write and tries again.
    Offer decode(Transport transport, std::string_view message, Answered answered = {},
                 std::size_t messages = 1);

    // From now on events and dead letters are masked by it; from any thread. Null: none are.
    void mask_with(std::shared_ptr<const rules::Masker> masker) {
        masker_.store(std::move(masker));
    }

    // Hands the offer to the engine without waiting, or answers at once when no event is in it.
    // False when the engine's queue is full: the offer is untouched; try again a moment later, or
    // refuse it.
    bool try_submit(Offer& offer, engine::Loop::Writer writer = engine::Loop::Writer::Loop);
    // Answers an offer that found no room for too long.
    void refuse(Offer& offer);

    const TransportCounters& counters(Transport transport) const {
        return counters_[static_cast<std::size_t>(transport)];
    }

    engine::Loop& loop() const { return loop_; }

    // In the text format of Prometheus.
    void append_metrics(std::string& out) const;

   private:
    TransportCounters& counters_of(Transport transport) {
        return counters_[static_cast<std::size_t>(transport)];
    }

    engine::Loop& loop_;
    DeadLetters& dead_letters_;
    std::array<model::EventDecoder, kTransportNames.size()> decoders_;
    std::array<TransportCounters, kTransportNames.size()> counters_;
    std::atomic<std::shared_ptr<const rules::Masker>> masker_;  // shared: swapped whole at reload
};

}  // namespace nocturne::gateway
