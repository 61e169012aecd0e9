#include "gateway/request_body.hpp"
#include "gateway/span_pairs.hpp"
#include "gateway/topology_document.hpp"
#include "gateway/topology_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>

namespace nocturne::gateway {
namespace {

using model::TopologyChange;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const model::Time kNow = model::from_unix_ms(1'700'000'000'000);

// "web -calls-> db", sorted.
std::vector<std::string> edges_of(const TopologyChange& change) {
    std::vector<std::string> edges;
    for (const model::EdgeSpec& edge : change.edges) {
        edges.push_back(edge.from + " -" + edge.type + "-> " + edge.to);
    }
    std::sort(edges.begin(), edges.end());
    return edges;
}

std::vector<std::string> problems_of(const TopologyDocument& document) {
    std::vector<std::string> problems;
    for (const Error& problem : document.problems) {
        problems.push_back(to_string(problem));
    }
    return problems;
}

const model::NodeSpec* find_node(const TopologyChange& change, std::string_view name) {
    const auto found = std::find_if(change.nodes.begin(), change.nodes.end(),
                                    [&](const model::NodeSpec& node) { return node.name == name; });
    return found == change.nodes.end() ? nullptr : &*found;
}

// ---- CSV ----

TEST(CsvTopology, ReadsEdgesWithAllThatTheyMayCarry) {
    const TopologyDocument read =
        read_csv_topology("from,to,type,weight,since,ttl,confidence\r\n"
                          "shop,\"orders, new\",calls,0.8,2026-01-02,1h,0.7\r\n"
                          "# a remark\n"
                          "\"a \"\"b\"\"\",db,,,,,\n",
                          "edges.csv");

    EXPECT_THAT(problems_of(read), IsEmpty());
    EXPECT_TRUE(read.is_whole);
    EXPECT_EQ(read.change.mode, TopologyChange::Mode::Replace);
    ASSERT_THAT(edges_of(read.change), ElementsAre("a \"b\" --> db", "shop -calls-> orders, new"));
    const model::EdgeSpec& edge = read.change.edges[0];
    EXPECT_EQ(edge.weight, 0.8);
    EXPECT_EQ(edge.confidence, 0.7);
    EXPECT_EQ(edge.ttl, std::chrono::hours(1));
    EXPECT_EQ(model::format_time(edge.first_seen), "2026-01-02T00:00:00.000Z");
}

TEST(CsvTopology, ReadsNodesWithTheirAliases) {
    const TopologyDocument read = read_csv_topology(
        "name,type,owner,criticality,aliases\norders-db,database,team-db,5,db1;10.0.3.7\n",
        "n.csv");

    ASSERT_THAT(read.change.nodes, SizeIs(1));
    EXPECT_THAT(read.change.nodes[0].aliases, ElementsAre("db1", "10.0.3.7"));
    EXPECT_EQ(read.change.nodes[0].criticality, 5);
}

TEST(CsvTopology, NamesTheLineOfEachBadRowAndKeepsTheOthers) {
    const TopologyDocument read = read_csv_topology("from,to,weight,color\n"
                                                    "a,b,0.5,red\n"
                                                    "a,c,heavy,red\n"
                                                    "a,b\n"
                                                    "a,a,1,red\n"
                                                    "\"never closed,x,1,red\n"
                                                    "b,c,1,red\n",
                                                    "e.csv");

    EXPECT_THAT(edges_of(read.change), ElementsAre("a --> b", "b --> c"));
    EXPECT_FALSE(read.is_whole);
    EXPECT_EQ(read.change.mode, TopologyChange::Mode::Merge);
    EXPECT_THAT(problems_of(read), ElementsAre(HasSubstr("e.csv:1: unknown column \"color\""),
                                               HasSubstr("e.csv:3: weight \"heavy\""),
                                               HasSubstr("e.csv:4: expected 4 fields, found 2"),
                                               HasSubstr("e.csv:5: \"a\" cannot depend on itself"),
                                               HasSubstr("e.csv:6: a quote that is never closed")));
}

// ---- Kubernetes ----

// kubectl get deploy,rs,pod,svc,ing,node,pvc -o json, cut down to what is read.
const std::string kCluster = R"({
  "apiVersion": "v1",
  "kind": "List",
  "items": [
    {"kind": "Node", "metadata": {"name": "worker-1"},
     "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.11"},
                              {"type": "Hostname", "address": "worker-1"}]}},
    {"kind": "Deployment", "metadata": {"name": "orders", "namespace": "shop"}},
    {"kind": "ReplicaSet", "metadata": {"name": "orders-7d9f8b6c5d", "namespace": "shop",
     "ownerReferences": [{"kind": "Deployment", "name": "orders", "controller": true}]}},
    {"kind": "Pod", "metadata": {"name": "orders-7d9f8b6c5d-x2x7k", "namespace": "shop",
      "labels": {"app": "orders", "tier": "back"},
      "ownerReferences": [{"kind": "ReplicaSet", "name": "orders-7d9f8b6c5d", "controller": true}]},
     "spec": {"nodeName": "worker-1", "volumes": [
       {"name": "data", "persistentVolumeClaim": {"claimName": "orders-data"}},
       {"name": "settings", "configMap": {"name": "orders"}}]},
     "status": {"phase": "Running", "podIP": "10.1.0.7"}},
    {"kind": "Pod", "metadata": {"name": "orders-7d9f8b6c5d-b8c9d", "namespace": "shop",
      "labels": {"app": "orders"},
      "ownerReferences": [{"kind": "ReplicaSet", "name": "orders-7d9f8b6c5d", "controller": true}]},
     "spec": {"nodeName": "worker-2"}, "status": {"phase": "Running", "podIP": "10.1.0.8"}},
    {"kind": "Pod", "metadata": {"name": "migrate-1", "namespace": "shop", "labels": {"app": "orders"}},
     "status": {"phase": "Succeeded"}},
    {"kind": "Service", "metadata": {"name": "orders", "namespace": "shop"},
     "spec": {"clusterIP": "10.96.0.12", "selector": {"app": "orders"}}},
    {"kind": "Ingress", "metadata": {"name": "front", "namespace": "shop"},
     "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": [
       {"path": "/", "backend": {"service": {"name": "orders", "port": {"number": 80}}}}]}}]}},
    {"kind": "PersistentVolumeClaim", "metadata": {"name": "orders-data", "namespace": "shop"},
     "spec": {"volumeName": "nfs-3"}},
    {"kind": "ConfigMap", "metadata": {"name": "orders", "namespace": "shop"}}
  ]
}
)";

