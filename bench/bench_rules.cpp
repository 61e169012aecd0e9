// What rules cost: CPU microseconds an event in the core (no decoding, no journal), with many rules
// beside few, and with much suppression beside none, in one run.
//
//   bench_rules [few many identities events]
//   bench_rules suppression
//
// The rules that match are the same ten in both; all others ask for what no event has. So a ratio
// of one is an index, and one of a thousand is a loop.
#include "bench/workload.hpp"
#include "engine/core.hpp"
#include "engine/state.hpp"
#include "engine/view.hpp"
#include "model/event_json.hpp"
#include "model/input.hpp"
#include "rules/loader.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace nocturne;

constexpr std::int64_t kStart = 1717761600000;
constexpr std::uint64_t kPerMessage = 64;
constexpr std::uint64_t kMatching = 10;  // rules that concern some events; see resource_of()

// A core that hears messages, at 300 events a millisecond as in a storm.
class Listener {
   public:
    Listener() { apply(bench::workload_topology()); }

    void apply(model::Input::Body body) {
        effects_.clear();
        core_.apply({++position_, model::from_unix_ms(kStart) + passed_, std::move(body)},
                    effects_);
    }

    void load(const std::string& yaml) {
        model::RulesRevision revision;
        revision.rules.push_back({"bench.yaml", yaml, model::kNoTime});
        for (const rules::Problem& problem : rules::compile(revision).problems) {
            if (problem.level == rules::Problem::Level::Error) {
                std::fprintf(stderr, "%s\n", rules::to_string(problem).c_str());
                std::exit(1);
            }
        }
        apply(std::move(revision));
    }

    // CPU microseconds an event of these messages, decoded before.
    double hear(std::span<const std::string> messages) {
        std::vector<model::Input> inputs;
        std::uint64_t events = 0;
        const double decode_begin = bench::cpu_us();
        for (const std::string& message : messages) {
            model::Input& input = inputs.emplace_back();
            input.position = ++position_;
            input.at = model::from_unix_ms(kStart) + passed_ +
                       model::Duration(static_cast<std::int64_t>(events / 300));
            model::EventBatch batch = decoder_.decode(message).batch;
            events += batch.size();
            input.body = std::move(batch);
        }
        pass(model::Duration(static_cast<std::int64_t>(events / 300)));
        decoding_ = (bench::cpu_us() - decode_begin) / static_cast<double>(events);
        const double begin = bench::cpu_us();
        for (const model::Input& input : inputs) {
            effects_.clear();
            core_.apply(input, effects_);
        }
        return (bench::cpu_us() - begin) / static_cast<double>(events);
    }

    void pass(model::Duration duration) { passed_ += duration; }

    // The same of their decoding, the last time.
    double decoding() const { return decoding_; }

    engine::Core& core() { return core_; }

   private:
    engine::Core core_;
    model::EventDecoder decoder_;
    std::vector<model::Effect> effects_;
    model::Position position_ = 0;
    model::Duration passed_{};
    double decoding_ = 0;
};

// ---- many rules of one kind ----

// Of the first few rules: something of the workload. Of the others: nothing.
std::string resource_of(std::uint64_t rule) {
    return (rule < kMatching ? "svc-" : "host-") + std::to_string(rule * 7);
}

// What the rule asks for: mostly one resource, else two labels, or a name beside an expression.
std::string match_of(std::uint64_t rule) {
    const std::string number = std::to_string(rule);
    if (rule < kMatching || rule % 4 < 2) {
        return "{resource: " + resource_of(rule) + "}";
    }
    return rule % 4 == 2 ? "{team: team-" + number + ", region: eu-west-1}"
                         : "{check: Check" + number + ", expr: 'instance=~\"node-.*\"'}";
}

using Section = std::pair<const char*, std::function<std::string(std::uint64_t)>>;

const std::vector<Section>& sections() {
    static const std::vector<Section> kSections{
        {"normalise", [](auto i) { return "match: " + match_of(i) + ", set: {labels.owner: x}"; }},
        {"dedup", [](auto i) { return "match: " + match_of(i) + ", identity: [resource, check]"; }},
        {"pattern",
         [](auto i) {
             return "type: count, match: " + match_of(i) +
                    ", by: [resource, check], window: 1m, count: 10000";
         }},
        {"inhibit",
         [](auto i) {
             return "source: {check: InstanceDown, resource: " + resource_of(i) +
                    "}, target: " + match_of(i) + ", equal: [resource]";
         }},
        {"maintenance",
         [](auto i) { return "match: " + match_of(i) + ", at: \"00:00\", for: 24h"; }},
        {"flapping", [](auto i) { return "match: " + match_of(i); }},
        {"dependency",
         [](auto i) {
             return "cause: " + match_of(i) + ", target: {check: None" + std::to_string(i) +
                    "}, hops: 1";
         }},
        {"storm", [](auto i) { return "match: " + match_of(i) + ", start: 100000"; }},
        {"group", [](auto i) { return "match: " + match_of(i) + ", by: [resource]"; }},
        {"lifecycle", [](auto i) { return "match: " + match_of(i) + ", expire_after: 2h"; }},
        {"route", [](auto i) { return "match: " + match_of(i) + ", to: log"; }},
    };
    return kSections;
}

