#include "gateway/topology_feed.hpp"

#include "engine/loop.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"
#include "gateway/topology_pull.hpp"
#include "model/codec.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace nocturne::gateway {

using model::Time;

namespace {

// About what it weighs in memory.
std::size_t weight_of(const model::TopologyChange& change) {
    constexpr std::size_t kEach = 160;
    return (change.nodes.size() + change.edges.size()) * kEach + kEach;
}

std::string bytes_of(const model::TopologyChange& change) {
    model::Writer out;
    encode(out, change);
    return out.take();
}

constexpr std::chrono::milliseconds kFullWait{100};
// What changes mostly changes with others: they are gathered into one round. Rounds of a cluster
// that never rests take at most a tenth of the time.
constexpr std::chrono::milliseconds kGatherMin{1000};
constexpr int kRoundsApart = 10;

// What became of a source.
struct SourceReport {
    std::uint64_t pulls = 0;
    std::uint64_t failures = 0;
    std::uint64_t changes = 0;  // given to the engine
    std::uint64_t problems = 0;
    std::uint64_t bytes = 0;
    std::size_t nodes = 0;  // of the last round
    std::size_t edges = 0;
    bool is_whole = true;
    Time last_success = model::kNoTime;
    Time last_failure = model::kNoTime;
    std::string last_error;
};

}  // namespace

class TopologyFeed::Inside {
   public:
    Inside(engine::Loop& loop, TopologyFeedOptions options)
        : loop_(loop), options_(std::move(options)), pairs_(options_.spans) {
        if (!options_.clock) {
            options_.clock = [] {
                return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
            };
        }
        spans_ = std::thread([this] { tell_spans(); });
    }

    ~Inside() { stop(); }

    void take(const SpanBatch& batch) {
        const std::lock_guard lock(mutex_);
        span_requests_ += 1;
        spans_rejected_ += batch.rejected;
        const Time now = options_.clock();
        for (const Span& span : batch.spans) {
            pairs_.take(span, now);
        }
    }

    void set_sources(std::vector<rules::TopologySource> sources) {
        std::list<Source> ended;
        {
            const std::lock_guard lock(mutex_);
            for (auto source = sources_.begin(); source != sources_.end();) {
                const auto same = std::find(sources.begin(), sources.end(), source->settings);
                const auto next = std::next(source);
                if (same == sources.end()) {
                    source->is_over = true;
                    ended.splice(ended.end(), sources_, source);
                } else {
                    sources.erase(same);
                }
                source = next;
            }
        }
        wake_.notify_all();
        for (Source& source : ended) {
            source.thread.join();
        }
        withdraw(ended, sources);
        const std::lock_guard lock(mutex_);
        for (rules::TopologySource& settings : sources) {
            Source& source = sources_.emplace_back();
            source.settings = std::move(settings);
            source.thread = std::thread([this, &source] { pull(source); });
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            is_over_ = true;
            for (Source& source : sources_) {
                source.is_over = true;
            }
        }
        wake_.notify_all();
        for (Source& source : sources_) {
            if (source.thread.joinable()) {
                source.thread.join();
            }
        }
        if (spans_.joinable()) {
            spans_.join();
        }
    }

    std::string render() const {
        const std::lock_guard lock(mutex_);
        model::JsonWriter out;
        out.begin_object().key("sources").begin_array();
        for (const Source& source : sources_) {
            const SourceReport& report = source.report;
            out.begin_object().member("name", source.settings.name);
            out.member("kind", source.settings.kind).member("url", source.settings.url);
            out.member("interval", model::format_duration(source.settings.interval));
            out.member("pulls", report.pulls).member("failures", report.failures);
            out.member("changes", report.changes).member("problems", report.problems);
            out.member("nodes", std::uint64_t{report.nodes});
            out.member("edges", std::uint64_t{report.edges});
            out.member("whole", report.is_whole).member("last_success", report.last_success);
            out.member("last_failure", report.last_failure);
            out.key("last_error");
            report.last_error.empty() ? out.null() : out.text(report.last_error);
            out.end_object();
        }
        out.end_array().key("spans").begin_object();
        const SpanCounters& spans = pairs_.counters();
        out.member("requests", span_requests_).member("spans", spans.spans);
        out.member("rejected", spans_rejected_).member("paired", spans.paired);
        out.member("without_parent", spans.without_parent).member("unpaired", spans.unpaired);
        out.member("pushed_out", spans.pushed_out).member("edges_refused", spans.edges_refused);
        out.member("waiting", std::uint64_t{pairs_.waiting()});
        out.end_object().end_object();
        return out.take();
    }

