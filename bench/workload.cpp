#include "bench/workload.hpp"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace nocturne::bench {

namespace {

constexpr std::uint64_t kServices = 1000;

constexpr std::array<const char*, 20> kNames{
    "HighLatency",   "InstanceDown",   "DiskFull",        "HighErrorRate",  "MemoryPressure",
    "CpuSaturation", "QueueBacklog",   "ReplicationLag",  "CertExpiring",   "PodCrashLooping",
    "NodeNotReady",  "SlowQueries",    "ConnectionsHigh", "PacketLoss",     "ClockSkew",
    "BackupMissing", "ThreadPoolFull", "CacheMissesHigh", "LeaderElection", "ProbeFailed"};
constexpr std::array<const char*, 4> kSeverities{"warning", "minor", "major", "critical"};
constexpr std::array<const char*, 4> kRegions{"eu-west-1", "eu-central-1", "us-east-1",
                                              "ap-south-1"};

std::string service_name(std::uint64_t service) {
    return "svc-" + std::to_string(service);
}

}  // namespace

void Workload::append_next(std::string& out) {
    const std::uint64_t n = next_++;
    const auto target = static_cast<std::uint64_t>(
        (static_cast<Wide>(n + 1) * identities_ + events_ - 1) / events_);
    const std::uint64_t identity = target > seen_ ? seen_++ : random_.below(seen_);
    const std::uint64_t service = identity % kServices;
    const std::uint64_t name = (identity / kServices + 7 * service) % kNames.size();
    const std::uint64_t node = identity / 20'000 * 8 + (13 * service + name) % 8;
    const double value = static_cast<double>(random_.below(1'000'000)) / 1000.0;
    char text[640];
    const int size = std::snprintf(
        text, sizeof(text),
        R"({"id":"ev-%llu","time":%llu,"source":"prom-%llu","status":"firing","severity":"%s","resource":"svc-%llu",)"
        R"("check":"%s","labels":{"instance":"node-%03llu.dc%llu.example.net:9100","region":"%s","team":"team-%llu",)"
        R"("job":"node-exporter","env":"production"},)"
        R"("summary":"%s on svc-%llu has been over its limit for 5 minutes","value":%.3f})"
        "\n",
        static_cast<unsigned long long>(n), 1717761600000ULL + n,
        static_cast<unsigned long long>(service % 12), kSeverities[(service + name) % 4],
        static_cast<unsigned long long>(service), kNames[name],
        static_cast<unsigned long long>(node), static_cast<unsigned long long>(service % 3),
        kRegions[service % 4], static_cast<unsigned long long>(service % 40), kNames[name],
        static_cast<unsigned long long>(service), value);
    out.append(text, static_cast<std::size_t>(size));
}

std::vector<std::string> messages_of(std::uint64_t identities, std::uint64_t events,
                                     std::uint64_t per_message) {
    Workload workload(identities, events);
    std::vector<std::string> messages;
    messages.reserve(events / per_message + 1);
    while (!workload.is_done()) {
        std::string& message = messages.emplace_back();
        message.reserve(per_message * 430);
        for (std::uint64_t i = 0; i < per_message && !workload.is_done(); ++i) {
            workload.append_next(message);
        }
    }
    return messages;
}

model::TopologyChange workload_topology() {
    model::TopologyChange change;
    change.provenance = "bench";
    change.mode = model::TopologyChange::Mode::Replace;
    Random random(7);
    for (std::uint64_t service = 0; service < kServices; ++service) {
        model::NodeSpec node;
        node.name = service_name(service);
        node.type = "service";
        change.nodes.push_back(node);
        for (int i = 0; service >= 10 && i < 5; ++i) {
            change.edges.push_back(
                {service_name(service), service_name(random.below(service)), "calls", 1.0});
        }
    }
    return change;
}

double cpu_us() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace nocturne::bench
