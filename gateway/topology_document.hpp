// TopologyDocument: what one document of another tool says about the service graph.
#pragma once

#include "model/result.hpp"
#include "model/time.hpp"
#include "model/topology_change.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// Reading never fails as a whole: what is wrong is told with its place, what is right is there.
struct TopologyDocument {
    static constexpr std::size_t kProblemsMax = 100;  // beyond it they are counted

    model::TopologyChange change;
    std::vector<Error> problems;
    std::uint64_t problems_more = 0;
    // Cut short or broken in parts: what is missing may be there all the same, so nothing that
    // was known before may be withdrawn.
    bool is_whole = true;

    // `path` is a place within the document, "items[3].spec"; may be empty.
    void report(const std::string& file, std::uint32_t line, std::string_view path,
                std::string_view message);
};

// The formats, by the words that people say: `nocturne topology import --from`.
enum class TopologyFormat : std::uint8_t { Csv, Otlp, Prometheus, Kubernetes, Consul, Netbox };

inline constexpr std::array<std::string_view, 6> kTopologyFormatNames{
    "csv", "otlp", "prometheus", "kubernetes", "consul", "netbox"};

// The change of a document in that format: with the format's own confidence and time to live, and
// its name as provenance. Replace when the document is an inventory and whole, else Merge.
// `now` is the time that paired spans are counted from. Pure.
TopologyDocument read_topology_document(TopologyFormat format, std::string_view text,
                                        const std::string& file, model::Time now);

// from,to[,type,weight,since,ttl,confidence] or name[,type,owner,criticality,aliases], with a line
// of column names first. RFC 4180.
TopologyDocument read_csv_topology(std::string_view text, const std::string& file);
// Prometheus text exposition, or an answer of /api/v1/query: the metrics of a service graph
// (traces_service_graph_request_total, istio_requests_total) whose value is above 0.
TopologyDocument read_prometheus_topology(std::string_view text, const std::string& file);
// Objects or lists of them, as `kubectl get ... -o json` prints them or the API answers.
TopologyDocument read_kubernetes_topology(std::string_view text, const std::string& file);
// Answers of /v1/catalog/service/NAME, /v1/health/service/NAME and /v1/catalog/nodes.
TopologyDocument read_consul_topology(std::string_view text, const std::string& file);
// Pages of /api/dcim/devices/, /api/virtualization/virtual-machines/, /api/ipam/services/ and
// /api/dcim/cables/.
TopologyDocument read_netbox_topology(std::string_view text, const std::string& file);

// A name that may stand in the graph: not empty, at most 1024 bytes, no control characters.
bool is_node_name(std::string_view name);

}  // namespace nocturne::gateway
