// The simulation of runs: one plan from proposal to its end, while the process is killed between
// any two writes of the journal, and effectors fail, hang and answer twice. One seed is one night;
// NOCTURNE_RUN_SEEDS says how many (2,000 by default, `./dev soak` takes 100,000),
// NOCTURNE_RUN_SEED plays one again.
#include "engine/run_view.hpp"
#include "engine/runs.hpp"
#include "tests/engine/run_story.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <tuple>

namespace nocturne::engine {
namespace {

using model::AttemptKey;
using model::Outcome;
using model::Phase;
using model::Role;
using model::RunState;

struct Tally {
    std::uint64_t nights = 0;
    std::uint64_t kills = 0;
    std::uint64_t actions = 0;
    std::uint64_t hangs = 0;
    std::uint64_t too_late = 0;
    std::uint64_t second_answers = 0;
    std::uint64_t settled = 0;
    std::uint64_t words_refused = 0;
    std::map<RunState, std::uint64_t> ends;
};

// What really happened outside; no kill takes it back.
class World {
   public:
    // An action is done for good the moment that it is taken, if it is done at all.
    void take(const AttemptKey& key) { ++done_[{key.step, key.phase}]; }

    std::uint64_t times(std::uint32_t step, Phase phase) const {
        const auto found = done_.find({step, phase});
        return found == done_.end() ? 0 : found->second;
    }

   private:
    std::map<std::pair<std::uint32_t, Phase>, std::uint64_t> done_;
};

class SimulatedNight {
   public:
    SimulatedNight(std::uint64_t seed, Tally& tally) : random_(seed), tally_(tally) {}

    void play() {
        prepare();
        for (int round = 0; round < 3000 && !is_over(); ++round) {
            one_thing();
        }
        ASSERT_TRUE(is_over()) << "lost: " << model::name_of(run().state);
        ++tally_.nights;
        ++tally_.ends[run().state];
        judge();
    }

   private:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

    // ---- the journal and the core ----

    struct Row {
        model::Time at;
        std::string bytes;
    };

    // Durable, then applied, then its effects leave.
    void write(const model::Input::Body& body) {
        journal_.push_back({now_, model::encode_body(body)});
        std::vector<model::Effect> effects;
        apply(journal_.size(), effects);
        for (const model::Effect& effect : effects) {
            if (effect.topic != model::Effect::Topic::RunStep) {
                continue;
            }
            if (const std::optional<StepOrder> order = order_of(core_, effect)) {
                queue_.push_back(model::StepResult{order->key, Outcome::Started, ""});
            }
        }
        if (const auto* result = std::get_if<model::StepResult>(&body);
            result != nullptr && result->outcome == Outcome::Started &&
            may_act(core_, result->key) && begun_.insert(result->key).second) {
            to_act_.push_back({result->key, now_});
        }
    }

    void apply(std::size_t position, std::vector<model::Effect>& effects) {
        const Row& row = journal_[position - 1];
        Result<model::Input::Body> body = model::decode_body(row.bytes);
        ASSERT_TRUE(body);
        core_.apply({position, row.at, *std::move(body)}, effects);
    }

    // kill -9: what was not in the journal is gone, and so is all that the edge knew.
    void kill() {
        ++tally_.kills;
        model::Writer before;
        core_.encode(before);
        queue_.clear();
        to_act_.clear();
        answers_.clear();
        begun_.clear();
        recover();
        model::Writer after;
        core_.encode(after);
        ASSERT_EQ(before.bytes(), after.bytes());
        for (const StepOrder& order : open_orders(core_)) {
            queue_.push_back(model::StepResult{
                order.key, order.is_started ? Outcome::Unknown : Outcome::Started, ""});
        }
        if (run().state == RunState::AwaitingApproval) {
            people_say_yes();
        }
    }

    // From a snapshot now and then, and the rows after it; effects of the past do not leave again.
    void recover() {
        std::size_t position = 0;
        core_ = Core();
        if (!snapshot_.empty()) {
            model::Reader in(snapshot_);
            Result<Core> decoded = Core::decode(in);
            ASSERT_TRUE(decoded);
            core_ = *std::move(decoded);
            position = core_.position();
        }
        std::vector<model::Effect> past;
        while (position < journal_.size()) {
            apply(++position, past);
        }
    }

    void save_snapshot() {
        model::Writer out;
        core_.encode(out);
        snapshot_ = out.take();
    }

    const model::Run& run() const { return *core_.state().runs.find(run_); }

    bool is_over() const { return model::is_finished(run().state); }

    // ---- what happens ----

