#include "gateway/span_pairs.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
#include <utility>

namespace nocturne::gateway {

using model::Time;

namespace {

constexpr double kConfidence = 0.95;  // a call was seen; only its names may mislead
constexpr double kMessageWeight = 0.5;
constexpr double kHostWeight = 0.5;  // there may be other instances on other hosts

bool is_loopback(std::string_view address) {
    return address == "localhost" || address.starts_with("127.") || address == "::1";
}

}  // namespace

class SpanPairs::Inside {
   public:
    explicit Inside(SpanLimits limits) : limits_(limits) {}

    void take(const Span& span, Time now) {
        ++counters_.spans;
        drop_late(now);
        if (!is_node_name(span.service)) {
            return;
        }
        if (is_node_name(span.host) && span.host != span.service) {
            note({span.service, span.host, "runs_on", kHostWeight}, "");
        }
        switch (span.kind) {
            case Span::Kind::Client: take_client(span, now); break;
            case Span::Kind::Producer: take_producer(span, now); break;
            case Span::Kind::Server:
            case Span::Kind::Consumer: take_called(span, now); break;
            default: break;
        }
    }

    model::TopologyChange tell(Time now) {
        drop_late(now);
        model::TopologyChange change;
        change.provenance = "otlp";
        change.confidence = kConfidence;
        change.ttl = limits_.ttl;
        for (auto edge = edges_.begin(); edge != edges_.end();) {
            Seen& seen = edge->second;
            const bool is_due = seen.is_fresh && (seen.told_at == model::kNoTime ||
                                                  seen.told_at + limits_.tell_every <= now);
            if (is_due) {
                const auto& [from, to, type] = edge->first;
                change.edges.push_back({from, to, type, seen.weight});
                if (!seen.type_of_target.empty()) {
                    change.nodes.emplace_back().name = to;
                    change.nodes.back().type = seen.type_of_target;
                }
                seen.told_at = now;
                seen.is_fresh = false;
            }
            // What is seen no more needs no memory: when it comes again it is told again.
            const bool is_gone = !seen.is_fresh && seen.told_at + limits_.tell_every <= now;
            edge = is_gone ? edges_.erase(edge) : std::next(edge);
        }
        return change;
    }

    void finish(Time now) { drop_late(now + limits_.wait + model::Duration(1)); }

    const SpanCounters& counters() const { return counters_; }

    std::size_t waiting() const { return calls_.size() + called_.size(); }

   private:
    // A span of a trace.
    using Key = std::pair<std::string, std::string>;
    using Edge = std::tuple<std::string, std::string, std::string>;

    // One who calls, until it is clear whom.
    struct Call {
        std::string service;
        std::string fallback;  // whom it says it calls, should nobody answer
        bool is_message = false;
        bool is_paired = false;
    };

    // One who was called, and came before its caller.
    struct Called {
        std::string service;
        bool is_message = false;
    };

    struct Seen {
        double weight = 1.0;
        std::string type_of_target;
        Time told_at = model::kNoTime;
        bool is_fresh = true;
    };

    struct Late {
        Time due;
        Key key;
        bool is_call;
    };

    void take_client(const Span& span, Time now) {
        if (!span.database_system.empty()) {  // a database sends no spans of its own
            const std::string& address = span.server_address;
            std::string to = !span.peer.empty() ? span.peer : address;
            if (to.empty() || is_loopback(to)) {
                to = span.service + ":" + span.database_system;
            }
            note({span.service, std::move(to), "calls", 1.0}, "database");
            return;
        }
        const bool has_address = !span.server_address.empty() && !is_loopback(span.server_address);
        call(span, now, !span.peer.empty() ? span.peer : has_address ? span.server_address : "");
    }

    void take_producer(const Span& span, Time now) {
        note_destination(span, "publishes");
        call(span, now, "");
    }

    void call(const Span& span, Time now, const std::string& fallback) {
        Call waiting{span.service, fallback, span.kind == Span::Kind::Producer, false};
        const Key key{span.trace_id, span.span_id};
        const auto [first, last] = called_.equal_range(key);
        for (auto called = first; called != last; ++called) {
            pair(waiting, called->second);
        }
        called_.erase(first, last);
        if (calls_.insert_or_assign(key, std::move(waiting)).second) {
            wait({now + limits_.wait, key, true});
        }
    }

