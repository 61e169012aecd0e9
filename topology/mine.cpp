#include "topology/mine.hpp"

#include "topology/runs.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

namespace nocturne::topology {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

// From what a link's flap takes to a shift: a pair shows in some of them, whatever its delay.
constexpr std::array<milliseconds, 5> kWindows{minutes(1), minutes(5), minutes(30), hours(2),
                                               hours(6)};
// Silence that ends a burst.
constexpr std::array<milliseconds, 3> kGaps{minutes(30), hours(1), hours(2)};
constexpr std::size_t kRelations = kRelationNames.size();
constexpr std::size_t kDelayBins = 52;  // two an octave of milliseconds, up to six hours

// ---- what is counted of a pair of checks on one relation ----

struct WindowCount {
    double deviations = 0;  // sum over places, in standard deviations
    double expected = 0;    // runs of the cause that chance would let the effect follow
    std::uint64_t followed = 0;
    std::uint64_t before = 0;    // the effect came strictly later
    std::uint64_t after = 0;     // strictly earlier
    std::uint64_t preceded = 0;  // earlier, or at the same time
};

struct PairCount {
    std::array<WindowCount, kWindows.size()> windows;
    std::array<std::uint64_t, kWindows.size()> runs{};
    std::array<std::uint32_t, kDelayBins> delays{};
    std::uint32_t places = 0;
};

std::size_t delay_bin(std::int64_t ms) {
    if (ms <= 0) {
        return 0;
    }
    const auto bin = static_cast<std::size_t>(2 * std::log2(static_cast<double>(ms))) + 1;
    return std::min(bin, kDelayBins - 1);
}

std::int64_t delay_of(std::size_t bin) {
    return bin == 0 ? 0 : std::llround(std::exp2((static_cast<double>(bin) - 0.5) / 2));
}

// The delay below which that share of the ones within the window lies.
model::Duration delay_quantile(const PairCount& count, model::Duration window, double share) {
    const std::size_t end = delay_bin(window.count()) + 1;
    std::uint64_t total = 0;
    for (std::size_t bin = 0; bin < end; ++bin) {
        total += count.delays[bin];
    }
    double left = share * static_cast<double>(total);
    for (std::size_t bin = 0; bin < end; ++bin) {
        left -= static_cast<double>(count.delays[bin]);
        if (left <= 0 && count.delays[bin] > 0) {
            return std::min(window, model::Duration(delay_of(bin)));
        }
    }
    return model::Duration(0);
}

// ---- one place: runs of one check here, of another there ----

struct Place {
    std::span<const std::int64_t> cause;  // starts of runs, ms, sorted
    std::span<const std::int64_t> effect;
};

// Each run of the cause against the nearest run of the effect on either side.
void compare(const Place& place, std::int64_t window, WindowCount& out, PairCount* delays) {
    std::size_t later = 0;  // first effect after the cause
    std::size_t met = 0;    // causes with an effect within the window on any side
    const std::size_t effects = place.effect.size();
    for (const std::int64_t at : place.cause) {
        while (later < effects && place.effect[later] <= at) {
            ++later;
        }
        const bool is_tie = later > 0 && place.effect[later - 1] == at;
        const bool is_before = later < effects && place.effect[later] - at <= window;
        std::size_t earlier = later;
        while (earlier > 0 && place.effect[earlier - 1] == at) {
            --earlier;
        }
        const bool is_after = earlier > 0 && at - place.effect[earlier - 1] <= window;
        met += is_tie || is_before || is_after ? 1 : 0;
        out.followed += is_tie || is_before ? 1 : 0;
        out.before += is_before ? 1 : 0;
        out.after += is_after ? 1 : 0;
        out.preceded += is_tie || is_after ? 1 : 0;
        if (delays != nullptr && (is_tie || is_before)) {
            ++delays->delays[delay_bin(is_tie ? 0 : place.effect[later] - at)];
        }
    }
    out.deviations += static_cast<double>(met);  // made a deviation by the caller
}

// ---- the whole ----

class Mining {
   public:
    Mining(const AlertHistory& history, const Graph& graph, const MiningLimits& limits,
           const TellShare& tell)
        : history_(history), limits_(limits), tell_(tell),
          series_(series_of(history, graph, limits.checks_max)),
          neighbours_(neighbours_of(series_, graph, limits.neighbours_max)),
          checks_(series_.checks.size()), counts_(kRelations * checks_ * checks_) {}

