#include "gateway/json_items.hpp"
#include "gateway/topology_document.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr double kConfidence = 0.9;
constexpr model::Duration kTtl = std::chrono::hours(1);
constexpr double kMessageWeight = 0.5;

using Labels = std::map<std::string, std::string, std::less<>>;

// Which labels of which metric name the two ends of a call; the first that is there counts.
struct GraphMetric {
    std::string_view name;
    std::array<std::string_view, 2> client;
    std::array<std::string_view, 2> server;
};

constexpr std::array<GraphMetric, 4> kGraphMetrics{{
    {"traces_service_graph_request_total", {"client", ""}, {"server", ""}},
    {"traces_service_graph_request", {"client", ""}, {"server", ""}},  // OpenMetrics
    {"istio_requests_total",
     {"source_canonical_service", "source_workload"},
     {"destination_canonical_service", "destination_service_name"}},
    {"istio_tcp_connections_opened_total",
     {"source_canonical_service", "source_workload"},
     {"destination_canonical_service", "destination_service_name"}},
}};

std::string label_of(const Labels& labels, const std::array<std::string_view, 2>& names) {
    for (const std::string_view name : names) {
        const auto found = labels.find(name);
        if (found != labels.end() && !found->second.empty() && found->second != "unknown") {
            return found->second;
        }
    }
    return {};
}

class MetricsReader {
   public:
    explicit MetricsReader(const std::string& file) : file_(file) {
        document_.change.provenance = "prometheus";
        document_.change.confidence = kConfidence;
        document_.change.ttl = kTtl;
    }

