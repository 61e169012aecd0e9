#include "cli/incident_page.hpp"

#include "cli/lists.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kIncident = R"({
  "id": "I42-0", "state": "open", "severity": "critical", "title": "database: 3 alerts on 3 nodes",
  "opened_at": "2026-11-21T02:13:05.000Z", "updated_at": "2026-11-21T02:13:09.000Z", "resolved_at": null,
  "merged_into": null, "cause": null, "alert_count": 3, "firing_count": 2,
  "alerts": [
    {"resource": "front", "check": "latency", "severity": "major"},
    {"resource": "orders", "check": "errors", "severity": "warning"},
    {"resource": "orders", "check": "latency", "severity": "critical"}],
  "suspects": [
    {"resource": "database", "score": 0.71, "silent": true, "reason": "raised no alert itself, but explains 3 of 3 alerts",
     "evidence": [{"name": "explains", "score": 0.6, "text": "explains 3 of 3 alerts"}],
     "paths": [{"nodes": ["database", "orders"], "symptom": "latency"},
               {"nodes": ["database", "orders", "front"], "symptom": "latency"}]},
    {"resource": "cache", "score": 0.29, "silent": false, "evidence": [], "paths": []}],
  "changes": [{"resource": "database", "what": "deploy", "summary": "version 3.2", "time": "2026-11-21T02:09:00.000Z"}],
  "timeline": [{"at": "2026-11-21T02:13:05.000Z", "reason": "opened_new", "subject": "A42-0", "text": "front latency"}],
  "timeline_dropped": 0})";

PageOptions whole() {
    PageOptions options;
    options.now = model::parse_time("2026-11-21T02:16:05Z").value();
    return options;
}

TEST(IncidentPage, ReadsFromHeadlineToNextCommand) {
    EXPECT_EQ(render_incident_page(boost::json::parse(kIncident), whole()),
              R"(CRITICAL  I42-0  open  database: 3 alerts on 3 nodes
  since 02:13:05 UTC (3m00s ago), 3 alerts, 2 still firing

Suspects, and how likely each is
  1  database  ██████████████░░░░░░  71 %
      raised no alert itself, but explains 3 of 3 alerts
  2  cache     ██████░░░░░░░░░░░░░░  29 %

How it spread, if database is the cause
  database  (silent)
  └─ orders  ● latency
     └─ front  ● latency

Changes
  02:09:00  database  deploy  version 3.2

Timeline
  02:13:05  opened_new  front latency

Next
  nocturne ack I42-0                                you are on it
  nocturne alerts --incident I42-0                  all its alerts
  nocturne impact database                          who is hurt when it fails
  nocturne label I42-0 database                     what it was in the end
)");
}

TEST(IncidentPage, TellsWhatSpeaksAgainstASuspect) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.at("suspects").at(0).as_object()["evidence"] = boost::json::parse(R"([
        {"name": "blamed", "score": -0.7, "text": "disk, which it depends on, may explain all of its worst alert"},
        {"name": "off_path", "score": -0.001, "text": "what users feel depends on it only from afar"},
        {"name": "past", "score": 1.2, "text": "was the cause on 2026-10-03"}])");

    const std::string page = render_incident_page(incident, whole());

    EXPECT_THAT(page,
                HasSubstr("\n      against it: disk, which it depends on, may explain all of"));
    EXPECT_THAT(page, HasSubstr("\n      for it: was the cause on 2026-10-03\n"));
    EXPECT_THAT(page, Not(HasSubstr("from afar"))) << "it hardly counts";
}

TEST(IncidentPage, TellsWhichIncidentHasTheSuspectsAlerts) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.at("suspects").at(0).as_object()["incident"] = "I41-0";

    const std::string page = render_incident_page(incident, whole());

    EXPECT_THAT(page, HasSubstr("\n      its own alerts are in I41-0: look there first\n"));
    EXPECT_THAT(page, HasSubstr("\n  database  (alerts in I41-0)\n"));
    boost::json::object reply;
    reply["incidents"] = boost::json::array{incident};
    EXPECT_THAT(render_incident_list(reply, whole()), HasSubstr(" database 71 %, see I41-0 "));
}

TEST(IncidentPage, TellsWhereNobodyWouldTell) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.as_object()["blind_spots"] = boost::json::parse(
        R"([{"resource": "cache", "source": "zabbix-ams", "heard_at": "2026-11-21T02:06:05.000Z"}])");

    EXPECT_THAT(render_incident_page(incident, whole()),
                HasSubstr("Blind spots\n  cache  nothing heard from zabbix-ams since 02:06:05 "
                          "(10m00s ago)\n"));
}

