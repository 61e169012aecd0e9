#include "gateway/ingest.hpp"

#include "gateway/dead_letters.hpp"
#include "gateway/metric_text.hpp"
#include "model/json_writer.hpp"

#include <utility>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kRejectionsToldMax = 1000;  // of one message; the dead letters have them all

// `position` 0: nothing was written.
std::string render_answer(std::size_t accepted, const std::vector<model::Rejection>& rejected,
                          model::Position position, std::string_view error) {
    model::JsonWriter out;
    out.begin_object().member("accepted", std::uint64_t{accepted}).key("rejected").begin_array();
    for (std::size_t i = 0; i < rejected.size() && i < kRejectionsToldMax; ++i) {
        out.begin_object()
            .member("index", std::uint64_t{rejected[i].index})
            .member("error", rejected[i].error);
        out.end_object();
    }
    out.end_array();
    if (rejected.size() > kRejectionsToldMax) {
        out.member("rejected_total", std::uint64_t{rejected.size()});
    }
    out.member("position", position == 0 ? std::string() : std::to_string(position));
    if (!error.empty()) {
        out.member("error", error);
    }
    out.end_object();
    return out.take();
}

// Roughly what the events weigh until they are written.
std::size_t weight_of(std::string_view message, std::size_t events) {
    return message.size() + events * sizeof(model::EventView);
}

}  // namespace

struct Ingest::Offer::Waiting {
    Answered answered;
    std::vector<model::Rejection> rejected;
    std::size_t events = 0;
    TransportCounters* counters = nullptr;

    void answer(const Result<model::Position>& position) const {
        if (position) {
            counters->events += events;
            answered({Answer::Outcome::Taken, render_answer(events, rejected, *position, "")});
            return;
        }
        ++counters->not_durable;
        answered({Answer::Outcome::Unavailable,
                  render_answer(0, rejected, 0,
                                "not taken, the journal cannot be written: " +
                                    position.error().message)});
    }
};

Ingest::Ingest(engine::Loop& loop, DeadLetters& dead_letters, model::EventLimits limits)
    : loop_(loop), dead_letters_(dead_letters), decoders_{model::EventDecoder(limits),
                                                          model::EventDecoder(limits),
                                                          model::EventDecoder(limits)} {}

Ingest::Offer Ingest::decode(Transport transport, std::string_view message, Answered answered,
                             std::size_t messages) {
    model::Decoded decoded = decoders_[static_cast<std::size_t>(transport)].decode(message);
    TransportCounters& counters = counters_of(transport);
    counters.messages += messages;
    counters.bytes += message.size();
    if (const std::shared_ptr<const rules::Masker> masker = masker_.load();
        masker != nullptr && !masker->is_idle()) {
        masker->apply(decoded.batch);
        for (model::Rejection& rejection : decoded.rejected) {
            rejection.input =
                masker->mask_text(std::move(rejection.input), model::Rejection::kInputBytesMax);
            rejection.error = masker->mask_text(std::move(rejection.error));
        }
    }
    if (!decoded.rejected.empty()) {
        counters.rejected += decoded.rejected.size();
        dead_letters_.keep(name_of(transport), decoded.rejected);
    }
    Offer offer;
    offer.transport_ = transport;
    offer.events_ = decoded.batch.size();
    offer.bytes_ = weight_of(message, offer.events_);
    offer.body_ = std::move(decoded.batch);
    if (answered) {
        offer.waiting_ = std::make_shared<Offer::Waiting>(Offer::Waiting{
            std::move(answered), std::move(decoded.rejected), offer.events_, &counters});
    }
    return offer;
}

bool Ingest::try_submit(Offer& offer, engine::Loop::Writer writer) {
    if (offer.events_ == 0) {
        if (offer.waiting_) {
            offer.waiting_->answered(
                {Answer::Outcome::Wrong, render_answer(0, offer.waiting_->rejected, 0, "")});
        }
        return true;
    }
    engine::Loop::Done done;
    if (offer.waiting_) {
        done = [waiting = offer.waiting_](const Result<model::Position>& position) {
            waiting->answer(position);
        };
    }
    TransportCounters& counters = counters_of(offer.transport_);
    if (loop_.try_submit(offer.body_, offer.bytes_, std::move(done), writer)) {
        if (!offer.waiting_) {
            counters.events += offer.events_;
        }
        return true;
    }
    if (!std::exchange(offer.found_full_, true)) {
        ++counters.full;
    }
    return false;
}

void Ingest::refuse(Offer& offer) {
    ++counters_of(offer.transport_).refused;
    if (offer.waiting_) {
        offer.waiting_->answered(
            {Answer::Outcome::Unavailable,
             render_answer(0, offer.waiting_->rejected, 0,
                           "not taken, the engine has no room or is stopping; try again")});
    }
}

void Ingest::append_metrics(std::string& out) const {
    struct Line {
        std::string_view name;
        std::string_view help;
        std::atomic<std::uint64_t> TransportCounters::*value;
    };

    static constexpr std::array<Line, 7> kLines{{
        {"ingest_messages_total", "Messages received.", &TransportCounters::messages},
        {"ingest_bytes_total", "Bytes of the messages received.", &TransportCounters::bytes},
        {"ingest_events_total", "Events taken.", &TransportCounters::events},
        {"ingest_rejected_total", "Events that were wrong; they are in the dead letters.",
         &TransportCounters::rejected},
        {"ingest_full_total", "Messages that had to wait for room in the engine's queue.",
         &TransportCounters::full},
        {"ingest_refused_total", "Messages that found no room for too long.",
         &TransportCounters::refused},
        {"ingest_not_durable_total", "Messages that the journal could not write.",
         &TransportCounters::not_durable},
    }};
    for (const Line& line : kLines) {
        append_metric_head(out, line.name, line.help, MetricType::Counter);
        for (std::size_t i = 0; i < kTransportNames.size(); ++i) {
            append_sample(out, line.name, "transport=\"" + std::string(kTransportNames[i]) + "\"",
                          counters_[i].*line.value);
        }
    }
    const DeadLetterCounters& letters = dead_letters_.counters();
    append_metric(out, "dead_letters_total", "Refused events kept aside.", MetricType::Counter,
                  letters.kept);
    append_metric(out, "dead_letters_dropped_total",
                  "Refused events that could not be kept: no room in the queue or on the disk.",
                  MetricType::Counter, letters.dropped);
}

}  // namespace nocturne::gateway