TEST(KubernetesTopology, TiesServicesPodsHostsVolumesAndIngresses) {
    const TopologyDocument read = read_kubernetes_topology(kCluster, "cluster.json");

    EXPECT_THAT(problems_of(read), IsEmpty());
    EXPECT_EQ(read.change.mode, TopologyChange::Mode::Replace);
    EXPECT_THAT(edges_of(read.change),
                UnorderedElementsAre("shop/orders -backed_by-> shop/orders-7d9f8b6c5d-x2x7k",
                                     "shop/orders -backed_by-> shop/orders-7d9f8b6c5d-b8c9d",
                                     "shop/orders-7d9f8b6c5d-x2x7k -owned_by-> shop/orders",
                                     "shop/orders-7d9f8b6c5d-b8c9d -owned_by-> shop/orders",
                                     "shop/orders-7d9f8b6c5d-x2x7k -runs_on-> worker-1",
                                     "shop/orders-7d9f8b6c5d-b8c9d -runs_on-> worker-2",
                                     "shop/orders-7d9f8b6c5d-x2x7k -mounts-> shop/pvc/orders-data",
                                     "shop/pvc/orders-data -bound_to-> pv/nfs-3",
                                     "shop/ingress/front -routes_to-> shop/orders"));
    const model::NodeSpec* orders = find_node(read.change, "shop/orders");
    ASSERT_NE(orders, nullptr);
    EXPECT_EQ(orders->type, "service");
    EXPECT_THAT(orders->aliases,
                UnorderedElementsAre("orders", "orders.shop", "orders.shop.svc",
                                     "orders.shop.svc.cluster.local", "10.96.0.12"));
    EXPECT_THAT(find_node(read.change, "worker-1")->aliases, ElementsAre("192.168.1.11"));
    EXPECT_THAT(find_node(read.change, "shop/ingress/front")->aliases,
                ElementsAre("shop.example.com"));
    for (const model::EdgeSpec& edge : read.change.edges) {
        if (edge.type == "backed_by") {
            EXPECT_EQ(edge.weight, 0.5);  // one of two
        }
    }
}