    void take_called(const Span& span, Time now) {
        const bool is_message = span.kind == Span::Kind::Consumer;
        if (is_message) {
            note_destination(span, "consumes");
        }
        if (span.parent_id.empty()) {
            ++counters_.without_parent;
            return;
        }
        const Key key{span.trace_id, span.parent_id};
        const Called called{span.service, is_message};
        if (const auto caller = calls_.find(key); caller != calls_.end()) {
            pair(caller->second, called);
            return;
        }
        called_.emplace(key, called);
        wait({now + limits_.wait, key, false});
    }

    void note_destination(const Span& span, const char* type) {
        if (!is_node_name(span.destination)) {
            return;
        }
        const std::string queue = span.messaging_system.empty()
                                      ? span.destination
                                      : span.messaging_system + "/" + span.destination;
        if (queue != span.service && is_node_name(queue)) {
            note({span.service, queue, type, 1.0}, "queue");
        }
        if (!span.server_address.empty() && !is_loopback(span.server_address) &&
            queue != span.server_address && is_node_name(span.server_address)) {
            note({queue, span.server_address, "runs_on", 1.0}, "");
        }
    }

    void pair(Call& caller, const Called& called) {
        ++counters_.paired;
        caller.is_paired = true;
        if (caller.service == called.service) {
            return;
        }
        if (caller.is_message || called.is_message) {
            // The one who waits for messages is the one who suffers.
            note({called.service, caller.service, "messages", kMessageWeight}, "");
        } else {
            note({caller.service, called.service, "calls", 1.0}, "");
        }
    }

    void note(model::EdgeSpec edge, const char* type_of_target) {
        if (!is_node_name(edge.to) || edge.from == edge.to) {
            return;
        }
        Edge key{std::move(edge.from), std::move(edge.to), std::move(edge.type)};
        const auto known = edges_.find(key);
        if (known != edges_.end()) {
            known->second.is_fresh = true;
        } else if (edges_.size() < limits_.edges_max) {
            edges_.emplace(std::move(key), Seen{edge.weight, type_of_target, model::kNoTime, true});
        } else {
            ++counters_.edges_refused;
        }
    }

    void wait(Late late) {
        waiting_.push_back(std::move(late));
        while (waiting_.size() > limits_.waiting_max) {
            ++counters_.pushed_out;
            give_up(waiting_.front());
            waiting_.pop_front();
        }
    }

    void drop_late(Time now) {
        while (!waiting_.empty() && waiting_.front().due <= now) {
            give_up(waiting_.front());
            waiting_.pop_front();
        }
    }

    // A caller may name whom it called; one who was called by somebody unknown tells nothing.
    void give_up(const Late& late) {
        if (!late.is_call) {
            if (const auto called = called_.find(late.key); called != called_.end()) {
                ++counters_.unpaired;
                called_.erase(called);
            }
            return;
        }
        const auto caller = calls_.find(late.key);
        if (caller == calls_.end()) {
            return;
        }
        if (!caller->second.is_paired) {
            ++counters_.unpaired;
            if (!caller->second.fallback.empty()) {
                note({caller->second.service, caller->second.fallback, "calls", 1.0}, "external");
            }
        }
        calls_.erase(caller);
    }

    SpanLimits limits_;
    SpanCounters counters_;
    boost::unordered_flat_map<Key, Call> calls_;
    std::multimap<Key, Called> called_;
    std::deque<Late> waiting_;  // in the order of arrival
    std::map<Edge, Seen> edges_;
};

SpanPairs::SpanPairs(SpanLimits limits) : inside_(std::make_unique<Inside>(limits)) {}

SpanPairs::~SpanPairs() = default;

void SpanPairs::take(const Span& span, Time now) {
    inside_->take(span, now);
}

model::TopologyChange SpanPairs::tell(Time now) {
    return inside_->tell(now);
}

void SpanPairs::finish(Time now) {
    inside_->finish(now);
}

const SpanCounters& SpanPairs::counters() const {
    return inside_->counters();
}

std::size_t SpanPairs::waiting() const {
    return inside_->waiting();
}

}  // namespace nocturne::gateway
