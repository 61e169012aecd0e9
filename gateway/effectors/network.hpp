// Addresses of the network: which of them may be talked to.
#pragma once

#include "model/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace nocturne::gateway {

// IPv6, or IPv4 as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> address_of(const sockaddr& address);
std::optional<Address> parse_address(const std::string& text);
std::string format_address(const Address& address);

// Whether it belongs to anybody on the internet: not to this machine, a private network, a link, a
// group, documentation, or a tunnel that leads to one of these.
bool is_public(const Address& address);

class Networks {
   public:
    // "10.1.0.0/16", "fd00::/8", or one address.
    static Result<Networks> make(const std::vector<std::string>& texts);

    bool contains(const Address& address) const;

    bool empty() const { return networks_.empty(); }

   private:
    struct Network {
        Address address{};
        unsigned bits = 128;
    };

    std::vector<Network> networks_;
};

}  // namespace nocturne::gateway