TEST(KubernetesTopology, GivesNoShortNameThatTwoNamespacesHave) {
    const TopologyDocument read = read_kubernetes_topology(
        R"({"kind":"ServiceList","items":[{"metadata":{"name":"db","namespace":"a"}},
           {"metadata":{"name":"db","namespace":"b"}},{"metadata":{"name":"web","namespace":"a"}}]})",
        "c.json");

    EXPECT_THAT(find_node(read.change, "a/db")->aliases, testing::Not(Contains("db")));
    EXPECT_THAT(find_node(read.change, "a/web")->aliases, Contains("web"));
}

TEST(KubernetesTopology, UsesWhatStandsAboveTheCut) {
    const std::size_t cut = kCluster.find("podIP\": \"10.1.0.8");
    const TopologyDocument read = read_kubernetes_topology(kCluster.substr(0, cut), "half.json");

    EXPECT_FALSE(read.is_whole);
    EXPECT_EQ(read.change.mode, TopologyChange::Mode::Merge);  // absent does not mean gone
    EXPECT_THAT(problems_of(read),
                ElementsAre(HasSubstr("half.json:21: items[4]: the document ends here")));
    EXPECT_THAT(edges_of(read.change),
                Contains("shop/orders-7d9f8b6c5d-x2x7k -runs_on-> worker-1"));
}

TEST(KubernetesTopology, EndsAtEveryCut) {
    std::size_t edges_before = 0;
    for (std::size_t cut = 0; cut < kCluster.size() - 4; ++cut) {
        const TopologyDocument read = read_kubernetes_topology(kCluster.substr(0, cut), "cut.json");
        if (cut > 10) {
            EXPECT_FALSE(read.is_whole) << cut;
            EXPECT_THAT(read.problems, SizeIs(1)) << cut;
        }
        const std::size_t edges = read.change.edges.size();
        EXPECT_GE(edges + 2, edges_before) << cut;  // a service found takes the place of a guess
        edges_before = edges;
    }
}

TEST(KubernetesTopology, LeavesOutBrokenObjectsByTheirPlace) {
    const TopologyDocument read = read_kubernetes_topology(
        R"({"kind": "List", "items": [
 {"kind": "Node", "metadata": {"name": "n1"}},
 {"kind": "Node", "metadata": {"name": }},
 {"kind": "Node"},
 "x",
 {"kind": "Node", "metadata": {"name": "n2"}}]})",
        "b.json");

    EXPECT_THAT(problems_of(read),
                ElementsAre(HasSubstr("b.json:3: items[1]: not valid JSON"),
                            HasSubstr("b.json:4: items[2].metadata.name"),
                            HasSubstr("b.json:5: items[3]: expected an object")));
    EXPECT_NE(find_node(read.change, "n2"), nullptr);
}

TEST(KubernetesTopology, TakesTheLinesOfAWatchAndSeveralLists) {
    const TopologyDocument read = read_kubernetes_topology(
        R"({"type":"ADDED","object":{"kind":"Node","metadata":{"name":"n1"}}}
{"type":"DELETED","object":{"kind":"Node","metadata":{"name":"n2"}}}
{"kind":"NodeList","items":[{"metadata":{"name":"n3"}}]}
)",
        "watch.json");

    EXPECT_THAT(problems_of(read), IsEmpty());
    EXPECT_NE(find_node(read.change, "n1"), nullptr);
    EXPECT_EQ(find_node(read.change, "n2"), nullptr);
    EXPECT_NE(find_node(read.change, "n3"), nullptr);
}

// ---- Consul, NetBox ----