TEST(IncidentPage, EndsWithThePlanThatAwaitsApprovalAndTheCommandForIt) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.as_object()["run"] = boost::json::parse(
        R"({"id": "R5-0", "state": "awaiting_approval", "playbook": "restart_stateless", "risk": "low",
            "summary": "restart cart-1", "question": "", "hash": "5f3a"})");

    EXPECT_THAT(render_incident_page(incident, whole()),
                EndsWith("\nPlan\n"
                         "  R5-0 (restart_stateless, risk low) awaits approval: restart cart-1\n"
                         "  nocturne approve R5-0 --hash 5f3a\n"));

    boost::json::object& run = incident.as_object()["run"].as_object();
    run["state"] = "needs_person";
    run["question"] = "step 1 may be done";
    EXPECT_THAT(render_incident_page(incident, whole()),
                EndsWith("  R5-0 (restart_stateless, risk low) needs a person: restart cart-1; it "
                         "asks: step 1 may be done\n"
                         "  nocturne runs settle R5-0 done|failed|again|abandon\n"));
}

TEST(SilenceList, SaysWhatHidesNothingWhatHidesMuchAndWhatEndsSoon) {
    const std::string list = render_silence_list(boost::json::parse(R"({"burning": 40, "silences": [
  {"id": "S1-0", "state": "active", "matchers": "a=b", "starts_at": "2026-11-20T02:16:05Z",
   "ends_at": "2026-11-22T02:16:05Z", "hidden": 0, "hiding": 0, "last_hid": null, "created_by": "anna"},
  {"id": "S2-0", "state": "active", "matchers": "c=d", "starts_at": "2026-11-20T02:16:05Z",
   "ends_at": "2026-11-21T02:26:05Z", "hidden": 90, "hiding": 20, "last_hid": "2026-11-21T02:00:05Z"},
  {"id": "S3-0", "state": "active", "matchers": "e=f", "starts_at": "2026-11-20T02:16:05Z",
   "ends_at": "2026-11-22T02:16:05Z", "hidden": 7, "hiding": 0, "last_hid": "2026-11-20T23:16:05Z"},
  {"id": "S4-0", "state": "pending", "matchers": "g=h", "starts_at": "2026-11-21T03:16:05Z",
   "ends_at": "2026-11-22T02:16:05Z", "hidden": 0, "hiding": 0, "last_hid": null}]})"),
                                                 whole());

    EXPECT_THAT(list, HasSubstr("nothing since it began 1d00h ago"));
    EXPECT_THAT(list, HasSubstr("20 of 40 alerts (50 %), much"));
    EXPECT_THAT(list, HasSubstr("02:26:05 (in 10m00s, soon)"));
    EXPECT_THAT(list, HasSubstr("nothing now; began to hide its last 3h00m ago"));
    EXPECT_THAT(list, HasSubstr("not yet, it begins in 1h00m"));
}

TEST(IncidentPage, OfResolvedIncidentTellsHowLongItTook) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.as_object()["state"] = "resolved";
    incident.as_object()["resolved_at"] = "2026-11-21T02:20:11.000Z";

    const std::string page = render_incident_page(incident, whole());

    EXPECT_THAT(page, HasSubstr("02:13:05 to 02:20:11 UTC (7m06s)"));
    EXPECT_THAT(page, Not(HasSubstr("nocturne ack")));
}

TEST(IncidentPage, LetsNothingSteerTheTerminal) {
    boost::json::value incident = boost::json::parse(kIncident);
    incident.as_object()["title"] = "\x1b]0;owned\x07\x1b[2J";
    incident.at("suspects").at(0).as_object()["resource"] = "db'; rm -rf / #\n\x1b[A";
    incident.at("alerts").at(0).as_object()["resource"] = "front\x1b[1m";

    const std::string page = render_incident_page(incident, whole());

    EXPECT_THAT(page, Not(HasSubstr("\x1b")));
    EXPECT_THAT(page, HasSubstr(R"(nocturne impact 'db'\''; rm -rf / # )"));
}

TEST(IncidentPage, OfAnythingElseDoesNotCrash) {
    for (const char* json :
         {"{}", "[]", "null", R"({"suspects":[1,{"paths":[{"nodes":[1,null]}]}],"timeline":{}})",
          R"({"suspects":[{"score":"x"}],"alerts":[null],"opened_at":7})"}) {
        EXPECT_FALSE(render_incident_page(boost::json::parse(json), whole()).empty()) << json;
    }
}

TEST(IncidentPage, ShortensLongTimelines) {
    boost::json::value incident = boost::json::parse(kIncident);
    boost::json::array& timeline = incident.at("timeline").as_array();
    while (timeline.size() < 50) {
        timeline.push_back(timeline.front());
    }

    EXPECT_THAT(render_incident_page(incident, whole()), HasSubstr("  ...       38 more\n"));
}

TEST(IncidentPage, AsBlockDependsOnNoClock) {
    PageOptions options = whole();
    options.length = PageOptions::Length::Block;

    const std::string block = render_incident_page(boost::json::parse(kIncident), options);

    EXPECT_THAT(block, Not(HasSubstr("ago")));
    EXPECT_THAT(block, Not(HasSubstr("Next")));
    EXPECT_THAT(block, HasSubstr("and 1 more with smaller scores"));
}

}  // namespace
}  // namespace nocturne::cli
