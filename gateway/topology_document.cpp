#include "gateway/topology_document.hpp"

#include "gateway/span_pairs.hpp"

#include <algorithm>

namespace nocturne::gateway {

void TopologyDocument::report(const std::string& file, std::uint32_t line, std::string_view path,
                              std::string_view message) {
    if (problems.size() >= kProblemsMax) {
        ++problems_more;
        return;
    }
    std::string text(path);
    text += text.empty() ? "" : ": ";
    text += message;
    problems.push_back({ErrorCode::Invalid, std::move(text), {{file, line, 0}}});
}

bool is_node_name(std::string_view name) {
    constexpr std::size_t kNameBytesMax = 1024;
    return !name.empty() && name.size() <= kNameBytesMax &&
           std::none_of(name.begin(), name.end(),
                        [](char byte) { return static_cast<unsigned char>(byte) < 0x20; });
}

TopologyDocument read_topology_document(TopologyFormat format, std::string_view text,
                                        const std::string& file, model::Time now) {
    switch (format) {
        case TopologyFormat::Csv: return read_csv_topology(text, file);
        case TopologyFormat::Otlp: return read_otlp_topology(text, file, now);
        case TopologyFormat::Prometheus: return read_prometheus_topology(text, file);
        case TopologyFormat::Kubernetes: return read_kubernetes_topology(text, file);
        case TopologyFormat::Consul: return read_consul_topology(text, file);
        case TopologyFormat::Netbox: return read_netbox_topology(text, file);
    }
    return {};
}

}  // namespace nocturne::gateway