TEST(ConsulTopology, TiesServicesToTheirNodes) {
    const TopologyDocument read = read_consul_topology(
        R"([{"Node":"web-1","Address":"10.0.0.1","ServiceName":"web","ServiceMeta":{"owner":"team-a"}},
            {"Node":"web-2","Address":"10.0.0.2","ServiceName":"web"}]
           [{"Node":{"Node":"db-1","Address":"10.0.0.9"},"Service":{"Service":"db"}},
            {"Node":"web-1","ServiceName":"web-sidecar","ServiceKind":"connect-proxy",
             "ServiceProxy":{"DestinationServiceName":"web","Upstreams":[{"DestinationName":"db"}]}},
            {"Address":"10.9.9.9"}])",
        "consul.json");

    EXPECT_THAT(edges_of(read.change), ElementsAre("db -backed_by-> db-1", "web -backed_by-> web-1",
                                                   "web -backed_by-> web-2", "web -calls-> db"));
    EXPECT_EQ(find_node(read.change, "web")->owner, "team-a");
    EXPECT_THAT(find_node(read.change, "web-2")->aliases, ElementsAre("10.0.0.2"));
    EXPECT_THAT(problems_of(read), ElementsAre(HasSubstr("[2]: Node is missing")));
}

TEST(NetboxTopology, ReadsDevicesMachinesServicesAndCables) {
    const TopologyDocument read = read_netbox_topology(
        R"({"count":2,"next":null,"results":[
 {"url":"http://nb/api/dcim/devices/1/","name":"core-1","role":{"name":"Router"},
  "rack":{"name":"R7"},"site":{"name":"FRA"},"primary_ip4":{"address":"10.0.0.1/24"}},
 {"url":"http://nb/api/dcim/devices/2/","name":null}]}
{"results":[
 {"url":"http://nb/api/virtualization/virtual-machines/1/","name":"vm-1","device":{"name":"hv-1"}},
 {"url":"http://nb/api/ipam/services/4/","name":"https","virtual_machine":{"name":"vm-1"}},
 {"url":"http://nb/api/dcim/cables/9/","a_terminations":[{"object":{"device":{"name":"core-1"}}}],
  "b_terminations":[{"object":{"device":{"name":"hv-1"}}}]}]})",
        "netbox.json");

    EXPECT_THAT(edges_of(read.change),
                ElementsAre("core-1 -connected-> hv-1", "core-1 -located_in-> rack R7",
                            "hv-1 -connected-> core-1", "vm-1 -runs_on-> hv-1",
                            "vm-1:https -runs_on-> vm-1"));
    EXPECT_THAT(find_node(read.change, "core-1")->aliases, ElementsAre("10.0.0.1"));
    EXPECT_THAT(problems_of(read), ElementsAre(HasSubstr("results[1].name: is missing")));
}

// ---- Prometheus ----

TEST(PrometheusTopology, ReadsTheServiceGraphOfAnExposition) {
    const TopologyDocument read = read_prometheus_topology(
        R"(# HELP up whatever
up{instance="a"} 1
# TYPE traces_service_graph_request_total counter
traces_service_graph_request_total{client="front",server="orders",connection_type=""} 12
traces_service_graph_request_total{client="orders",server="orders-db",connection_type="database"} 3 1700000000000
traces_service_graph_request_total{client="orders",server="mailer",connection_type="messaging_system"} 1e3
traces_service_graph_request_total{client="orders",server="idle",connection_type=""} 0
traces_service_graph_request_total{client="user",server="front",connection_type="virtual_node"} 9
traces_service_graph_request_total{client="odd\"name",server="x"} 1
istio_requests_total{source_workload="a",destination_service_name="b",reporter="source"} 4
traces_service_graph_request_total{client="front",server="broken
traces_service_graph_request_total{client="front",server="nan"} many
)",
        "metrics.txt");

    EXPECT_THAT(edges_of(read.change),
                ElementsAre("a -calls-> b", "front -calls-> orders", "mailer -messages-> orders",
                            "odd\"name -calls-> x", "orders -calls-> orders-db"));
    EXPECT_THAT(problems_of(read),
                ElementsAre(HasSubstr("metrics.txt:11: labels that do not end"),
                            HasSubstr("metrics.txt:12: \"many\" is not a number")));
    EXPECT_EQ(find_node(read.change, "orders-db")->type, "database");
    EXPECT_GT(read.change.ttl.count(), 0);
}