    void append_metrics(std::string& out) const {
        const std::lock_guard lock(mutex_);
        const SpanCounters& spans = pairs_.counters();
        const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
            append_metric(out, name, help, MetricType::Counter, value);
        };
        counter("topology_spans_total", "Spans taken for the service graph.", spans.spans);
        counter("topology_spans_rejected_total", "Spans that were wrong.", spans_rejected_);
        counter("topology_spans_paired_total", "Spans whose caller or callee was found.",
                spans.paired);
        counter("topology_spans_unpaired_total", "Spans whose other side did not come in time.",
                spans.unpaired + spans.pushed_out);
        counter("topology_span_edges_refused_total",
                "Edges refused because too many are remembered.", spans.edges_refused);
        append_metric(out, "topology_spans_waiting", "Spans that wait for their other side.",
                      MetricType::Gauge, pairs_.waiting());
        append_of_sources(out, "pulls_total", "Rounds over a source of the graph.", "counter",
                          [](const SourceReport& report) { return report.pulls; });
        append_of_sources(out, "pull_failures_total", "Rounds that got no answer.", "counter",
                          [](const SourceReport& report) { return report.failures; });
        append_of_sources(out, "problems_total", "What was wrong in answers of a source.",
                          "counter", [](const SourceReport& report) { return report.problems; });
        append_of_sources(out, "edges", "Edges in a source's last answer.", "gauge",
                          [](const SourceReport& report) { return std::uint64_t{report.edges}; });
        append_of_sources(out, "last_success_timestamp_seconds",
                          "When a source last answered; 0: never.", "gauge",
                          [](const SourceReport& report) {
                              return report.last_success == model::kNoTime
                                         ? std::uint64_t{0}
                                         : static_cast<std::uint64_t>(
                                               model::to_unix_ms(report.last_success) / 1000);
                          });
    }

   private:
    struct Source {
        rules::TopologySource settings;
        SourceReport report;    // guarded by mutex_
        bool is_over = false;   // guarded by mutex_
        std::string last_told;  // of its thread
        Time told_at = model::kNoTime;
        std::thread thread;
    };

    template <typename Value>
    void append_of_sources(std::string& out, const char* name, const char* help, const char* type,
                           Value value) const {
        if (sources_.empty()) {
            return;
        }
        const std::string full = "nocturne_topology_source_" + std::string(name);
        out += "# HELP " + full + " " + help + "\n# TYPE " + full + " " + type + "\n";
        for (const Source& source : sources_) {
            std::string label;
            for (const char byte : source.settings.name) {
                label += byte == '"' || byte == '\\' ? '_' : byte;
            }
            out.append(full).append("{source=\"").append(label).append("\"} ");
            out.append(std::to_string(value(source.report))).append("\n");
        }
    }

    // A source that was taken out of the configuration vouches for nothing any more.
    void withdraw(const std::list<Source>& ended, const std::vector<rules::TopologySource>& next) {
        for (const Source& source : ended) {
            const bool goes_on = std::any_of(next.begin(), next.end(), [&](const auto& other) {
                return other.name == source.settings.name;
            });
            if (!goes_on) {
                model::TopologyChange change;
                change.provenance = source.settings.name;
                change.mode = model::TopologyChange::Mode::Replace;
                submit(std::move(change));
            }
        }
    }

    // Waits for room in the engine: an edge may come late, but not get lost. Gives up when all is
    // over, for the disk may be full for as long as it likes.
    bool submit(model::TopologyChange change) {
        const std::size_t bytes = weight_of(change);
        model::Input::Body body = std::move(change);
        while (!loop_.try_submit(body, bytes, nullptr)) {
            std::unique_lock lock(mutex_);
            if (wake_.wait_for(lock, kFullWait, [&] { return is_over_; })) {
                return false;
            }
        }
        return true;
    }

    void tell_spans() {
        std::unique_lock lock(mutex_);
        while (!is_over_) {
            wake_.wait_for(lock, options_.tell_spans_every, [&] { return is_over_; });
            model::TopologyChange change = pairs_.tell(options_.clock());
            if (!change.edges.empty()) {
                lock.unlock();
                submit(std::move(change));
                lock.lock();
            }
        }
    }

    void pull(Source& source) {
        for (;;) {
            const auto begun = std::chrono::steady_clock::now();
            const Result<Pulled> pulled = pull_topology(source.settings, [&] {
                const std::lock_guard lock(mutex_);
                return source.is_over;
            });
            const bool is_told = pulled && tell(source, *pulled);
            const auto taken = std::chrono::ceil<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - begun);
            std::unique_lock lock(mutex_);
            if (source.is_over) {
                return;
            }
            note(source, pulled, is_told);
            const std::vector<WatchedList> lists =
                pulled ? pulled->lists : std::vector<WatchedList>();
            if (!lists.empty()) {
                lock.unlock();
                wait_for_change(source.settings, lists, source.settings.interval, [&] {
                    const std::lock_guard guard(mutex_);
                    return source.is_over;
                });
                lock.lock();
            }
            const auto since = std::chrono::floor<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - begun);
            wake_.wait_for(lock,
                           lists.empty() ? source.settings.interval
                                         : std::max(kGatherMin, taken * kRoundsApart - since),
                           [&] { return source.is_over; });
            if (source.is_over) {
                return;
            }
        }
    }

    // The same again is only told where it would expire otherwise.
    bool tell(Source& source, const Pulled& pulled) {
        const model::TopologyChange& change = pulled.document.change;
        std::string bytes = bytes_of(change);
        const Time now = options_.clock();
        const bool is_same = bytes == source.last_told;
        const bool is_fading = change.ttl.count() > 0 && source.told_at + change.ttl / 3 <= now;
        if ((is_same && !is_fading) ||
            (!pulled.document.is_whole && change.nodes.empty() && change.edges.empty()) ||
            !submit(change)) {
            return false;
        }
        source.last_told = std::move(bytes);
        source.told_at = now;
        return true;
    }

    void note(Source& source, const Result<Pulled>& pulled, bool is_told) {
        SourceReport& report = source.report;
        ++report.pulls;
        const Time now = options_.clock();
        std::string error;
        if (!pulled) {
            ++report.failures;
            report.last_failure = now;
            error = to_string(pulled.error());
        } else {
            const TopologyDocument& document = pulled->document;
            report.last_success = now;
            report.changes += is_told ? 1U : 0U;
            report.problems += document.problems.size() + document.problems_more;
            report.bytes += pulled->bytes;
            report.nodes = document.change.nodes.size();
            report.edges = document.change.edges.size();
            report.is_whole = document.is_whole;
            error = document.problems.empty() ? "" : to_string(document.problems.front());
        }
        if (error != report.last_error) {
            error.empty()
                ? logger()->info("topology source is well again name={}", source.settings.name)
                : logger()->warn("topology source name={} error={}", source.settings.name, error);
        }
        report.last_error = std::move(error);
    }

    engine::Loop& loop_;
    TopologyFeedOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    SpanPairs pairs_;  // guarded by mutex_
    std::uint64_t span_requests_ = 0;
    std::uint64_t spans_rejected_ = 0;
    bool is_over_ = false;
    std::list<Source> sources_;  // the list is guarded by mutex_
    std::thread spans_;
};

TopologyFeed::TopologyFeed(engine::Loop& loop, std::vector<rules::TopologySource> sources,
                           TopologyFeedOptions options)
    : inside_(std::make_unique<Inside>(loop, std::move(options))) {
    inside_->set_sources(std::move(sources));
}

TopologyFeed::~TopologyFeed() = default;

void TopologyFeed::take(const SpanBatch& batch) {
    inside_->take(batch);
}

void TopologyFeed::set_sources(std::vector<rules::TopologySource> sources) {
    inside_->set_sources(std::move(sources));
}

std::string TopologyFeed::render_sources() const {
    return inside_->render();
}

void TopologyFeed::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

void TopologyFeed::stop() {
    inside_->stop();
}

}  // namespace nocturne::gateway
