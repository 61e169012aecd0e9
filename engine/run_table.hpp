// RunTable: all runs that the core knows, and what it remembers of those before: what gates ask.
#pragma once

#include "engine/incident_table.hpp"
#include "model/codec.hpp"
#include "model/playbook_settings.hpp"
#include "model/run.hpp"

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace nocturne::engine {

// A run that began, for as long as a gate may ask about it.
struct PastRun {
    model::Id run;
    model::Id incident;
    std::string playbook;
    std::string target;
    model::Time started_at = model::kNoTime;
    model::Time ended_at = model::kNoTime;  // kNoTime: it goes on
    model::RunState state = model::RunState::Running;
    bool reopened = false;    // its incident, after it began
    bool made_worse = false;  // a person said so
};

// A node that a run was about to change.
struct Touch {
    model::Time at = model::kNoTime;
    std::string node;
    model::Id run;
};

// What was seen to work: a playbook for one kind of fault of one suspect.
struct Combination {
    std::string suspect;
    model::CauseKind kind = model::CauseKind::Unknown;
    std::string playbook;

    friend auto operator<=>(const Combination&, const Combination&) = default;
};

struct PlaybookTally {
    std::uint64_t proposed = 0;
    std::uint64_t refused = 0;
    std::uint64_t automatic = 0;  // of those that began
    std::uint64_t rejected = 0;
    std::uint64_t expired = 0;
    std::uint64_t superseded = 0;
    std::uint64_t voided = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t rolled_back = 0;
    std::uint64_t reopened = 0;  // succeeded, and the incident came back
    std::uint64_t resolved = 0;  // succeeded, and the incident ended
    std::uint64_t helped = 0;    // the labels of people
    std::uint64_t did_not_help = 0;
    std::uint64_t made_worse = 0;
    // Succeeded, but the incident came back, or people say that it did not help: each run once.
    std::uint64_t regretted = 0;
};

// What a mode can be given for: the evidence is counted for each apart.
struct PlaybookScope {
    std::string playbook;
    std::string type;  // of the target
    model::Risk risk = model::Risk::High;

    friend auto operator<=>(const PlaybookScope&, const PlaybookScope&) = default;
};

// Who stopped or froze, where and why.
struct Hold {
    std::string by;
    std::string from;
    std::string why;
    model::Time at = model::kNoTime;
};

struct RunTable {
    static constexpr std::size_t kRunsMax = 1000;  // the oldest that are finished are forgotten
    static constexpr std::size_t kOpenMax = 500;   // more are refused
    static constexpr std::size_t kPastMax = 4096;
    static constexpr std::size_t kTouchesMax = 16'384;
    static constexpr std::size_t kSeenMax = 10'000;     // the one unseen for longest goes first
    static constexpr std::size_t kPlaybooksMax = 1000;  // beyond it they share one tally
    static constexpr std::size_t kScopesMax = 4000;     // the same
    static constexpr std::size_t kFrozenMax = 10'000;

    // Deadlines name a run by its number.
    using Number = std::uint32_t;

    model::Run& add(model::Run run);
    // nullptr when it is not, or no more, known.
    model::Run* find(model::Id id);
    const model::Run* find(model::Id id) const;
    Number number_of(model::Id id) const;
    // A run is finished: nothing is open about it.
    void close(model::Id id);
    // Forgets what is over and above kRunsMax; no reference to a run stays good.
    void prune();

    PastRun* find_past(model::Id run);
    void note_past(PastRun past, model::Time now);
    void note_touch(Touch touch, model::Time now);
    void note_success(Combination combination, model::Time now);
    // In the tallies of the run's playbook and of its scope; Down never goes below 0.
    enum class Count : std::uint8_t { Up, Down };
    void count(const model::Run& run, std::uint64_t PlaybookTally::*what, Count how = Count::Up);

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

    std::map<Number, model::Run> runs;
    std::map<model::Id, Number> numbers;
    std::set<Number> open;  // not finished
    Number next_number = 0;

    std::deque<PastRun> past;  // in the order in which they began
    std::deque<Touch> touches;
    std::map<Combination, model::Time> seen_succeed;
    std::map<std::string, PlaybookTally> tallies;
    std::map<PlaybookScope, PlaybookTally> scopes;

    model::PlaybookSettings settings;
    bool is_stopped = false;  // by a person; configuration can stop, too
    Hold stop;
    std::map<std::string, Hold> frozen;  // by people; configuration can freeze, too
    model::RunEvent answer;              // to the last word that was about no run
};

}  // namespace nocturne::engine