TEST(PrometheusTopology, ReadsTheAnswerToAQuery) {
    const TopologyDocument read = read_prometheus_topology(
        R"({"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"client":"front","server":"orders"},"value":[1700000000,"3.5"]},
            {"metric":{"client":"front","server":"quiet"},"value":[1700000000,"0"]},
            {"metric":"?"}]}})",
        "answer");

    EXPECT_THAT(edges_of(read.change), ElementsAre("front -calls-> orders"));
    EXPECT_THAT(problems_of(read), ElementsAre(HasSubstr("data.result[2]: expected")));
    EXPECT_THAT(problems_of(read_prometheus_topology(
                    R"({"status":"error","error":"query timed out"})", "answer")),
                ElementsAre(HasSubstr("Prometheus says: query timed out")));
}

// ---- OTLP ----

std::string span_json(const char* id, const char* parent, int kind,
                      const std::string& attributes = "") {
    return std::string(R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":")") + id +
           R"(","parentSpanId":")" + parent + R"(","kind":)" + std::to_string(kind) +
           R"(,"name":"x","attributes":[)" + attributes + "]}";
}

std::string attribute(const char* key, const char* value) {
    return std::string(R"({"key":")") + key + R"(","value":{"stringValue":")" + value + "\"}}";
}

std::string of_service(const char* service, const std::string& spans) {
    return R"({"resource":{"attributes":[)" + attribute("service.name", service) +
           R"(]},"scopeSpans":[{"spans":[)" + spans + "]}]}";
}

std::string request_of(const std::vector<std::string>& services) {
    std::string text = R"({"resourceSpans":[)";
    for (const std::string& service : services) {
        text += (text.back() == '[' ? "" : ",") + service;
    }
    return text + "]}";
}

TEST(OtlpTopology, PairsCallersWithThoseTheyCall) {
    const TopologyDocument read = read_otlp_topology(
        request_of(
            {of_service("orders", span_json("0000000000000002", "0000000000000001", 2) + "," +
                                      span_json("0000000000000003", "0000000000000002", 3,
                                                attribute("db.system.name", "postgresql") + "," +
                                                    attribute("server.address", "orders-db"))),
             of_service("front", span_json("0000000000000001", "", 3))}),
        "spans.json", kNow);

    EXPECT_THAT(problems_of(read), IsEmpty());
    EXPECT_THAT(edges_of(read.change),
                ElementsAre("front -calls-> orders", "orders -calls-> orders-db"));
    EXPECT_EQ(find_node(read.change, "orders-db")->type, "database");
}

TEST(OtlpTopology, LetsConsumersDependOnProducersAndBothOnTheQueue) {
    const std::string queue = attribute("messaging.system", "kafka") + "," +
                              attribute("messaging.destination.name", "orders");
    const TopologyDocument read = read_otlp_topology(
        request_of(
            {of_service("shop", span_json("0000000000000001", "", 4, queue)),
             of_service("mailer", span_json("0000000000000002", "0000000000000001", 5, queue))}),
        "spans.json", kNow);

    EXPECT_THAT(edges_of(read.change),
                ElementsAre("mailer -consumes-> kafka/orders", "mailer -messages-> shop",
                            "shop -publishes-> kafka/orders"));
}

TEST(OtlpTopology, NamesWhomNobodyAnsweredFor) {
    const TopologyDocument read = read_otlp_topology(
        request_of({of_service("shop", span_json("0000000000000001", "", 3,
                                                 attribute("server.address", "api.pay.example")))}),
        "spans.json", kNow);

    EXPECT_THAT(edges_of(read.change), ElementsAre("shop -calls-> api.pay.example"));
}

TEST(OtlpTopology, CountsSpansThatAreWrongAndKeepsTheOthers) {
    const TopologyDocument read = read_otlp_topology(
        request_of(
            {of_service("front", span_json("0000000000000001", "", 3) + R"(,{"traceId":"xyz"},7)"),
             of_service("orders", span_json("0000000000000002", "0000000000000001", 2)),
             R"({"resource":{},"scopeSpans":[{"spans":[)" + span_json("0000000000000004", "", 2) +
                 "]}]}"}),
        "spans.json", kNow);

    EXPECT_THAT(edges_of(read.change), ElementsAre("front -calls-> orders"));
    EXPECT_THAT(problems_of(read),
                ElementsAre(HasSubstr("3 spans are left out; the first: "
                                      "resourceSpans[0].scopeSpans[0].spans[1].traceId")));
}