std::string rules_of(const Section& section, std::uint64_t count) {
    std::string yaml = std::string(section.first) + ":\n";
    for (std::uint64_t i = 0; i < count; ++i) {
        yaml += "  - {name: r" + std::to_string(i) + ", " + section.second(i) + "}\n";
    }
    return yaml;
}

// So many rules of all kinds together.
std::string mixed_rules(std::uint64_t count) {
    std::string yaml;
    for (const Section& section : sections()) {
        yaml += rules_of(section, std::max<std::uint64_t>(count / sections().size(), 1));
    }
    return yaml;
}

void compare(const char* what, const std::string& few, const std::string& many,
             const std::vector<std::string>& messages) {
    constexpr int kTimes = 3;
    std::vector<double> with_few;
    std::vector<double> with_many;
    for (int i = 0; i < kTimes; ++i) {
        Listener a;
        a.load(few);
        with_few.push_back(a.hear(messages));
        Listener b;
        b.load(many);
        with_many.push_back(b.hear(messages));
    }
    std::sort(with_few.begin(), with_few.end());
    std::sort(with_many.begin(), with_many.end());
    std::printf("%-14s %8.3f us   %8.3f us   %6.2f times\n", what, with_few[kTimes / 2],
                with_many[kTimes / 2], with_many[kTimes / 2] / with_few[kTimes / 2]);
    std::fflush(stdout);
}

// ---- much suppression ----

// A hundred inhibitions and a thousand windows. Each silence and each window is about one check of
// one service, on one machine where few are to be hidden.
enum class Hidden { Few, Many };

std::string machine(Hidden hidden, int service) {
    return hidden == Hidden::Many
               ? ""
               : ", instance: \"node-003.dc" + std::to_string(service % 3) + ".example.net:9100\"";
}

std::string suppression_rules(Hidden hidden) {
    std::string yaml = "inhibit:\n";
    for (int i = 0; i < 100; ++i) {
        const std::string team = "team-" + std::to_string(i % 40);
        yaml.append("  - {name: i").append(std::to_string(i));
        yaml.append(", source: {check: InstanceDown, team: ").append(team);
        yaml.append("}, target: {check: ProbeFailed, team: ").append(team);
        yaml += hidden == Hidden::Many ? "}, equal: [resource]}\n"
                                       : "}, equal: [instance, resource]}\n";
    }
    yaml += "maintenance:\n";
    for (int i = 0; i < 1000; ++i) {
        const std::string service = "svc-" + std::to_string(i);
        yaml += "  - {name: m" + std::to_string(i) +
                ", match: {check: DiskFull, resource: " + service + machine(hidden, i) +
                "}, at: \"00:00\", for: 24h}\n";
    }
    return yaml;
}

void add_silences(Listener& listener, Hidden hidden) {
    for (int i = 0; i < 1000; ++i) {
        model::AddSilence silence;
        silence.matchers = "resource=\"svc-" + std::to_string(i) + "\",check=\"ClockSkew\"";
        if (hidden == Hidden::Few) {
            silence.matchers +=
                ",instance=\"node-003.dc" + std::to_string(i % 3) + ".example.net:9100\"";
        }
        silence.ends_at = model::from_unix_ms(kStart) + std::chrono::hours(12);
        silence.created_by = "bench";
        listener.apply(model::Command(silence));
    }
}

// The same events as other messages: told again, or resolved.
std::vector<std::string> again(std::vector<std::string> messages, bool is_resolved) {
    const auto replace = [&](std::string_view what, std::string_view by) {
        for (std::string& message : messages) {
            for (std::size_t at = message.find(what); at != std::string::npos;
                 at = message.find(what, at + by.size())) {
                message.replace(at, what.size(), by);
            }
        }
    };
    replace(R"("id":"ev-)", is_resolved ? R"("id":"rs-)" : R"("id":"re-)");
    if (is_resolved) {
        replace(R"("status":"firing")", R"("status":"resolved")");
    }
    return messages;
}

struct Costs {
    double decode = 0;
    double raise = 0;
    std::uint64_t rankings = 0;
    double bytes = 0;  // of memory, an alert
    double repeat = 0;
    double tick_us = 0;
    double resolve = 0;
};

double measure_ticks(Listener& listener) {
    constexpr int kTicks = 600;
    const double begin = bench::cpu_us();
    for (int i = 0; i < kTicks; ++i) {
        listener.pass(std::chrono::seconds(1));
        listener.apply(model::Tick{});
    }
    return (bench::cpu_us() - begin) / kTicks;
}

