#include "cli/dry_run_page.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace nocturne::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The first step would be done, its verify asked too early, the second is refused.
constexpr const char* kReport = R"({
  "dry_run": true, "at": "2026-11-21T03:12:05.000Z", "good": false, "refused": false, "waits_already": null,
  "plan": {"playbook": "restart", "target": "cart-1", "summary": "restart cart-1", "prose": "", "risk": "low",
           "reversible": true, "hash": "5f3a", "incident": "I42-0", "proposed_by": "ben", "mode": "approve",
           "step_count": 3},
  "proposed": {"state": "awaiting_approval", "reason": "mode_approve", "text": "a person must say yes"},
  "gates": [{"gate": "mode", "verdict": "ask_person", "reason": "mode_approve", "text": "a person must say yes"},
            {"gate": "rate", "verdict": "pass", "reason": "none", "text": ""}],
  "approval": {"needed": true, "people": 2, "given": 0, "role": "approver", "self_approval": false, "within": "15m00s"},
  "steps": [{"name": "restart cart-1", "node": "cart-1", "acts": true, "reached": true, "has_undo": true, "idempotent": false},
            {"name": "warm up", "node": "cart-1", "acts": true, "reached": true, "has_undo": false, "idempotent": true},
            {"name": "tell", "node": "cart-1", "acts": false, "reached": false, "has_undo": false, "idempotent": true}],
  "actions": [
    {"step": 1, "name": "restart cart-1", "node": "cart-1", "phase": "run", "kind": "would", "outcome": "ok",
     "counts": true, "text": "would run /usr/bin/systemctl restart cart-1.service"},
    {"step": 1, "name": "restart cart-1", "node": "cart-1", "phase": "verify", "kind": "found", "outcome": "failed",
     "counts": false, "text": "HTTP 503, which was not expected: down"},
    {"step": 2, "name": "warm up", "node": "cart-1", "phase": "run", "kind": "refused", "outcome": "failed",
     "counts": true, "text": "host \"elsewhere\" is not listed"},
    {"step": 1, "name": "restart cart-1", "node": "cart-1", "phase": "undo", "kind": "would", "outcome": "ok",
     "counts": true, "text": "would run /usr/bin/systemctl start cart-1.service"}],
  "undos": [
    {"step": 1, "name": "restart cart-1", "node": "cart-1", "phase": "undo", "kind": "would", "outcome": "ok",
     "counts": true, "text": "would run /usr/bin/systemctl start cart-1.service"}],
  "end": {"state": "rolled_back", "reason": "step_failed", "text": "step 2 \"warm up\": host \"elsewhere\" is not listed"}})";

PageOptions options() {
    PageOptions options;
    options.now = model::parse_time("2026-11-21T03:12:07Z").value();
    return options;
}

boost::json::object report() {
    return boost::json::parse(kReport).as_object();
}

std::string page_of(const boost::json::value& report) {
    return render_dry_run_page(report, options());
}

TEST(DryRunPage, SaysFirstHowItWouldEndThenStepByStepWhy) {
    EXPECT_EQ(page_of(report()), R"(WOULD FAIL  restart cart-1
  step_failed: step 2 "warm up": host "elsewhere" is not listed

  plan      restart, risk low, reversible
  target    cart-1
  incident  I42-0
  hash      5f3a
  state of  2s ago

What would be done
1  restart cart-1  on cart-1
     -  run     would run /usr/bin/systemctl restart cart-1.service
     ?  verify  now: HTTP 503, which was not expected: down (asked before anything was done, so no verdict)
2  warm up  on cart-1
     no run     refused: host "elsewhere" is not listed
1  restart cart-1  on cart-1
     -  undo    would run /usr/bin/systemctl start cart-1.service
3  tell  not reached

Gates
asks a person  mode              mode_approve: a person must say yes
1 of 2 let it through

Nothing was done
)");
}

TEST(DryRunPage, SaysWhoMustSayYesWhenNothingIsInItsWay) {
    boost::json::object good = report();
    good["good"] = true;
    good["end"] = {{"state", "succeeded"}, {"reason", "run_succeeded"}, {"text", ""}};

    const std::string page = page_of(good);
    EXPECT_THAT(page, StartsWith("NOTHING IN ITS WAY  restart cart-1\n"
                                 "  2 people with the role approver must say yes within "
                                 "15m00s, not ben who proposed it\n"));
    EXPECT_THAT(page, HasSubstr("If it fails later, the last first\n"
                                "2  warm up stays done: it has no undo\n"
                                "1  -  would run /usr/bin/systemctl start cart-1.service\n"));
    EXPECT_THAT(page, HasSubstr("next: nocturne runs propose FILE\n"));

    good["approval"].as_object()["needed"] = false;
    EXPECT_THAT(page_of(good), HasSubstr("it would begin by itself"));
}

TEST(DryRunPage, NamesTheGateThatRefusesAndOffersNoNextStep) {
    boost::json::object refused = report();
    refused["refused"] = true;
    refused["end"] = {
        {"state", "refused"}, {"reason", "node_frozen"}, {"text", "cart-1 is frozen by anna"}};

    const std::string page = page_of(refused);

    EXPECT_THAT(page, StartsWith("WOULD NOT RUN  restart cart-1\n"
                                 "  node_frozen: cart-1 is frozen by anna\n"));
    EXPECT_THAT(page, HasSubstr("What it would do if it could"));
    EXPECT_THAT(page, Not(HasSubstr("next:")));
}

TEST(DryRunPage, OffersToApproveThePlanThatWaits) {
    boost::json::object waiting = report();
    waiting["end"] = {{"state", "succeeded"}, {"reason", "none"}, {"text", ""}};
    waiting["waits_already"] = "R7-0";

    EXPECT_THAT(page_of(waiting), HasSubstr("next: nocturne approve R7-0 --hash 5f3a\n"));
}

TEST(DryRunPage, OfGarbageIsAPageAndNoCrash) {
    EXPECT_THAT(page_of(boost::json::parse(R"({"actions": 3, "gates": [1, {}], "steps": [[]]})")),
                HasSubstr("Nothing was done"));
    EXPECT_THAT(page_of(boost::json::value()), HasSubstr("Nothing was done"));
}

}  // namespace
}  // namespace nocturne::cli