    Mined run() {
        for (std::size_t window = 0; window < kWindows.size(); ++window) {
            count_window(window);
        }
        Mined mined;
        mined.checks_passed_over = series_.checks_passed_over;
        mined.places_passed_over = places_passed_over_;
        const std::vector<double> leading = leading_of(series_, neighbours_, kGaps);
        for (std::size_t relation = 0; relation < kRelations; ++relation) {
            judge_relation(static_cast<Relation>(relation), leading, mined);
        }
        std::stable_sort(
            mined.pairs.begin(), mined.pairs.end(),
            [](const Precedence& a, const Precedence& b) { return a.association > b.association; });
        return mined;
    }

   private:
    std::size_t index(Relation relation, std::size_t cause, std::size_t effect) const {
        return (static_cast<std::size_t>(relation) * checks_ + cause) * checks_ + effect;
    }

    // A count takes memory only for pairs that meet somewhere.
    PairCount& count(Relation relation, std::size_t cause, std::size_t effect) {
        std::uint32_t& slot = counts_[index(relation, cause, effect)];
        if (slot == 0) {
            kept_.emplace_back();
            slot = static_cast<std::uint32_t>(kept_.size());
        }
        return kept_[slot - 1];
    }

    const PairCount* find(Relation relation, std::size_t cause, std::size_t effect) const {
        const std::uint32_t slot = counts_[index(relation, cause, effect)];
        return slot == 0 ? nullptr : &kept_[slot - 1];
    }

    void count_window(std::size_t window) {
        const Runs runs = runs_of(series_, kWindows[window].count());
        const std::size_t nodes = series_.nodes.size();
        place_ = 0;
        for (std::size_t node = 0; node < nodes; ++node) {
            count_place(Relation::Same, {node, node}, runs, window);
        }
        for (std::size_t node = 0; node < nodes; ++node) {
            for (const Neighbour& near : neighbours_[node]) {
                count_place(near.relation, {node, near.node}, runs, window);
            }
            if (tell_ && node % 256 == 0) {
                tell_((static_cast<double>(window) +
                       static_cast<double>(node) / static_cast<double>(nodes)) /
                      static_cast<double>(kWindows.size()));
            }
        }
    }

    struct TwoNodes {
        std::size_t cause;
        std::size_t effect;
    };

    void count_place(Relation relation, TwoNodes nodes, const Runs& runs, std::size_t window) {
        const auto causes = runs.at(nodes.cause);
        const auto effects = runs.at(nodes.effect);
        if (!has_steps_for(causes, effects, window)) {
            return;
        }
        for (const Run& cause : causes) {
            for (const Run& effect : effects) {
                if (relation != Relation::Same || cause.check != effect.check) {
                    count_pair(count(relation, cause.check, effect.check),
                               {runs.starts(cause), runs.starts(effect)}, window);
                }
            }
        }
    }

    // Decided in the first window, where there are most runs, so that all see the same places.
    bool has_steps_for(std::span<const Run> causes, std::span<const Run> effects,
                       std::size_t window) {
        const std::size_t place = place_++;
        if (window > 0) {
            return !is_passed_over_[place];
        }
        const std::uint64_t steps =
            Runs::size_of(causes) * effects.size() + Runs::size_of(effects) * causes.size();
        const bool is_too_much = steps > limits_.steps_max / kWindows.size() - steps_;
        is_passed_over_.push_back(is_too_much);
        places_passed_over_ += is_too_much ? 1 : 0;
        steps_ += is_too_much ? 0 : steps;
        return !is_too_much;
    }

    // The chance that a run of the effect lies within the window of a moment is that of a Poisson
    // process of the same rate on this place; places then count alike, however loud they are.
    void count_pair(PairCount& pair, const Place& place, std::size_t window) {
        const std::int64_t width = kWindows[window].count();
        WindowCount& out = pair.windows[window];
        const double before = out.deviations;
        out.deviations = 0;
        compare(place, width, out, window + 1 == kWindows.size() ? &pair : nullptr);
        const auto causes = static_cast<double>(place.cause.size());
        const double rate = static_cast<double>(place.effect.size()) / series_.span_ms;
        const double either = 1 - std::exp(-2 * rate * static_cast<double>(width));
        const double follow = 1 - std::exp(-rate * static_cast<double>(width));
        out.deviations = before + (out.deviations - causes * either) /
                                      std::sqrt(causes * either * (1 - either) + 0.5);
        out.expected += causes * follow;
        pair.runs[window] += place.cause.size();
        pair.places += window == 0 ? 1 : 0;
    }

