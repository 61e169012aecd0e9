// Attributes of OpenTelemetry that tell who is called; shared by the JSON and the protobuf form.
#pragma once

#include "gateway/span_pairs.hpp"

#include <string>
#include <string_view>

namespace nocturne::gateway {

// Of a resource, for all its spans.
struct SpanResource {
    std::string service;
    std::string host;
    bool is_in_container = false;

    void take(std::string_view key, std::string_view value) {
        if (key == "service.name") {
            service = value;
        } else if (key == "host.name") {
            host = value;
        } else if (key.starts_with("k8s.") || key.starts_with("container.")) {
            is_in_container = true;  // its host name is that of the container
        }
    }

    void give(Span& span) const {
        span.service = service;
        span.host = is_in_container ? std::string() : host;
    }
};

// Names of the semantic conventions, the new one and the deprecated one of each.
inline void take_attribute(Span& span, std::string_view key, std::string_view value) {
    if (key == "service.peer.name") {
        span.peer = value;
    } else if (key == "peer.service") {
        span.peer = span.peer.empty() ? std::string(value) : span.peer;
    } else if (key == "server.address") {
        span.server_address = value;
    } else if (key == "net.peer.name" || key == "net.sock.peer.addr") {
        span.server_address =
            span.server_address.empty() ? std::string(value) : span.server_address;
    } else if (key == "db.system.name" || key == "db.system") {
        span.database_system = value;
    } else if (key == "messaging.system") {
        span.messaging_system = value;
    } else if (key == "messaging.destination.template") {
        span.destination = value;
    } else if (key == "messaging.destination.name" || key == "messaging.destination") {
        span.destination = span.destination.empty() ? std::string(value) : span.destination;
    }
}

}  // namespace nocturne::gateway