    void one_thing() {
        if (chance(12)) {
            kill();
        } else if (chance(20)) {
            save_snapshot();
        } else if (chance(25)) {
            press_the_switch();
        } else if (chance(8)) {
            let_time_pass();
        } else if (!to_act_.empty() && chance(2)) {
            act();
        } else if (!answers_.empty() && chance(2)) {
            answer();
        } else if (!queue_.empty()) {
            const model::Input::Body body = std::move(queue_.front());
            queue_.pop_front();
            write(body);
        } else if (run().state == RunState::NeedsPerson) {
            settle();
        } else {
            let_time_pass();
        }
    }

    void let_time_pass() {
        now_ += model::Duration(below(chance(30) ? 60'000 : 3000));
        if (core_.next_deadline() <= now_) {
            write(model::Tick{});
        }
    }

    void press_the_switch() {
        const bool is_on = core_.state().runs.is_stopped;
        write(model::Command(
            model::StopActions{!is_on, "chief", Role::Admin, "console", "let me see"}));
    }

    // The effector takes the action: done or not, and answers once, twice or never.
    void act() {
        const auto [key, granted_at] = to_act_.front();
        to_act_.pop_front();
        if (now_ - granted_at > Runs::kGrace) {  // too late to end before it counts as unknown
            ++tally_.too_late;
            queue_.push_back(model::StepResult{key, Outcome::Failed, "not begun in time"});
            return;
        }
        ++tally_.actions;
        judge_action(key);
        const std::uint64_t fate = below(10);
        const bool is_done = fate < 7;
        if (is_done) {
            world_.take(key);
        }
        if (fate == 6 || fate == 9) {  // hangs, done or not
            ++tally_.hangs;
            return;
        }
        answers_.push_back({key, is_done ? Outcome::Ok : Outcome::Failed, "said"});
        if (fate == 5) {
            ++tally_.second_answers;
            answers_.push_back({key, chance(2) ? Outcome::Ok : Outcome::Failed, "said again"});
        }
    }

    void answer() {
        const std::size_t which = below(answers_.size());
        queue_.push_back(answers_[which]);
        answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    // A person looks at the world before saying what became of it.
    void settle() {
        ++tally_.settled;
        const AttemptKey key = run().attempt->key;
        const bool was_done = world_.times(key.step, key.phase) > 0;
        using Verdict = model::SettleRun::Verdict;
        const Verdict verdict =
            was_done ? Verdict::Done : (chance(2) ? Verdict::Again : Verdict::Failed);
        if (core_.state().runs.is_stopped) {
            press_the_switch();
        }
        write(model::Command(model::SettleRun{key, verdict, "anna", Role::Approver, "cli"}));
    }

    // ---- the plan, and who says yes ----

    void prepare() {
        RunStory story;  // for its plan
        write(topology::parse_topology(R"(
services:
  - {name: shop, depends_on: [cart-1, cart-2, cart-3]}
  - {name: cart-1, type: pod}
  - {name: cart-2, type: pod}
  - {name: cart-3, type: pod}
)",
                                       "night.yaml")
                  .change);
        model::PlanProposed proposal = story.proposal();
        proposal.plan.incident = model::kNoId;
        proposal.by = "carl";
        proposal.from = "cli";
        proposal.limits.approval_ttl = std::chrono::minutes(50);
        proposal.limits.approvals = chance(4) ? 2 : 1;
        const model::Step pattern = proposal.plan.steps[0];
        proposal.plan.steps.clear();
        const std::uint64_t steps = 1 + below(4);
        for (std::uint64_t i = 0; i < steps; ++i) {
            model::Step& step = proposal.plan.steps.emplace_back(pattern);
            step.name = "step " + std::to_string(i);
            step.idempotent = chance(3);
            if (chance(3)) {
                step.verify.reset();
            }
            if (chance(4)) {
                step.undo.reset();
            }
        }
        plan_ = proposal.plan;
        needed_ = proposal.limits.approvals;
        write(proposal);
        run_ = {journal_.size(), 0};
        ASSERT_EQ(run().state, RunState::AwaitingApproval) << run().reason_text;
        people_say_yes();
    }

    // Some who may not, some to another plan, then those who may.
    void people_say_yes() {
        const std::string hash = model::hash_of(plan_);
        const auto yes = [&](const std::string& by, Role role, const std::string& to) {
            queue_.push_back(model::Command(model::ApproveRun{run_, to, by, role, "chat"}));
        };
        yes("eve", Role::Viewer, hash);
        yes("carl", Role::Admin, hash);
        yes("anna", Role::Approver, std::string(64, '0'));
        tally_.words_refused += 3;
        for (std::uint64_t i = 0; i < 3; ++i) {  // twice more than is needed: single use
            yes("anna", Role::Approver, hash);
        }
        yes("ben", Role::Approver, hash);
    }

    // ---- the judge ----

    // Before the world is touched: the yes of enough people to this plan is in the journal, and so
    // is the result of the action before.
    void judge_action(const AttemptKey& key) {
        std::set<std::string> people;
        std::map<std::pair<std::uint32_t, Phase>, bool> succeeded;
        for (const Row& row : journal_) {
            const Result<model::Input::Body> body = model::decode_body(row.bytes);
            ASSERT_TRUE(body);
            if (const auto* command = std::get_if<model::Command>(&*body)) {
                const auto* yes = std::get_if<model::ApproveRun>(command);
                if (yes != nullptr && yes->run == run_ && yes->role >= Role::Approver &&
                    yes->hash == model::hash_of(plan_) && yes->by != "carl") {
                    people.insert(yes->by);
                }
                const auto* word = std::get_if<model::SettleRun>(command);
                if (word != nullptr && word->verdict == model::SettleRun::Verdict::Done) {
                    succeeded[{word->key.step, word->key.phase}] = true;
                }
            } else if (const auto* result = std::get_if<model::StepResult>(&*body);
                       result != nullptr && result->outcome == Outcome::Ok) {
                succeeded[{result->key.step, result->key.phase}] = true;
            }
        }
        EXPECT_GE(people.size(), needed_) << "an action without the yes of enough people";
        if (key.phase == Phase::Run && key.step > 0) {
            EXPECT_TRUE((succeeded[{key.step - 1, Phase::Run}]));
        }
        if (key.phase == Phase::Verify || key.phase == Phase::Undo) {
            EXPECT_TRUE((succeeded[{key.step, Phase::Run}]));
        }
        const model::Step& step = plan_.steps[key.step];
        if (!step.idempotent && key.phase != Phase::Verify) {
            EXPECT_EQ(world_.times(key.step, key.phase), 0U)
                << "done twice: " << model::to_string(key);
        }
    }

    void judge() {
        for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
            const bool is_known_done = run().steps[step].was_done;
            if (is_known_done) {
                EXPECT_GT(world_.times(step, Phase::Run), 0U) << "believed, never done";
            }
            if (run().state == RunState::Succeeded) {
                EXPECT_TRUE(is_known_done) << "a step was lost";
                EXPECT_EQ(world_.times(step, Phase::Undo), 0U);
            }
            if (run().state == RunState::RolledBack && is_known_done) {
                EXPECT_GT(world_.times(step, Phase::Undo), 0U) << "an undo was lost";
            }
        }
    }

    std::mt19937_64 random_;
    Tally& tally_;
    model::Time now_ = model::from_unix_ms(Story::kStart);
    std::vector<Row> journal_;
    std::string snapshot_;
    Core core_;
    World world_;
    model::Plan plan_;
    model::Id run_;
    std::size_t needed_ = 1;

    // What a kill takes: messages to the journal, granted actions, answers under way.
    std::deque<model::Input::Body> queue_;

    struct Granted {
        AttemptKey key;
        model::Time at;
    };

    std::deque<Granted> to_act_;
    std::vector<model::StepResult> answers_;
    std::set<AttemptKey> begun_;
};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RunSimulation, NoStepIsDoneTwiceLostOrTakenWithoutAYes) {
    Tally tally;
    const std::uint64_t first = number_from("NOCTURNE_RUN_SEED", 1);
    const std::uint64_t seeds =
        std::getenv("NOCTURNE_RUN_SEED") != nullptr ? 1 : number_from("NOCTURNE_RUN_SEEDS", 2000);
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        SimulatedNight(seed, tally).play();
        ASSERT_FALSE(HasFailure()) << "play it again with NOCTURNE_RUN_SEED=" << seed;
    }
    std::printf("nights %lu, kills %lu, actions %lu, hangs %lu, too late %lu, second answers %lu, "
                "settled by "
                "people %lu, words refused %lu\n",
                tally.nights, tally.kills, tally.actions, tally.hangs, tally.too_late,
                tally.second_answers, tally.settled, tally.words_refused);
    for (const auto& [state, count] : tally.ends) {
        std::printf("  %s %lu\n", std::string(model::name_of(state)).c_str(), count);
    }

    EXPECT_GT(tally.kills, tally.nights) << "a simulation without kills shows nothing";
    if (seeds >= 100) {
        EXPECT_GT(tally.ends[RunState::Succeeded], 0U);
        EXPECT_GT(tally.ends[RunState::RolledBack], 0U);
        EXPECT_GT(tally.ends[RunState::Failed], 0U);
    }
}

}  // namespace
}  // namespace nocturne::engine
