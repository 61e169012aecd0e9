#include "engine/run_stats.hpp"

#include "engine/run_view.hpp"
#include "tests/engine/run_story.hpp"

#include <gmock/gmock.h>

namespace nocturne::engine {
namespace {

using model::Outcome;
using model::Risk;
using model::RunLabel;
using testing::EndsWith;
using testing::HasSubstr;

PlaybookTally tally_of(std::uint64_t succeeded, std::uint64_t failed = 0) {
    PlaybookTally tally;
    tally.succeeded = succeeded;
    tally.failed = failed;
    tally.resolved = succeeded;
    return tally;
}

TEST(RunStats, ArgueForAutoOnlyWithEnoughSuccesses) {
    EXPECT_EQ(advice_on(tally_of(12), Risk::Low),
              "12 of 12 worked, lower bound 76 %: `auto` for risk low is arguable");
    EXPECT_EQ(advice_on(tally_of(12), Risk::Medium),
              "12 of 12 worked, lower bound 76 %: for `auto` it should be 90 % at risk medium: "
              "stay at `approve`");
    EXPECT_THAT(advice_on(tally_of(35), Risk::Medium),
                EndsWith("`auto` for risk medium is arguable"));
    EXPECT_EQ(advice_on(tally_of(500), Risk::High),
              "500 of 500 worked, lower bound 99 %: the risk is high: stay at `approve`");
    EXPECT_EQ(advice_on(tally_of(9), Risk::Low),
              "9 of 9 worked, lower bound 70 %: too few runs: stay at `approve`");
    EXPECT_EQ(advice_on(tally_of(11, 1), Risk::Low),
              "11 of 12 worked, lower bound 65 %: for `auto` it should be 75 % at risk low: stay "
              "at `approve`");
}

TEST(RunStats, ArgueAgainstWhatFailsOrHarms) {
    EXPECT_THAT(advice_on(tally_of(0), Risk::Low), HasSubstr("nothing has run yet"));
    EXPECT_THAT(advice_on(tally_of(2, 4), Risk::Low), EndsWith("back to `suggest`"));

    PlaybookTally harmful = tally_of(100);
    harmful.made_worse = harmful.regretted = 1;
    EXPECT_THAT(advice_on(harmful, Risk::Low),
                EndsWith("1 made it worse, people say: stay at `approve` at most"));

    PlaybookTally alone = tally_of(20);
    alone.resolved = 0;
    EXPECT_THAT(advice_on(alone, Risk::Low), HasSubstr("no incident ended after it"));
}

class RunStatsOfARun : public testing::Test {
   public:
    RunStatsOfARun() { night.helps(night.proposal()); }

    void says(RunLabel word) {
        night.apply(model::Command(
            model::LabelRun{night.run().id, word, "anna", model::Role::Responder, "cli"}));
    }

    const PlaybookTally& scope() const {
        return night.state().runs.scopes.at({"restart", "pod", Risk::Low});
    }

    RunStory night;
};

TEST_F(RunStatsOfARun, CountByPlaybookTypeAndRisk) {
    model::PlanProposed on_database = night.proposal("orders-db");
    on_database.plan.risk = Risk::Medium;
    night.fails(on_database);

    EXPECT_EQ(scope().succeeded, 1U);
    EXPECT_EQ(scope().failed, 0U);
    EXPECT_EQ(night.state().runs.scopes.at({"restart", "database", Risk::Medium}).failed, 1U);
    EXPECT_EQ(night.state().runs.tallies.at("restart").succeeded, 1U);
    EXPECT_EQ(night.state().runs.tallies.at("restart").failed, 1U);
    EXPECT_THAT(render_run_stats(night.core()),
                HasSubstr(R"("scopes":[{"type":"database","risk":"medium","proposed":1,)"));
}

TEST_F(RunStatsOfARun, RegretARunOnceWhateverSpeaksAgainstIt) {
    night.clears("cart-1", "latency").passes(std::chrono::minutes(1));
    night.fires("cart-1", "latency");
    says(RunLabel::DidNotHelp);

    EXPECT_EQ(scope().reopened, 1U);
    EXPECT_EQ(scope().did_not_help, 1U);
    EXPECT_EQ(scope().regretted, 1U);
    EXPECT_EQ(evidence_of(scope()).good, 0U);

    says(RunLabel::Helped);
    EXPECT_EQ(scope().regretted, 1U) << "it came back all the same";
}

TEST_F(RunStatsOfARun, TakeBackWhatAPersonTakesBack) {
    says(RunLabel::MadeWorse);
    EXPECT_EQ(evidence_of(scope()).good, 0U);

    says(RunLabel::None);
    EXPECT_EQ(evidence_of(scope()).good, 1U);
    EXPECT_EQ(scope().made_worse, 0U);
}

TEST_F(RunStatsOfARun, BelieveWhatWasSaidWhileItStillRan) {
    night.passes(std::chrono::minutes(20));
    night.propose(night.proposal());
    night.approves();
    says(RunLabel::MadeWorse);
    night.acts(Outcome::Ok);
    night.acts(Outcome::Ok);

    EXPECT_EQ(night.run().state, model::RunState::Succeeded);
    EXPECT_EQ(scope().regretted, 1U);
}

TEST_F(RunStatsOfARun, AreInTheSnapshot) {
    model::Writer out;
    night.core().encode(out);
    model::Reader in(out.bytes());
    Result<Core> core = Core::decode(in);

    ASSERT_TRUE(core);
    EXPECT_EQ(render_run_stats(*core), render_run_stats(night.core()));
}

}  // namespace
}  // namespace nocturne::engine
