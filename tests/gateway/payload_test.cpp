// Payloads: the language of the section, and each shipped pack with what its tool really sends.
#include "gateway/payload.hpp"

#include "daemon.hpp"
#include "gateway/http_client.hpp"
#include "rules/loader.hpp"
#include "rules/normaliser.hpp"
#include "tests/rules/event_text.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>

namespace nocturne::gateway {
namespace {

using rules::rules_of;
using rules::text_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Texts = std::vector<std::string>;

// What the documents that others recorded hold, when they are there.
std::optional<std::string> recorded(const std::string& name) {
    std::ifstream file("../shared/data/" + name, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

PayloadEvents events(const std::shared_ptr<const rules::RuleSet>& set, std::string_view payload,
                     std::string_view document) {
    const Result<const rules::PayloadRule*> rule = find_payload(set->payloads, payload);
    if (!rule) {
        ADD_FAILURE() << rule.error().message;
        return {};
    }
    Result<PayloadEvents> made = events_of(**rule, document);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(PayloadEvents());
}

// All the way of a document: into events, and through the normalise rules.
Texts take(const std::shared_ptr<const rules::RuleSet>& set, std::string_view payload,
           std::string_view document) {
    const PayloadEvents made = events(set, payload, document);
    if (made.events == 0) {
        return {};
    }
    const model::EventBatch batch = rules::batch_of(made.ndjson);
    rules::Normaliser normaliser(set);
    Texts texts;
    for (const model::EventView& event : batch.events()) {
        model::Arena scratch;
        model::EventView out;
        rules::Normaliser::Applied applied;
        const auto outcome = normaliser.normalise(event, {}, out, scratch, applied);
        EXPECT_THAT(applied.refused, IsEmpty()) << made.ndjson;
        const std::string time =
            out.time == model::kNoTime ? "" : model::format_time(out.time) + " ";
        texts.push_back(outcome == rules::Normaliser::Outcome::Dropped ? "dropped"
                                                                       : time + text_of(out));
    }
    return texts;
}

std::shared_ptr<const rules::RuleSet> pack(std::string_view name) {
    const rules::ReadRules read = rules::read_rules({}, {std::string(name)});
    EXPECT_THAT(read.problems, IsEmpty());
    const rules::CompiledRules compiled = rules::compile(read.revision);
    for (const rules::Problem& problem : compiled.problems) {
        ADD_FAILURE() << to_string(problem);
    }
    return compiled.rules;
}

std::string problems_of(std::string yaml) {
    const rules::CompiledRules compiled =
        rules::compile({{{"test.yaml", std::move(yaml), model::kNoTime}}, {}, {}});
    std::string all;
    for (const rules::Problem& problem : compiled.problems) {
        all += to_string(problem.error) + "\n";
    }
    return all;
}

// ---- the language ----

TEST(Payload, TakesTheFirstTemplateThatIsWhole) {
    const auto set = rules_of(R"(
payload:
  - name: p
    each: items
    fields:
      resource: ["{a.b}/{a.c}", "{list.1.x}", '{"d.e"}', "{$.all}", none]
      check: c
)");

    EXPECT_THAT(
        take(
            set, "p",
            R"({"all":"root","items":[{"a":{"b":"x","c":7}},{"a":{"b":"x"},"list":[1,{"x":true}]},)"
            R"({"d.e":" quoted "},{"a":{"b":"","c":null}}]})"),
        ElementsAre(StartsWith("alert firing warning x/7 c from p:"),
                    StartsWith("alert firing warning true c"),
                    StartsWith("alert firing warning quoted c"),
                    StartsWith("alert firing warning root c")));
}

TEST(Payload, MapsWordsWhateverTheirCaseAndKeepsOddOnes) {
    const auto set = rules_of(R"(
payload:
  - name: p
    fields: {resource: r, check: c, severity: "{s}", status: "{t}"}
    map:
      severity: {values: {HIGH: major}}
      status: {values: {closed: resolved}, default: firing}
)");

    EXPECT_THAT(take(set, "p",
                     R"([{"s":"high","t":"Closed"},{"s":"CRITICAL"},{"s":"sev1","t":"sev1"},{}])"),
                ElementsAre("alert resolved major r c from p:  {} {}",
                            "alert firing critical r c from p:  {} {}",
                            "alert firing warning r c from p:  {} {payload_severity=sev1}",
                            "alert firing warning r c from p:  {} {}"));
}

TEST(Payload, TakesLabelsFromObjectsAndPairsAndByName) {
    const auto set = rules_of(R"(
payload:
  - name: p
    fields: {resource: r, check: c}
    labels: {"*": [labels, tags], drop: "", renamed: "{labels.old}", old: ""}
    annotations: {"*": notes}
    unset: '^n/a$'
)");

    EXPECT_THAT(
        take(set, "p",
             R"({"labels":{"drop":"x","old":"y","n":5,"deep":{"a":1},"none":null,"na":"n/a"},)"
             R"("tags":[{"tag":"t","value":"v"},{"name":"u","value":2},{"value":"lost"},7],)"
             R"("notes":{"text":"a\nb"}})"),
        ElementsAre("alert firing warning r c from p:  {n=5, renamed=y, t=v, u=2} {text=a\nb}"));
}

TEST(Payload, ReadsTimesOfAnyKind) {
    const auto set = rules_of("payload: [{name: p, fields: {resource: r, check: c, time: '{t}'}}]");

    EXPECT_THAT(take(set, "p",
                     R"([{"t":"2026-11-21T02:58:36+01:00"},{"t":1795229916},{"t":"1795229916.5"},)"
                     R"({"t":1795229916250},{"t":1795229916250000000},{"t":"yesterday"},{"t":-1},)"
                     R"({"t":1e300},{"t":99999999999999999999}])"),
                ElementsAre(StartsWith("2026-11-21T01:58:36.000Z alert"),
                            StartsWith("2026-11-21T02:58:36.000Z alert"),
                            StartsWith("2026-11-21T02:58:36.500Z alert"),
                            StartsWith("2026-11-21T02:58:36.250Z alert"),
                            StartsWith("2026-11-21T02:58:36.250Z alert"), StartsWith("alert"),
                            StartsWith("alert"), StartsWith("alert"), StartsWith("alert")));
}

TEST(Payload, SkipsItemsThatAreNoEvents) {
    const PayloadEvents made = events(
        rules_of("payload: [{name: p, skip: {type: [Custom]}, fields: {resource: r, check: c}}]"),
        "p", R"([{"type":"CUSTOM"},{"type":"x"}])");

    EXPECT_EQ(made.skipped, 1U);
    EXPECT_EQ(made.events, 1U);
}

TEST(Payload, SaysWhatIsWrongWithADocument) {
    const auto set = rules_of("payload: [{name: p, each: a.b, fields: {resource: r, check: c}}]");

    EXPECT_THAT(events_of(set->payloads[0], "{").error().message, HasSubstr("not valid JSON"));
    EXPECT_THAT(events_of(set->payloads[0], "7").error().message,
                HasSubstr("there is no array at \"a.b\""));
    EXPECT_THAT(events_of(set->payloads[0], std::string(100'000, '[')).error().message,
                HasSubstr("not valid JSON"));
    EXPECT_THAT(find_payload(set->payloads, "q").error().message, HasSubstr("no payload \"q\""));
}

TEST(Payload, SaysWhatIsWrongWithItsRule) {
    const std::string problems = problems_of(R"(payload:
  - name: a b
    each: a..b
    fields: {resorce: r, check: "{a"}
    map: {severity: {values: {x: sev1}}}
    unset: '('
)");

    EXPECT_THAT(problems, HasSubstr("becomes part of an address"));
    EXPECT_THAT(problems, HasSubstr("path \"a..b\": expected a name"));
    EXPECT_THAT(problems, HasSubstr("unknown field \"resorce\"; did you mean \"resource\"?"));
    EXPECT_THAT(problems, HasSubstr("resource is missing"));
    EXPECT_THAT(problems, HasSubstr("the { is not closed"));
    EXPECT_THAT(problems, HasSubstr("\"sev1\" is not one of ok, info"));
    EXPECT_THAT(problems, HasSubstr("expression \"(\""));
}

// ---- over HTTP ----

DaemonOptions with_rules(std::shared_ptr<const rules::RuleSet> set) {
    DaemonOptions options;
    options.parts.rules = [set = std::move(set)] { return set; };
    return options;
}

TEST(PayloadOverHttp, BecomesEventsOfTheDaemon) {
    const Daemon daemon(with_rules(pack("nagios")));

    const HttpReply reply = must(http_post(
        daemon.url("/api/v1/events/nagios"),
        R"({"NOTIFICATIONTYPE":"PROBLEM","HOSTNAME":"db-1","SERVICEDESC":"Disk /","SERVICESTATE":"CRITICAL"})"));

    EXPECT_EQ(reply.status, 200U);
    EXPECT_THAT(reply.body, HasSubstr("\"accepted\":1"));
    EXPECT_TRUE(eventually([&] { return daemon.knows("db-1"); }));
}

TEST(PayloadOverHttp, AnswersWhatIsSkippedTriedOrUnknown) {
    const Daemon daemon(with_rules(pack("nagios")));
    const auto post = [&](const std::string& path, std::string_view body) {
        return must(http_post(daemon.url(path), body));
    };
    constexpr std::string_view kDown = R"({"HOSTNAME":"db-1","HOSTSTATE":"DOWN"})";

    const HttpReply skipped =
        post("/api/v1/events/nagios", R"({"NOTIFICATIONTYPE":"FLAPPINGSTART","HOSTNAME":"db-1"})");
    EXPECT_EQ(skipped.status, 200U);
    EXPECT_THAT(skipped.body,
                HasSubstr("\"accepted\":0,\"rejected\":[],\"position\":\"\",\"skipped\":1"));
    const HttpReply tried = post("/api/v1/events/nagios?dry_run", kDown);
    EXPECT_EQ(tried.status, 200U);
    EXPECT_THAT(tried.body, HasSubstr("\"events\":[{\"resource\":\"db-1\",\"check\":\"host\""));
    const HttpReply unknown = post("/api/v1/events/nagois", kDown);
    EXPECT_EQ(unknown.status, 404U);
    EXPECT_THAT(unknown.body, HasSubstr("did you mean \\\"nagios\\\"?"));
    EXPECT_EQ(post("/api/v1/events/nagios", "{").status, 400U);
    EXPECT_EQ(post("/api/v1/events/nagios?x=1", kDown).status, 400U);
    EXPECT_EQ(daemon.events_taken(Transport::Http), 0U);
}

// The whole way from a notification command.
TEST(PayloadOverHttp, TakesWhatNocturneNotifySends) {
    const Daemon daemon(with_rules(pack("nagios")));
    const std::string command = "env NAGIOS_NOTIFICATIONTYPE=PROBLEM NAGIOS_HOSTNAME='db \"1\"\\x' "
                                "NAGIOS_HOSTSTATE=DOWN NAGIOS_HOSTOUTPUT='line\tand\nline' "
                                "examples/nagios/nocturne-notify nagios " +
                                daemon.url("");

    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_TRUE(eventually([&] {
        return daemon.alerts().find(R"(db \"1\"\\x)") != std::string::npos;
    })) << daemon.alerts();
    EXPECT_THAT(daemon.alerts(), HasSubstr(R"(line\tand\nline)"));
}

TEST(PayloadOverHttp, TellsNagiosWhenItWasNotTaken) {
    const Daemon daemon;

    EXPECT_NE(std::system(("env NAGIOS_HOSTNAME=h examples/nagios/nocturne-notify nagios " +
                           daemon.url("") + " 2>/dev/null")
                              .c_str()),
              0);
}

TEST(PayloadOverHttp, KnowsNoneWithoutRules) {
    const Daemon daemon;

    const HttpReply reply = must(http_post(daemon.url("/api/v1/events/nagios"), "{}"));

    EXPECT_EQ(reply.status, 404U);
    EXPECT_THAT(reply.body, HasSubstr("no rules name any"));
}

// ---- the packs ----

TEST(Pack, EachOneLoadsWithoutAProblem) {
    for (const rules::Pack& each : rules::shipped_packs()) {
        SCOPED_TRACE(each.name);
        EXPECT_FALSE(pack(each.name)->rules.empty());
    }
}

TEST(Pack, AllLoadTogether) {
    std::vector<std::string> names;
    for (const rules::Pack& each : rules::shipped_packs()) {
        names.emplace_back(each.name);
    }
    EXPECT_THAT(rules::compile(rules::read_rules({}, names).revision).problems, IsEmpty());
}

TEST(AlertmanagerPack, TakesItsWebhook) {
    EXPECT_THAT(
        take(
            pack("alertmanager"), "alertmanager",
            R"({"version":"4","groupKey":"{}:{}","status":"firing","receiver":"nocturne","truncatedAlerts":0,
"groupLabels":{"alertname":"HighLatency"},"commonLabels":{},"commonAnnotations":{},
"externalURL":"http://am:9093","alerts":[
{"status":"firing","labels":{"alertname":"HighLatency","severity":"page","instance":"10.0.3.7:9100","job":"node","prometheus_replica":"a"},
 "annotations":{"summary":"p99 above 2 s"},"startsAt":"2026-11-21T02:27:58.123Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/g","fingerprint":"d1"},
{"status":"resolved","labels":{"alertname":"HighLatency","severity":"page","instance":"10.0.3.8:9100","job":"node"},
 "annotations":{},"startsAt":"2026-11-21T02:00:00Z","endsAt":"2026-11-21T02:30:00Z","generatorURL":"","fingerprint":"d2"}]})"),
        ElementsAre(
            "2026-11-21T02:27:58.123Z alert firing critical 10.0.3.7 HighLatency from prometheus: "
            "p99 above 2 s {instance=10.0.3.7:9100, job=node} {external_url=http://am:9093, "
            "generator_url=http://p/g, receiver=nocturne, summary=p99 above 2 s}",
            "2026-11-21T02:30:00.000Z alert resolved critical 10.0.3.8 HighLatency from "
            "prometheus:  {instance=10.0.3.8:9100, job=node} {external_url=http://am:9093, "
            "receiver=nocturne}"));
}

TEST(AlertmanagerPack, TakesWhatARealOneSent) {
    const std::optional<std::string> exchange = recorded("alertmanager/webhook-firing.json");
    if (!exchange) {
        GTEST_SKIP() << "needs the recorded exchanges of Alertmanager beside the repository";
    }
    const boost::json::value body =
        boost::json::parse(*exchange).at("exchanges").at(0).at("request").at("body");

    EXPECT_THAT(take(pack("alertmanager"), "alertmanager",
                     {body.get_string().data(), body.get_string().size()}),
                ElementsAre("2026-11-21T02:27:58.000Z alert firing critical prometheus Res from "
                            "prometheus:  {} {external_url=http://alertmanager.example:9093, "
                            "receiver=pager}"));
}

TEST(GrafanaPack, TakesItsWebhook) {
    EXPECT_THAT(
        take(
            pack("grafana"), "grafana",
            R"({"receiver":"nocturne","status":"firing","orgId":1,"version":"1","title":"[FIRING:1]","state":"alerting",
"message":"**Firing**","groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://grafana/",
"truncatedAlerts":0,"groupKey":"{}:{}","alerts":[
{"status":"firing","labels":{"alertname":"Queue too long","grafana_folder":"Shop","service":"checkout","severity":"high"},
 "annotations":{"summary":"1200 orders wait"},"startsAt":"2026-11-21T03:27:58+01:00","endsAt":"0001-01-01T00:00:00Z",
 "generatorURL":"http://grafana/alerting/grafana/x/view","fingerprint":"57c6d9296de2ad39","silenceURL":"http://grafana/s",
 "dashboardURL":"","panelURL":"","values":{"B":1200.5,"C":1},"valueString":"[ var='B' value=1200.5 ]"},
{"status":"firing","labels":{"alertname":"DatasourceNoData","datasource_uid":"u","ref_id":"A","rulename":"Queue too long","grafana_folder":"Shop"},
 "annotations":{},"startsAt":"2026-11-21T02:27:58Z","endsAt":"0001-01-01T00:00:00Z"}]})"),
        ElementsAre(
            "2026-11-21T02:27:58.000Z alert firing major checkout Queue too long from grafana: "
            "1200 orders wait {service=checkout} {folder=Shop, "
            "generator_url=http://grafana/alerting/grafana/x/view, org=1, "
            "silence_url=http://grafana/s, summary=1200 orders wait, values=[ var='B' "
            "value=1200.5 ]}",
            "2026-11-21T02:27:58.000Z alert firing minor Shop DatasourceNoData from grafana: "
            "DatasourceNoData: Queue too long {rulename=Queue too long} {folder=Shop, org=1}"));
}

TEST(ZabbixPack, TakesProblemsAndRecoveriesOfItsMediaType) {
    constexpr std::string_view kCommon =
        R"("ack_status":"No","event_id":"4711","event_name":"Disk is full on db-1","event_nseverity":"4",)"
        R"("event_opdata":"98 %","event_severity":"High","host":"db-1","host_ip":"192.0.2.11","host_name":"Database 1",)"
        R"("item_value":"98","tags":[{"tag":"scope","value":"capacity"}],"trigger_id":"99","trigger_name":"Disk is full",)"
        R"("update_action":"{EVENT.UPDATE.ACTION}","update_message":"{EVENT.UPDATE.MESSAGE}","url":"")";
    const auto set = pack("zabbix");
    const auto document = [&](std::string_view more) {
        return "{" + std::string(kCommon) + "," + std::string(more) + "}";
    };
    const std::string rest =
        "db-1 Disk is full on db-1 from zabbix: Disk is full on db-1: 98 % {scope=capacity} "
        "{acknowledged=No, event_id=4711, host_ip=192.0.2.11, host_name=Database 1, "
        "operational_data=98 %, trigger_id=99}";

    EXPECT_THAT(
        take(
            set, "zabbix",
            document(R"("event_value":"1","event_status":"PROBLEM","event_timestamp":"1795229916",)"
                     R"("recovery_timestamp":"{EVENT.RECOVERY.TIMESTAMP}")")),
        ElementsAre("2026-11-21T02:58:36.000Z alert firing major " + rest));
    EXPECT_THAT(
        take(set, "zabbix",
             document(
                 R"("event_value":"0","event_status":"RESOLVED","event_timestamp":"1795229916",)"
                 R"("recovery_timestamp":"1795229928")")),
        ElementsAre("2026-11-21T02:58:48.000Z alert resolved major " + rest));
    EXPECT_EQ(set->dedups.size(), 1U);
    // Before Zabbix 7.0 there is no such macro: arrival counts.
    EXPECT_THAT(
        take(set, "zabbix", document(R"("event_value":"1","event_timestamp":"{EVENT.TIMESTAMP}")")),
        ElementsAre("alert firing major " + rest));
}

// The environment of a notification command, as nocturne-notify writes it.
std::string json_of_environment(const std::string& lines) {
    boost::json::object body;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
        const std::size_t equals = line.find('=');
        if (line.starts_with("NAGIOS_") && equals + 1 < line.size()) {
            body[line.substr(7, equals - 7)] = line.substr(equals + 1);
        }
    }
    return boost::json::serialize(body);
}

TEST(NagiosPack, TakesProblemsAndRecoveriesOfServices) {
    const std::optional<std::string> problem = recorded("samples/nagios-service-problem.env");
    const std::optional<std::string> recovery = recorded("samples/nagios-service-recovery.env");
    if (!problem || !recovery) {
        GTEST_SKIP() << "needs the recorded environments of Nagios beside the repository";
    }
    const auto set = pack("nagios");

    EXPECT_THAT(take(set, "nagios", json_of_environment(*problem)),
                ElementsAre(StartsWith(
                    "2026-11-21T02:58:36.000Z alert firing critical db-1 Disk / from nagios: DISK "
                    "CRITICAL - free space: / 120 MB (2% inode=71%) {} {attempt=2, "
                    "host_address=192.0.2.11, performance=/=5880MB;4800;5400;0;6000, "
                    "problem_id=1, runbook=http://wiki.example/disk, state=CRITICAL}")));
    EXPECT_THAT(take(set, "nagios", json_of_environment(*recovery)),
                ElementsAre(StartsWith("2026-11-21T02:58:48.000Z alert resolved ok db-1 Disk / "
                                       "from nagios: DISK OK - free space")));
    // Each contact of a notification sends it; another notification is another message.
    const auto id_of = [&](const std::string& environment) {
        const PayloadEvents made = events(set, "nagios", json_of_environment(environment));
        return rules::batch_of(made.ndjson).events().front().message;
    };
    EXPECT_EQ(id_of(*problem), id_of(*problem));
    EXPECT_NE(id_of(*problem), id_of(*recovery));
}

TEST(NagiosPack, TakesHostsAndLeavesOutWhatIsNotAboutAFault) {
    const auto set = pack("nagios");

    EXPECT_THAT(
        take(
            set, "nagios",
            R"({"NOTIFICATIONTYPE":"PROBLEM","HOSTNAME":"db-1","HOSTSTATE":"UNREACHABLE","HOSTOUTPUT":"no route"})"),
        ElementsAre(StartsWith("alert firing major db-1 host from nagios: no route")));
    for (const char* type :
         {"ACKNOWLEDGEMENT", "CUSTOM", "FLAPPINGSTART", "FLAPPINGSTOP", "FLAPPINGDISABLED",
          "DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED"}) {
        EXPECT_THAT(take(set, "nagios",
                         R"({"HOSTNAME":"h","HOSTSTATE":"DOWN","NOTIFICATIONTYPE":")" +
                             std::string(type) + "\"}"),
                    IsEmpty())
            << type;
    }
}

TEST(IcingaPack, TakesServicesAndHostsAndLeavesOutWhatIsNotAboutAFault) {
    const auto set = pack("icinga");

    EXPECT_THAT(
        take(
            set, "icinga",
            R"({"NOTIFICATIONTYPE":"Problem","HOSTNAME":"db-1","HOSTDISPLAYNAME":"Database 1","HOSTADDRESS":"192.0.2.11",
"HOSTSTATE":"UP","SERVICENAME":"disk","SERVICEDISPLAYNAME":"Disk","SERVICESTATE":"WARNING","SERVICEOUTPUT":"DISK WARNING","TIMET":"1795229916"})"),
        ElementsAre("2026-11-21T02:58:36.000Z alert firing warning db-1 disk from icinga: DISK "
                    "WARNING {} {host_address=192.0.2.11, host_display_name=Database 1, "
                    "service_display_name=Disk, state=WARNING}"));
    EXPECT_THAT(
        take(
            set, "icinga",
            R"({"NOTIFICATIONTYPE":"Recovery","HOSTNAME":"db-1","HOSTSTATE":"UP","HOSTOUTPUT":"PING OK","SERVICENAME":"$service.name$"})"),
        ElementsAre(StartsWith("alert resolved ok db-1 host from icinga: PING OK")));
    for (const char* type : {"Acknowledgement", "Custom", "FlappingStart", "FlappingEnd",
                             "DowntimeStart", "DowntimeEnd", "DowntimeRemoved"}) {
        EXPECT_THAT(take(set, "icinga",
                         R"({"HOSTNAME":"h","HOSTSTATE":"DOWN","NOTIFICATIONTYPE":")" +
                             std::string(type) + "\"}"),
                    IsEmpty())
            << type;
    }
}

TEST(KubernetesPack, TakesEventsOfBothKindsOfApiAndOfAWatch) {
    EXPECT_THAT(
        take(
            pack("kubernetes"), "kubernetes",
            R"([{"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"shop","uid":"u1","resourceVersion":"7"},
"involvedObject":{"kind":"Pod","namespace":"shop","name":"orders-7d9f8b6c5d-x2x7k"},"reason":"BackOff",
"message":"Back-off restarting failed container","source":{"component":"kubelet","host":"node-3"},
"firstTimestamp":"2026-11-21T02:50:00Z","lastTimestamp":"2026-11-21T02:58:36Z","count":12,"type":"Warning"},
{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"namespace":"shop"},
"regarding":{"kind":"Node","name":"node-3"},"reason":"NodeNotReady","note":"Node is not ready",
"eventTime":"2026-11-21T02:58:36.123456Z","reportingController":"node-controller","type":"Normal"},
{"type":"ADDED","object":{"kind":"Event","involvedObject":{"kind":"Deployment","namespace":"shop","name":"orders"},
"reason":"ScalingReplicaSet","message":"Scaled up replica set orders-7d9f8b6c5d to 3","lastTimestamp":"2026-11-21T02:40:00Z","type":"Normal"}},
{"type":"DELETED","object":{"kind":"Event","involvedObject":{"name":"x"},"reason":"BackOff","type":"Warning"}},
{"involvedObject":{"kind":"Node","name":"node-3"},"reason":"NodeReady","type":"Normal"},
{"involvedObject":{"kind":"Pod","namespace":"shop","name":"orders-0"},"reason":"Pulled","type":"Normal"}])"),
        ElementsAre(
            "2026-11-21T02:58:36.000Z alert firing warning orders BackOff from kubernetes: "
            "Back-off restarting failed container {namespace=shop} {component=kubelet, "
            "host=node-3, object_kind=Pod, object_name=orders-7d9f8b6c5d-x2x7k, reason=BackOff, "
            "seen=12}",
            "2026-11-21T02:58:36.123Z alert firing major node-3 NodeNotReady from kubernetes: Node "
            "is not ready {} {component=node-controller, object_kind=Node, object_name=node-3, "
            "reason=NodeNotReady}",
            StartsWith("2026-11-21T02:40:00.000Z change firing info orders scale from kubernetes: "
                       "Scaled up replica set"),
            StartsWith("alert resolved ok node-3 NodeNotReady from kubernetes:"), "dropped"));
}