void measure_queries(const engine::Core& core) {
    for (const char* filter : {R"({resource="svc-7"})", R"({status="suppressed",team="team-3"})",
                               R"({severity="critical",resource=~"svc-1.."})",
                               R"({instance=~"node-0.*dc1.*",severity="critical"})"}) {
        engine::AlertQuery query;
        query.matchers = *model::parse_matchers(filter);
        query.limit = 100;
        const double begin = bench::cpu_us();
        std::size_t bytes = 0;
        for (int i = 0; i < 10; ++i) {
            bytes = engine::render_alerts(core, query).size();
        }
        std::printf("query %-48s %7.3f ms CPU, answer of %zu bytes\n", filter,
                    (bench::cpu_us() - begin) / 1e4, bytes);
    }
}

Costs measure(std::optional<Hidden> hidden, const std::vector<std::string>& messages) {
    const std::span<const std::string> firing(messages);
    Listener listener;
    if (hidden) {
        listener.load(suppression_rules(*hidden));
        add_silences(listener, *hidden);
    }
    const std::size_t bytes_before = ::mallinfo2().uordblks;
    // From none to all: how often the incidents were ranked by then hangs on little.
    Costs costs;
    costs.raise = listener.hear(firing);
    costs.decode = listener.decoding();
    costs.bytes = static_cast<double>(::mallinfo2().uordblks - bytes_before) /
                  static_cast<double>(listener.core().state().alerts.size());
    costs.rankings = listener.core().state().counters.rankings;
    listener.pass(std::chrono::seconds(10));
    costs.repeat = listener.hear(again(messages, false));
    costs.tick_us = measure_ticks(listener);
    if (hidden) {
        std::size_t suppressed = 0;
        const engine::AlertTable& alerts = listener.core().state().alerts;
        for (engine::Slot slot = 0; slot < alerts.bound(); ++slot) {
            suppressed += alerts[slot].state == model::AlertState::Suppressed ? 1U : 0U;
        }
        std::printf("%zu alerts, %zu hidden, %llu rankings\n", alerts.size(), suppressed,
                    static_cast<unsigned long long>(costs.rankings));
        measure_queries(listener.core());
    }
    costs.resolve = listener.hear(again(messages, true));
    return costs;
}

// `decode`: what each event costs before.
void report(const char* what, double without, double with, double decode) {
    std::printf("%-24s %8.3f us   %8.3f us   %6.2f times, with decoding %.2f times\n", what,
                without, with, with / without, (with + decode) / (without + decode));
}

void compare_suppression(std::uint64_t alerts, Hidden hidden) {
    const std::vector<std::string> messages = bench::messages_of(alerts, alerts, kPerMessage);
    constexpr int kTimes = 3;
    std::vector<Costs> without;
    std::vector<Costs> with;
    for (int i = 0; i < kTimes; ++i) {
        without.push_back(measure(std::nullopt, messages));
        with.push_back(measure(hidden, messages));
    }
    const auto median = [](std::vector<Costs> all, double Costs::*cost) {
        std::sort(all.begin(), all.end(),
                  [&](const Costs& a, const Costs& b) { return a.*cost < b.*cost; });
        return all[all.size() / 2].*cost;
    };
    const std::pair<const char*, double Costs::*> rows[] = {
        {"new alert", &Costs::raise},
        {"event of a known alert", &Costs::repeat},
        {"resolution", &Costs::resolve},
        {"tick (a second)", &Costs::tick_us}};
    std::printf("memory: %.0f bytes an alert without, %.0f with\n", median(without, &Costs::bytes),
                median(with, &Costs::bytes));
    const double decode = median(without, &Costs::decode);
    for (const auto& [what, cost] : rows) {
        report(what, median(without, cost), median(with, cost), decode);
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count > 1 && std::string_view(arguments[1]) == "suppression") {
        compare_suppression(100'000, Hidden::Few);
        compare_suppression(100'000, Hidden::Many);
        return 0;
    }
    const auto number = [&](int i, std::uint64_t otherwise) {
        return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
    };
    const std::uint64_t few = number(1, 10);
    const std::uint64_t many = number(2, 10'000);
    const std::uint64_t identities = number(3, 50'000);
    const std::uint64_t events = number(4, 100'000);
    std::printf("%llu rules beside %llu, %llu events of %llu identities\n",
                static_cast<unsigned long long>(many), static_cast<unsigned long long>(few),
                static_cast<unsigned long long>(events),
                static_cast<unsigned long long>(identities));
    const std::vector<std::string> messages = bench::messages_of(identities, events, kPerMessage);
    for (const Section& section : sections()) {
        compare(section.first, rules_of(section, few), rules_of(section, many), messages);
    }
    compare("all of them", mixed_rules(few), mixed_rules(many), messages);
    std::printf("1,000 silences, 100 inhibitions and 1,000 maintenance windows beside none\n");
    compare_suppression(100'000, Hidden::Few);
    compare_suppression(100'000, Hidden::Many);
    return 0;
}