    static double association_of(const PairCount* pair) {
        if (pair == nullptr || pair->places == 0) {
            return 0;
        }
        double sum = 0;
        for (const WindowCount& window : pair->windows) {
            sum += window.deviations;
        }
        return sum / std::sqrt(static_cast<double>(pair->places)) /
               static_cast<double>(kWindows.size());
    }

    void judge_relation(Relation relation, const std::vector<double>& leading, Mined& mined) const {
        for (std::size_t cause = 0; cause < checks_; ++cause) {
            for (std::size_t effect = 0; effect < checks_; ++effect) {
                const PairCount* pair = find(relation, cause, effect);
                if (pair == nullptr) {
                    continue;
                }
                const double association =
                    (association_of(pair) +
                     association_of(find(opposite(relation), effect, cause))) /
                    2;
                const bool is_first = relation == Relation::Same ? leading[cause] > leading[effect]
                                                                 : comes_first(*pair);
                if (association > limits_.association_min && is_first) {
                    add(relation, {cause, effect}, *pair, association, mined);
                }
            }
        }
    }

    // Of two nodes: by the sign test over the window in which the order shows most.
    bool comes_first(const PairCount& pair) const {
        double most = 0;
        for (const WindowCount& window : pair.windows) {
            const double sum = static_cast<double>(window.before + window.after);
            const double difference =
                static_cast<double>(window.before) - static_cast<double>(window.after);
            const double deviations = sum == 0 ? 0 : difference / std::sqrt(sum);
            most = std::abs(deviations) > std::abs(most) ? deviations : most;
        }
        return most >= limits_.order_min;
    }

    struct TwoChecks {
        std::size_t cause;
        std::size_t effect;
    };

    // The same pair, asked from the effect.
    double explained(Relation relation, TwoChecks checks, std::size_t window) const {
        const PairCount* pair = find(opposite(relation), checks.effect, checks.cause);
        return pair == nullptr || pair->runs[window] == 0
                   ? 0
                   : static_cast<double>(pair->windows[window].preceded) /
                         static_cast<double>(pair->runs[window]);
    }

    void add(Relation relation, TwoChecks checks, const PairCount& pair, double association,
             Mined& mined) const {
        std::size_t best = 0;
        double most = -1;
        for (std::size_t i = 0; i < kWindows.size(); ++i) {
            const WindowCount& window = pair.windows[i];
            const double deviations = (static_cast<double>(window.followed) - window.expected) /
                                      std::sqrt(window.expected + 1);
            if (deviations > most) {
                best = i;
                most = deviations;
            }
        }
        const WindowCount& window = pair.windows[best];
        if (window.followed == 0) {
            return;
        }
        Precedence learned;
        learned.cause = history_.checks()[series_.checks[checks.cause]];
        learned.effect = history_.checks()[series_.checks[checks.effect]];
        learned.relation = relation;
        learned.support = window.followed;
        learned.runs = pair.runs[best];
        learned.expected = window.expected;
        learned.lift = static_cast<double>(window.followed) / std::max(window.expected, 1e-9);
        learned.confidence =
            static_cast<double>(window.followed) / static_cast<double>(learned.runs);
        learned.association = association;
        learned.explained = explained(relation, checks, best);
        learned.order = static_cast<double>(window.followed) /
                        static_cast<double>(window.followed + window.preceded);
        learned.places = pair.places;
        learned.window = kWindows[best];
        learned.delay = delay_quantile(pair, kWindows[best], 0.5);
        learned.delay_low = delay_quantile(pair, kWindows[best], 0.25);
        learned.delay_high = delay_quantile(pair, kWindows[best], 0.75);
        mined.pairs.push_back(std::move(learned));
    }

    const AlertHistory& history_;
    const MiningLimits& limits_;
    const TellShare& tell_;
    Series series_;
    std::vector<std::vector<Neighbour>> neighbours_;
    std::size_t checks_;
    std::vector<std::uint32_t> counts_;  // index(...): place in kept_ plus one, 0 for none
    std::vector<PairCount> kept_;
    std::uint64_t steps_ = 0;           // of the first window
    std::size_t place_ = 0;             // places are visited in the same order in each window
    std::vector<bool> is_passed_over_;  // by place
    std::size_t places_passed_over_ = 0;
};

}  // namespace

Mined mine(const AlertHistory& history, const Graph& graph, const MiningLimits& limits,
           const TellShare& tell) {
    return Mining(history, graph, limits, tell).run();
}

}  // namespace nocturne::topology