TEST(KubernetesPack, TakesAList) {
    EXPECT_THAT(
        take(
            pack("kubernetes"), "kubernetes-list",
            R"({"kind":"List","items":[{"involvedObject":{"kind":"Pod","name":"orders-0"},"reason":"OOMKilling","type":"Warning"}]})"),
        ElementsAre(StartsWith("alert firing warning orders-0 OOMKilling from kubernetes:")));
}

TEST(CloudEventsPack, TakesEnvelopesOneByOneAndInBatches) {
    EXPECT_THAT(
        take(
            pack("cloudevents"), "cloudevents",
            R"([{"specversion":"1.0","id":"1","source":"/cloud/storage","type":"com.example.quota","subject":"bucket-1",
"time":"2026-11-21T02:58:36Z","data":{"severity":"major","summary":"quota reached","labels":{"env":"prod"},"value":97}},
{"specversion":"1.0","id":"2","source":"/ci","type":"dev.cdevents.service.deployed.0.1.1","time":"2026-11-21T02:00:00Z",
"data":{"context":{},"subject":{"id":"checkout","type":"service","content":{"environment":{"id":"prod"},"artifactId":"pkg:oci/checkout@sha256%3Aab"}}}},
{"specversion":"1.0","id":"3","source":"/ci","type":"dev.cdevents.incident.resolved.0.2.0","subject":"checkout","data":null}])"),
        ElementsAre(
            "2026-11-21T02:58:36.000Z alert firing major bucket-1 com.example.quota from "
            "/cloud/storage: quota reached {env=prod} {ce_subject=bucket-1, "
            "ce_type=com.example.quota}",
            StartsWith("2026-11-21T02:00:00.000Z change firing warning checkout deploy from "
                       "/ci: dev.cdevents.service.deployed.0.1.1 {environment=prod, "
                       "version=pkg:oci/checkout@sha256%3Aab}"),
            StartsWith("alert resolved warning checkout incident from /ci:")));
}

}  // namespace
}  // namespace nocturne::gateway