Span span_of(const std::string& service, Span::Kind kind, std::uint64_t id, std::uint64_t parent) {
    const auto eight = [](std::uint64_t number) {
        return number == 0 ? std::string() : std::string(reinterpret_cast<const char*>(&number), 8);
    };
    Span span;
    span.trace_id = std::string(16, 't');
    span.span_id = eight(id);
    span.parent_id = eight(parent);
    span.kind = kind;
    span.service = service;
    return span;
}

TEST(SpanPairs, TellsAnEdgeOnceInAWhile) {
    SpanPairs pairs;
    model::Time now = kNow;
    const auto call = [&](std::uint64_t id) {
        pairs.take(span_of("front", Span::Kind::Client, id, 0), now);
        pairs.take(span_of("orders", Span::Kind::Server, id + 1000, id), now);
    };
    call(1);
    EXPECT_THAT(pairs.tell(now).edges, SizeIs(1));
    call(2);
    EXPECT_THAT(pairs.tell(now).edges, IsEmpty());
    now += std::chrono::minutes(6);
    call(3);
    EXPECT_THAT(pairs.tell(now).edges, SizeIs(1));
}

TEST(SpanPairs, WaitsForTheOtherSideOnlySoLong) {
    SpanPairs pairs;
    pairs.take(span_of("orders", Span::Kind::Server, 2, 1), kNow);
    pairs.take(span_of("front", Span::Kind::Client, 1, 0), kNow + std::chrono::seconds(5));
    EXPECT_THAT(pairs.tell(kNow + std::chrono::seconds(5)).edges, SizeIs(1));

    pairs.take(span_of("late", Span::Kind::Server, 4, 3), kNow);
    pairs.take(span_of("front", Span::Kind::Client, 3, 0), kNow + std::chrono::minutes(5));
    EXPECT_THAT(pairs.tell(kNow + std::chrono::minutes(5)).edges, IsEmpty());
    EXPECT_EQ(pairs.counters().unpaired, 1U);
}

TEST(SpanPairs, KeepsItsMemoryBoundedUnderSpansThatNobodyAnswers) {
    SpanLimits limits;
    limits.waiting_max = 1000;
    limits.edges_max = 100;
    SpanPairs pairs(limits);
    for (std::uint64_t i = 1; i <= 50'000; ++i) {
        pairs.take(span_of("s" + std::to_string(i), Span::Kind::Server, i, i + 1'000'000), kNow);
        Span client = span_of("c" + std::to_string(i), Span::Kind::Client, i + 2'000'000, 0);
        client.database_system = "redis";
        pairs.take(client, kNow);
        pairs.take(span_of("root", Span::Kind::Server, i + 3'000'000, 0), kNow);
    }

    EXPECT_LE(pairs.waiting(), 1000U);
    EXPECT_EQ(pairs.counters().pushed_out, 49'000U);
    EXPECT_EQ(pairs.counters().without_parent, 50'000U);
    EXPECT_EQ(pairs.counters().edges_refused, 49'900U);
    EXPECT_THAT(pairs.tell(kNow).edges, SizeIs(100));
}

// A writer of the protobuf wire format, of which the decoder knows nothing.
struct Message {
    std::string bytes;

    Message& varint(int field, std::uint64_t value) {
        number(static_cast<std::uint64_t>(field) << 3);
        number(value);
        return *this;
    }

    Message& text(int field, std::string_view value) {
        number(static_cast<std::uint64_t>(field) << 3 | 2);
        number(value.size());
        bytes += value;
        return *this;
    }

    Message& fixed64(int field, std::uint64_t value) {
        number(static_cast<std::uint64_t>(field) << 3 | 1);
        bytes.append(reinterpret_cast<const char*>(&value), 8);
        return *this;
    }

    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            bytes += static_cast<char>(value | 0x80);
        }
        bytes += static_cast<char>(value);
    }
};

std::string request_in_protobuf() {
    const auto pair = [](std::string_view key, std::string_view value) {
        return Message().text(1, key).text(2, Message().text(1, value).bytes).bytes;
    };
    const std::string client = Message()
                                   .text(1, std::string(16, 't'))
                                   .text(2, "span-001")
                                   .text(5, "GET /")
                                   .varint(6, 3)
                                   .fixed64(7, 1'700'000'000'000'000'000)
                                   .text(9, pair("db.system.name", "postgresql"))
                                   .text(9, pair("server.address", "orders-db"))
                                   .bytes;
    const std::string resource = Message().text(1, pair("service.name", "orders")).bytes;
    return Message()
        .text(1, Message().text(1, resource).text(2, Message().text(2, client).bytes).bytes)
        .bytes;
}

TEST(OtlpTopology, ReadsProtobufAsWell) {
    const Result<SpanBatch> batch = decode_spans_protobuf(request_in_protobuf());

    ASSERT_TRUE(batch);
    ASSERT_THAT(batch->spans, SizeIs(1));
    EXPECT_EQ(batch->spans[0].service, "orders");
    EXPECT_EQ(batch->spans[0].kind, Span::Kind::Client);
    EXPECT_EQ(batch->spans[0].server_address, "orders-db");
}

TEST(OtlpTopology, RefusesProtobufThatIsCutOrNone) {
    const std::string bytes = request_in_protobuf();
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        const Result<SpanBatch> batch = decode_spans_protobuf(bytes.substr(0, cut));
        EXPECT_FALSE(batch) << cut;
    }
    EXPECT_FALSE(decode_spans_protobuf("{\"resourceSpans\":[]}"));
    EXPECT_FALSE(decode_spans_json("[1,2"));
}

