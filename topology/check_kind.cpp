#include "topology/check_kind.hpp"

#include <algorithm>
#include <array>

namespace nocturne::topology {

namespace {

struct KindWord {
    std::string_view word;
    CheckKind kind;
};

// In the order in which they are looked for: "client_errors" speaks of the one that is called, and
// "disk_latency" of the disk.
constexpr std::array<KindWord, 52> kKindWords{{
    {"client", CheckKind::Calling},      {"upstream", CheckKind::Calling},
    {"outbound", CheckKind::Calling},    {"fanout", CheckKind::Calling},
    {"fan_out", CheckKind::Calling},     {"cpu", CheckKind::Resource},
    {"mem", CheckKind::Resource},        {"disk", CheckKind::Resource},
    {"oom", CheckKind::Resource},        {"saturat", CheckKind::Resource},
    {"lock", CheckKind::Resource},       {"thread", CheckKind::Resource},
    {"pool", CheckKind::Resource},       {"restart", CheckKind::Resource},
    {"crash", CheckKind::Resource},      {"inode", CheckKind::Resource},
    {"filesystem", CheckKind::Resource}, {"descriptor", CheckKind::Resource},
    {"heap", CheckKind::Resource},       {"swap", CheckKind::Resource},
    {"throttl", CheckKind::Resource},    {"down", CheckKind::Resource},
    {"queue", CheckKind::Resource},      {"backlog", CheckKind::Resource},
    {"gap", CheckKind::Transit},         {"packet", CheckKind::Transit},
    {"network", CheckKind::Transit},     {"rtt", CheckKind::Transit},
    {"retrans", CheckKind::Transit},     {"ping", CheckKind::Transit},
    {"error", CheckKind::Error},         {"fail", CheckKind::Error},
    {"availab", CheckKind::Error},       {"5xx", CheckKind::Error},
    {"success", CheckKind::Error},       {"exception", CheckKind::Error},
    {"fault", CheckKind::Error},         {"log", CheckKind::Error},
    {"latency", CheckKind::Latency},     {"duration", CheckKind::Latency},
    {"response", CheckKind::Latency},    {"span", CheckKind::Latency},
    {"slow", CheckKind::Latency},        {"time", CheckKind::Latency},
    {"request", CheckKind::Traffic},     {"traffic", CheckKind::Traffic},
    {"throughput", CheckKind::Traffic},  {"workload", CheckKind::Traffic},
    {"qps", CheckKind::Traffic},         {"rate", CheckKind::Traffic},
    {"calls", CheckKind::Traffic},       {"load", CheckKind::Traffic},
}};

}  // namespace

CheckKind kind_of(std::string_view check) {
    std::array<char, 128> lower{};
    const std::size_t size = std::min(check.size(), lower.size());
    std::transform(check.begin(), check.begin() + static_cast<std::ptrdiff_t>(size), lower.begin(),
                   [](char byte) {
                       return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a')
                                                         : byte;
                   });
    const std::string_view name(lower.data(), size);
    for (const KindWord& word : kKindWords) {
        if (name.find(word.word) != std::string_view::npos) {
            return word.kind;
        }
    }
    return CheckKind::Other;
}

}  // namespace nocturne::topology