    TopologyDocument read(std::string_view text) {
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
            read_answer(text);
        } else {
            read_exposition(text);
        }
        for (auto& [ends, edge] : edges_) {
            document_.change.edges.push_back(std::move(edge));
        }
        return std::move(document_);
    }

   private:
    // {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[t,"v"]}]}}
    void read_answer(std::string_view text) {
        for_each_json_item(text, file_, "", document_, [&](const JsonItem& item) {
            const json::object* data = json_object(item.value, "data");
            const json::array* result = data != nullptr ? json_array(*data, "result") : nullptr;
            if (result == nullptr) {
                const std::string_view error = json_text(item.value, "error");
                document_.is_whole = false;
                document_.report(file_, item.line, "data.result",
                                 error.empty() ? "is missing; expected an answer of /api/v1/query"
                                               : "Prometheus says: " + std::string(error));
                return;
            }
            for (std::size_t i = 0; i < result->size(); ++i) {
                read_sample(item, (*result)[i], "data.result[" + std::to_string(i) + "]");
            }
        });
    }

    void read_sample(const JsonItem& item, const json::value& value, const std::string& path) {
        const json::object* sample = value.if_object();
        const json::object* metric = sample != nullptr ? json_object(*sample, "metric") : nullptr;
        const json::array* point = sample != nullptr ? json_array(*sample, "value") : nullptr;
        if (metric == nullptr || point == nullptr || point->size() != 2 ||
            !(*point)[1].is_string()) {
            document_.is_whole = false;
            document_.report(file_, item.line, path,
                             "expected {\"metric\":{...},\"value\":[time,\"number\"]}; left out");
            return;
        }
        Labels labels;
        for (const auto& member : *metric) {
            if (member.value().is_string()) {
                labels.emplace(member.key(), std::string(member.value().get_string()));
            }
        }
        const std::string_view number((*point)[1].get_string().data(),
                                      (*point)[1].get_string().size());
        const std::string name = labels.contains("__name__") ? labels.at("__name__") : "";
        take(name, labels, number, item.line, path);
    }

    void read_exposition(std::string_view text) {
        std::uint32_t number = 0;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            std::string_view line = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            ++number;
            if (line.ends_with('\r')) {
                line.remove_suffix(1);
            }
            // Of the many metrics of a page only those of the graph are read.
            if (is_of_graph(line.substr(0, line.find_first_of("{ ")))) {
                read_line(line, number);
            }
        }
    }

    static bool is_of_graph(std::string_view name) {
        return std::any_of(kGraphMetrics.begin(), kGraphMetrics.end(),
                           [&](const GraphMetric& metric) { return metric.name == name; });
    }

    // name{label="value",...} number [time]
    void read_line(std::string_view line, std::uint32_t number) {
        const std::size_t brace = line.find('{');
        const std::string name(line.substr(0, line.find_first_of("{ ")));
        Labels labels;
        std::size_t at = brace == std::string_view::npos ? name.size() : brace + 1;
        if (brace != std::string_view::npos && !read_labels(line, at, labels)) {
            document_.is_whole = false;
            document_.report(file_, number, "", "labels that do not end; the line is left out");
            return;
        }
        while (at < line.size() && line[at] == ' ') {
            ++at;
        }
        const std::string_view rest = line.substr(at);
        take(name, labels, rest.substr(0, rest.find(' ')), number, "");
    }

    static bool read_labels(std::string_view line, std::size_t& at, Labels& labels) {
        for (;;) {
            while (at < line.size() && (line[at] == ' ' || line[at] == ',')) {
                ++at;
            }
            if (at < line.size() && line[at] == '}') {
                ++at;
                return true;
            }
            const std::size_t equals = line.find("=\"", at);
            if (equals == std::string_view::npos) {
                return false;
            }
            std::string name(line.substr(at, equals - at));
            std::string value;
            at = equals + 2;
            for (; at < line.size() && line[at] != '"'; ++at) {
                if (line[at] == '\\' && at + 1 < line.size()) {
                    ++at;
                    value += line[at] == 'n' ? '\n' : line[at];
                } else {
                    value += line[at];
                }
            }
            if (at >= line.size()) {
                return false;
            }
            ++at;
            labels.emplace(std::move(name), std::move(value));
        }
    }

    void take(const std::string& name, const Labels& labels, std::string_view number,
              std::uint32_t line, const std::string& path) {
        double value = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), value);
        if (error != std::errc() || end != number.data() + number.size()) {
            document_.is_whole = false;
            document_.report(file_, line, path,
                             "\"" + std::string(number.substr(0, 64)) +
                                 "\" is not a number; left out");
            return;
        }
        if (!(value > 0)) {
            return;  // nobody called
        }
        // The answer to a query with increase() or sum() has lost its name.
        const auto metric =
            std::find_if(kGraphMetrics.begin(), kGraphMetrics.end(), [&](const GraphMetric& known) {
                return name.empty() ? !label_of(labels, known.client).empty() : known.name == name;
            });
        if (metric == kGraphMetrics.end()) {
            return;
        }
        std::string from = label_of(labels, metric->client);
        std::string to = label_of(labels, metric->server);
        if (!is_node_name(from) || !is_node_name(to) || from == to || from == "user") {
            return;  // people's calls, and calls within a service, are no edges
        }
        const auto connection = labels.find("connection_type");
        const std::string_view kind =
            connection == labels.end() ? std::string_view() : std::string_view(connection->second);
        if (kind == "messaging_system") {  // the one who waits for messages is the one who suffers
            note({to, from, "messages", kMessageWeight});
        } else {
            note({from, to, "calls", 1.0});
        }
        if (kind == "database" && types_.emplace(to, "database").second) {
            document_.change.nodes.emplace_back().name = to;
            document_.change.nodes.back().type = "database";
        }
    }

    void note(model::EdgeSpec edge) {
        const std::pair<std::string, std::string> ends{edge.from, edge.to};
        edges_.try_emplace(ends, std::move(edge));
    }

    const std::string& file_;
    TopologyDocument document_;
    std::map<std::pair<std::string, std::string>, model::EdgeSpec> edges_;
    std::map<std::string, std::string> types_;
};

}  // namespace

TopologyDocument read_prometheus_topology(std::string_view text, const std::string& file) {
    return MetricsReader(file).read(text);
}

}  // namespace nocturne::gateway