// ---- all of them ----

TEST(TopologyDocuments, EndOnAnyGarbage) {
    const std::vector<std::string> garbage{"",
                                           "\0\0\0",
                                           "{",
                                           "[",
                                           "[[[[[",
                                           "{\"items\":[",
                                           "{\"items\":[{\"kind\":\"Pod\"",
                                           "}}}}",
                                           "\"",
                                           "null",
                                           "[1,2,3]",
                                           "{\"items\":{}}",
                                           std::string(100'000, '['),
                                           std::string(100'000, '{'),
                                           std::string(100'000, '"'),
                                           "{\"data\":{\"result\":[[]]}}",
                                           "[{\"Node\":{}}]",
                                           "a,b\n\"\n\"\n",
                                           "{\"items\":[{}}}]}",
                                           "{\"a\" \"b\"}",
                                           "{\"items\":[,,,]}"};
    for (const TopologyFormat format :
         {TopologyFormat::Csv, TopologyFormat::Otlp, TopologyFormat::Prometheus,
          TopologyFormat::Kubernetes, TopologyFormat::Consul, TopologyFormat::Netbox}) {
        for (const std::string& text : garbage) {
            const TopologyDocument read = read_topology_document(format, text, "g", kNow);
            EXPECT_THAT(read.change.edges, IsEmpty());
            EXPECT_LE(read.problems.size(), TopologyDocument::kProblemsMax);
        }
    }
}

TEST(TopologyDocuments, TakeAMillionEdgesOfOneNodeInBoundedTime) {
    std::string text = "from,to\n";
    for (int i = 0; i < 1'000'000; ++i) {
        text += "s" + std::to_string(i) + ",dns\n";
    }
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(read_csv_topology(text, "hub.csv").change.edges, SizeIs(1'000'000));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(TopologyDocuments, SurviveTheWayToTheDaemon) {
    TopologyDocument read = read_csv_topology("from,to,weight,since,ttl,confidence\n"
                                              "a,b,0.5,2026-01-02,90s,0.7\nb,c,,,,\n",
                                              "e.csv");
    read.change.nodes.push_back({"a", "service", "team", 4, {"x"}, {{"k", "v"}}});
    read.change.confidence = 0.9;
    read.change.ttl = std::chrono::hours(2);

    const Checked<TopologyChange> back = parse_topology_body(render_topology_change(read.change));

    EXPECT_THAT(back.problems, IsEmpty());
    model::Writer sent;
    model::Writer taken;
    encode(sent, read.change);
    encode(taken, back.value);
    EXPECT_EQ(sent.bytes(), taken.bytes());
}

}  // namespace
}  // namespace nocturne::gateway
