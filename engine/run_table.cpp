#include "engine/run_table.hpp"

#include "model/member_codec.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::model {

// What has an encoding of its own.

static void put(Writer& out, const Run& run) {
    encode(out, run);
}

static void get(Reader& in, Run& run) {
    run = decode_run(in);
}

static void put(Writer& out, const PlaybookSettings& settings) {
    encode(out, settings);
}

static void get(Reader& in, PlaybookSettings& settings) {
    settings = decode_playbook_settings(in);
}

}  // namespace nocturne::model

namespace nocturne::engine {

namespace {

template <typename Self, typename T>
concept IsOne = std::same_as<std::remove_const_t<Self>, T>;

const std::string kOtherPlaybooks = "(others)";

}  // namespace

template <typename Self, typename Each>
requires IsOne<Self, PastRun>

void each_member(Self& past, Each each) {
    each(past.run), each(past.incident), each(past.playbook), each(past.target);
    each(past.started_at), each(past.ended_at), each(past.state), each(past.reopened);
    each(past.made_worse);
}

template <typename Self, typename Each>
requires IsOne<Self, Touch>

void each_member(Self& touch, Each each) {
    each(touch.at), each(touch.node), each(touch.run);
}

template <typename Self, typename Each>
requires IsOne<Self, Combination>

void each_member(Self& combination, Each each) {
    each(combination.suspect), each(combination.kind), each(combination.playbook);
}

template <typename Self, typename Each>
requires IsOne<Self, PlaybookTally>

void each_member(Self& tally, Each each) {
    each(tally.proposed), each(tally.refused), each(tally.automatic), each(tally.rejected);
    each(tally.expired), each(tally.superseded), each(tally.voided), each(tally.succeeded);
    each(tally.failed), each(tally.rolled_back), each(tally.reopened), each(tally.resolved);
    each(tally.helped), each(tally.did_not_help), each(tally.made_worse);
    each(tally.regretted);
}

template <typename Self, typename Each>
requires IsOne<Self, PlaybookScope>

void each_member(Self& scope, Each each) {
    each(scope.playbook), each(scope.type), each(scope.risk);
}

template <typename Self, typename Each>
requires IsOne<Self, Hold>

void each_member(Self& hold, Each each) {
    each(hold.by), each(hold.from), each(hold.why), each(hold.at);
}

model::Run& RunTable::add(model::Run run) {
    const Number number = next_number++;
    numbers.emplace(run.id, number);
    if (!model::is_finished(run.state)) {
        open.insert(number);
    }
    return runs.emplace(number, std::move(run)).first->second;
}

const model::Run* RunTable::find(model::Id id) const {
    const auto found = numbers.find(id);
    return found == numbers.end() ? nullptr : &runs.at(found->second);
}

model::Run* RunTable::find(model::Id id) {
    return const_cast<model::Run*>(std::as_const(*this).find(id));
}

RunTable::Number RunTable::number_of(model::Id id) const {
    return numbers.at(id);
}

void RunTable::close(model::Id id) {
    open.erase(number_of(id));
}

void RunTable::prune() {
    for (auto it = runs.begin(); it != runs.end() && runs.size() > kRunsMax;) {
        if (open.contains(it->first)) {
            ++it;
            continue;
        }
        numbers.erase(it->second.id);
        it = runs.erase(it);
    }
}

PastRun* RunTable::find_past(model::Id run) {
    const auto found = std::find_if(past.rbegin(), past.rend(),
                                    [&](const PastRun& one) { return one.run == run; });
    return found == past.rend() ? nullptr : &*found;
}

void RunTable::note_past(PastRun one, model::Time now) {
    while (!past.empty() && (past.size() >= kPastMax ||
                             (past.front().ended_at != model::kNoTime &&
                              now - past.front().ended_at > model::PlaybookSettings::kWindowMax))) {
        past.pop_front();
    }
    past.push_back(std::move(one));
}

void RunTable::note_touch(Touch touch, model::Time now) {
    while (!touches.empty() && (touches.size() >= kTouchesMax ||
                                now - touches.front().at > model::PlaybookSettings::kWindowMax)) {
        touches.pop_front();
    }
    touches.push_back(std::move(touch));
}

void RunTable::note_success(Combination combination, model::Time now) {
    seen_succeed.insert_or_assign(std::move(combination), now);
    if (seen_succeed.size() > kSeenMax) {
        seen_succeed.erase(
            std::min_element(seen_succeed.begin(), seen_succeed.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; }));
    }
}

void RunTable::count(const model::Run& run, std::uint64_t PlaybookTally::*what, Count how) {
    const auto add = [&](auto& all, const auto& key, const auto& others, std::size_t most) {
        std::uint64_t& number = all[all.size() < most || all.contains(key) ? key : others].*what;
        number = how == Count::Up ? number + 1 : number - std::min<std::uint64_t>(number, 1);
    };
    add(tallies, run.plan.playbook, kOtherPlaybooks, kPlaybooksMax);
    add(scopes, PlaybookScope{run.plan.playbook, run.target_type, run.plan.risk},
        PlaybookScope{kOtherPlaybooks, "", model::Risk::High}, kScopesMax);
}

void RunTable::encode(model::Writer& out) const {
    using model::put;
    put(out, runs);
    put(out, next_number);
    put(out, past);
    put(out, touches);
    put(out, seen_succeed);
    put(out, tallies);
    put(out, scopes);
    put(out, settings);
    put(out, is_stopped);
    put(out, stop);
    put(out, frozen);
}

void RunTable::decode(model::Reader& in) {
    using model::get;
    get(in, runs);
    get(in, next_number);
    get(in, past);
    get(in, touches);
    get(in, seen_succeed);
    get(in, tallies);
    get(in, scopes);
    get(in, settings);
    get(in, is_stopped);
    get(in, stop);
    get(in, frozen);
    for (const auto& [number, run] : runs) {
        numbers.emplace(run.id, number);
        if (!model::is_finished(run.state)) {
            open.insert(number);
        }
    }
}

}  // namespace nocturne::engine
