// Lines of /metrics in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::gateway {

enum class MetricType : std::uint8_t { Counter, Gauge };

// The HELP and TYPE lines of "nocturne_<name>".
inline void append_metric_head(std::string& out, std::string_view name, std::string_view help,
                               MetricType type) {
    out.append("# HELP nocturne_").append(name).append(" ").append(help);
    out.append("\n# TYPE nocturne_")
        .append(name)
        .append(type == MetricType::Counter ? " counter\n" : " gauge\n");
}

// A sample; `labels` is `a="b",c="d"` or empty.
inline void append_sample(std::string& out, std::string_view name, std::string_view labels,
                          std::uint64_t value) {
    out.append("nocturne_").append(name);
    if (!labels.empty()) {
        out.append("{").append(labels).append("}");
    }
    out.append(" ").append(std::to_string(value)).append("\n");
}

inline void append_metric(std::string& out, std::string_view name, std::string_view help,
                          MetricType type, std::uint64_t value) {
    append_metric_head(out, name, help, type);
    append_sample(out, name, "", value);
}

}  // namespace nocturne::gateway
