#include "engine/run_stats.hpp"

#include "engine/core.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::engine {

using model::JsonWriter;
using model::Risk;

namespace {

// The lower end of Wilson's interval at 95 %: Wilson, "Probable Inference", JASA 22 (1927).
double wilson_low(double successes, double tries) {
    constexpr double kZ = 1.959964;
    if (tries <= 0) {
        return 0;
    }
    const double share = successes / tries;
    const double centre = share + kZ * kZ / (2 * tries);
    const double margin =
        kZ * std::sqrt(share * (1 - share) / tries + kZ * kZ / (4 * tries * tries));
    return std::max(0.0, (centre - margin) / (1 + kZ * kZ / tries));
}

std::string percent(double share) {
    return std::to_string(std::lround(share * 100)) + " %";
}

// What the lower bound must reach for `auto`.
double bar_of(Risk risk) {
    return risk == Risk::Low ? kAutoLow : kAutoMedium;
}

std::string judge(const PlaybookTally& tally, const Evidence& evidence, Risk risk) {
    if (evidence.ended == 0) {
        return "nothing has run yet: `suggest`, or `approve` with somebody who knows it";
    }
    if (tally.made_worse > 0) {
        return std::to_string(tally.made_worse) +
               " made it worse, people say: stay at `approve` at most";
    }
    if (evidence.ended >= kFewRuns / 2 && evidence.rate < 0.5) {
        return "more fail than work: back to `suggest`";
    }
    if (evidence.ended < kFewRuns) {
        return "too few runs: stay at `approve`";
    }
    if (risk == Risk::High) {
        return "the risk is high: stay at `approve`";
    }
    if (evidence.low < bar_of(risk)) {
        return "for `auto` it should be " + percent(bar_of(risk)) + " at risk " +
               std::string(model::name_of(risk)) + ": stay at `approve`";
    }
    if (tally.resolved + tally.helped == 0) {
        return "but no incident ended after it and nobody said that it helped: stay at `approve`";
    }
    return "`auto` for risk " + std::string(model::name_of(risk)) + " is arguable";
}

void write_counts(JsonWriter& out, const PlaybookTally& tally) {
    const Evidence evidence = evidence_of(tally);
    out.member("proposed", tally.proposed).member("refused", tally.refused);
    out.member("rejected", tally.rejected).member("expired", tally.expired);
    out.member("superseded", tally.superseded).member("void", tally.voided);
    out.member("automatic", tally.automatic).member("succeeded", tally.succeeded);
    out.member("failed", tally.failed).member("rolled_back", tally.rolled_back);
    out.member("resolved", tally.resolved).member("reopened", tally.reopened);
    out.member("helped", tally.helped).member("did_not_help", tally.did_not_help);
    out.member("made_worse", tally.made_worse).member("regretted", tally.regretted);
    out.key("success_rate");
    evidence.ended > 0 ? out.number(evidence.rate) : out.null();
    out.member("success_rate_low", evidence.low);
}

void write_scopes(JsonWriter& out, const RunTable& table, const std::string& playbook) {
    out.key("scopes").begin_array();
    for (auto it = table.scopes.lower_bound({playbook, "", Risk::Low});
         it != table.scopes.end() && it->first.playbook == playbook; ++it) {
        const auto& [scope, tally] = *it;
        out.begin_object().member("type", scope.type).member("risk", model::name_of(scope.risk));
        write_counts(out, tally);
        out.member("advice", advice_on(tally, scope.risk)).end_object();
    }
    out.end_array();
}

}  // namespace

Evidence evidence_of(const PlaybookTally& tally) {
    Evidence evidence;
    evidence.ended = tally.succeeded + tally.failed + tally.rolled_back;
    evidence.good = tally.succeeded - std::min(tally.succeeded, tally.regretted);
    const auto ended = static_cast<double>(evidence.ended);
    const auto good = static_cast<double>(evidence.good);
    evidence.rate = evidence.ended > 0 ? good / ended : 0;
    evidence.low = wilson_low(good, ended);
    return evidence;
}

std::string advice_on(const PlaybookTally& tally, Risk risk) {
    const Evidence evidence = evidence_of(tally);
    const std::string judgement = judge(tally, evidence, risk);
    return evidence.ended == 0
               ? judgement
               : std::to_string(evidence.good) + " of " + std::to_string(evidence.ended) +
                     " worked, lower bound " + percent(evidence.low) + ": " + judgement;
}

std::string render_run_stats(const Core& core) {
    const RunTable& table = core.state().runs;
    JsonWriter out;
    out.begin_object().key("playbooks").begin_array();
    for (const auto& [playbook, tally] : table.tallies) {
        out.begin_object().member("playbook", playbook);
        write_counts(out, tally);
        write_scopes(out, table, playbook);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

}  // namespace nocturne::engine
