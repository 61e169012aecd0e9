// HttpAction: one request to a host that the operator listed.
#pragma once

#include "gateway/effectors/action_result.hpp"
#include "gateway/effectors/network.hpp"
#include "gateway/effectors/secrets.hpp"
#include "model/expression.hpp"
#include "model/result.hpp"
#include "rules/action_settings.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::gateway {

// Only a check is sure to change nothing: it takes GET alone.
enum class HttpUse : std::uint8_t { Act, Check };

// Statuses from-to, both included.
using StatusRanges = std::vector<std::pair<int, int>>;

// A request that the configuration allows; secrets are still names in it.
struct HttpAction {
    std::string method;
    std::string url;
    std::string host;
    std::uint16_t port = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    StatusRanges expected_statuses{{200, 299}};
    std::optional<model::Expression> expected_body;
    model::Duration timeout{};
    std::size_t answer_bytes_max = 0;
    Networks networks;  // empty: public addresses
    std::vector<std::string> secrets;
    std::string ca_file;
};

// An Error says what is not allowed, or not right, in words for people.
Result<HttpAction> plan_http(const rules::ActionSettings& settings, const model::Action& action,
                             HttpUse use);

// "POST https://deploy.example.com/rollback".
std::string describe(const HttpAction& action);

// How requests leave; the defaults are the real ones.
struct HttpWay {
    // Asked now and then: gives the request up when it says so. May be empty.
    std::function<bool()> is_over;
    // "host:port:address,address": what a name resolves to, for tests. Empty: DNS.
    std::vector<std::string> resolved;
};

// Follows no redirect, uses no proxy. The address that is connected to is the one that was checked:
// it is looked at when the connection is opened, after DNS has answered.
ActionResult perform_http(const HttpAction& action, const std::string& key, const Secrets& secrets,
                          const HttpWay& way);

}  // namespace nocturne::gateway
