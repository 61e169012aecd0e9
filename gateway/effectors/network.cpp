#include "gateway/effectors/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace nocturne::gateway {

namespace {

constexpr Address kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
constexpr unsigned kMappedBits = 96;

Address map(const in_addr& v4) {
    Address address = kMapped;
    std::memcpy(&address[12], &v4, 4);
    return address;
}

bool starts_with(const Address& address, const Address& network, unsigned bits) {
    for (unsigned i = 0; i < bits; i += 8) {
        const unsigned rest = std::min(8U, bits - i);
        const unsigned mask = 0xFFU << (8 - rest) & 0xFFU;
        if (((address[i / 8] ^ network[i / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

const Networks& not_public() {
    // IANA's special-purpose registries for IPv4 and IPv6, multicast, and what carries IPv4 inside.
    static const Networks kNetworks = *Networks::make({
        "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
        "2001::/23",     "2001:db8::/32",   "2002::/16",      "3fff::/20",
    });
    return kNetworks;
}

}  // namespace

std::optional<Address> address_of(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof(v4));
        return map(v4.sin_addr);
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof(v6));
        Address bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return bytes;
    }
    return std::nullopt;
}

std::optional<Address> parse_address(const std::string& text) {
    in_addr v4{};
    if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
        return map(v4);
    }
    Address bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
        return bytes;
    }
    return std::nullopt;
}

std::string format_address(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    starts_with(address, kMapped, kMappedBits)
        ? ::inet_ntop(AF_INET, &address[12], text.data(), text.size())
        : ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    return text.data();
}

bool is_public(const Address& address) {
    static constexpr Address kGlobal{0x20};
    const bool is_global =
        starts_with(address, kMapped, kMappedBits) || starts_with(address, kGlobal, 3);
    return is_global && !not_public().contains(address);
}

Result<Networks> Networks::make(const std::vector<std::string>& texts) {
    Networks networks;
    for (const std::string& text : texts) {
        const std::size_t slash = text.find('/');
        const std::optional<Address> address = parse_address(text.substr(0, slash));
        const bool is_v4 = address && text.find(':') == std::string::npos;
        const unsigned most = is_v4 ? 32 : 128;
        unsigned bits = most;
        bool is_right = address.has_value();
        if (slash != std::string::npos) {
            const char* end = text.data() + text.size();
            const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
            is_right = is_right && parsed.ec == std::errc() && parsed.ptr == end && bits <= most;
        }
        if (!is_right) {
            return fail(ErrorCode::Invalid,
                        "\"" + text + "\" is not a network; expected e.g. 10.1.0.0/16");
        }
        networks.networks_.push_back({*address, is_v4 ? bits + kMappedBits : bits});
    }
    return networks;
}

bool Networks::contains(const Address& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return starts_with(address, network.address, network.bits);
    });
}

}  // namespace nocturne::gateway
