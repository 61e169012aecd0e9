#include "gateway/access.hpp"

#include "gateway/metric_text.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

namespace nocturne::gateway {

namespace {

// Beyond it addresses share one account: a stranger with many must not fill our memory.
constexpr std::size_t kAddressesMax = 4096;
constexpr std::string_view kScheme = "bearer ";

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// "localhost" of "LocalHost:9193", "::1" of "[::1]:9193".
std::string host_of(std::string_view header) {
    if (header.starts_with('[')) {
        return lower(header.substr(1, header.find(']') - 1));
    }
    return lower(header.substr(0, header.find(':')));
}

bool is_digits_and_dots(std::string_view text) {
    return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// A name that a browser looks up elsewhere may be made to point here, whoever owns it; these
// cannot.
bool is_this_machine(const std::string& host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
           (host.starts_with("127.") && is_digits_and_dots(host));
}

std::string_view secret_of(std::string_view authorization) {
    if (lower(authorization.substr(0, kScheme.size())) != kScheme) {
        return {};
    }
    authorization.remove_prefix(kScheme.size());
    while (authorization.starts_with(' ')) {
        authorization.remove_prefix(1);
    }
    while (authorization.ends_with(' ')) {
        authorization.remove_suffix(1);
    }
    return authorization;
}

std::string_view name_of(HttpRequest::Method method) {
    switch (method) {
        case HttpRequest::Method::Get: return "GET";
        case HttpRequest::Method::Head: return "HEAD";
        case HttpRequest::Method::Post: return "POST";
        case HttpRequest::Method::Delete: return "DELETE";
        default: return "?";
    }
}

// Without the query, which may hold anything.
std::string subject_of(const HttpRequest& request) {
    return std::string(name_of(request.method)) + " " +
           request.target.substr(0, request.target.find('?'));
}

Status check(const AccessRules& rules, bool is_loopback, std::string_view address) {
    if (is_loopback || rules.tokens || rules.is_open) {
        return {};
    }
    return fail(ErrorCode::Invalid,
                "http would be open to the network at " + std::string(address) +
                    ", and anybody could give orders; name a token file (http_auth: {tokens: "
                    "tokens.yaml}, made by `nocturne token create`), listen on 127.0.0.1, or say "
                    "http_auth: {open: true} if something else keeps strangers out");
}

}  // namespace

Access::Access(AccessRules rules) : rules_(std::make_shared<const AccessRules>(std::move(rules))) {}

Status Access::listen_at(std::string_view address, bool is_loopback) {
    listens_at_ = address;
    is_loopback_ = is_loopback;
    return check(*rules_.load(), is_loopback, address);
}

Status Access::set_rules(AccessRules rules) {
    NOCTURNE_TRY_STATUS(check(rules, is_loopback_, listens_at_));
    rules_ = std::make_shared<const AccessRules>(std::move(rules));
    return {};
}

Access::Admission Access::admit(const HttpRequest& request, std::optional<model::Role> needed) {
    Admission admission;
    admission.caller.from = request.peer;
    if (!needed) {
        return admission;
    }
    const std::shared_ptr<const AccessRules> rules = rules_.load();
    const std::string host = host_of(request.host);
    if (is_loopback_ && !host.empty() && !is_this_machine(host) &&
        std::find(rules->hosts.begin(), rules->hosts.end(), host) == rules->hosts.end()) {
        ++wrong_host_;
        return refuse(std::move(admission), request, 403, "the host \"" + host + "\" is not ours",
                      "call it by 127.0.0.1 or localhost, or list the name in http_auth: hosts");
    }
    if (!rules->tokens) {
        return admission;
    }
    const std::string_view secret = secret_of(request.authorization);
    const rules::Token* token =
        secret.empty() ? nullptr : rules::find_token(*rules->tokens, secret);
    if (token == nullptr) {
        ++unauthorised_;
        return secret.empty()
                   ? refuse(std::move(admission), request, 401, "no token",
                            "send Authorization: Bearer <token>; the commands of nocturne take "
                            "--token-file or NOCTURNE_TOKEN")
                   : refuse(std::move(admission), request, 401, "unknown token",
                            "it may have been revoked; `nocturne token create` makes one");
    }
    admission.caller.name = token->name;
    admission.caller.role = token->role;
    if (token->expires_at != model::kNoTime && token->expires_at <= clock()) {
        ++unauthorised_;
        return refuse(std::move(admission), request, 401,
                      "the token of " + token->name + " expired at " +
                          model::format_time(token->expires_at),
                      "`nocturne token create` makes a new one");
    }
    if (!model::includes(token->role, *needed)) {
        ++forbidden_;
        return refuse(std::move(admission), request, 403,
                      "the role " + std::string(model::name_of(token->role)) + " may not do this",
                      "it takes a token with the role " + std::string(model::name_of(*needed)));
    }
    return admission;
}

Access::Admission Access::refuse(Admission admission, const HttpRequest& request, unsigned status,
                                 std::string reason, std::string remedy) {
    tell_refusal(admission.caller, request, reason);
    std::size_t failures = 0;
    if (status == 401) {
        const std::lock_guard lock(minute_mutex_);
        failures = ++address_of(request.peer).failures;
    }
    // A right token is let in at once, whatever others try from there; who fails is slowed down so
    // that he fills neither the log nor the network.
    if (failures > kFailuresMax) {
        ++told_to_wait_;
        admission.refusal = error_response(429, "too many requests without a valid token from " +
                                                    request.peer + "; try again in a minute");
        admission.refusal->headers.emplace_back("Retry-After", "60");
        return admission;
    }
    admission.refusal = error_response(status, "refused: " + reason + "; " + remedy);
    if (status == 401) {
        admission.refusal->headers.emplace_back("WWW-Authenticate", "Bearer realm=\"nocturne\"");
    }
    return admission;
}

void Access::tell_refusal(const Caller& caller, const HttpRequest& request, std::string reason) {
    const std::lock_guard lock(minute_mutex_);
    begin_minute();
    Address& address = address_of(caller.from);
    if (noted_ >= kNotedMax || address.noted >= kNotedOfAddressMax) {
        ++unlisted_;
        ++unlisted_total_;
        return;
    }
    ++noted_;
    ++address.noted;
    if (note) {
        note({caller.name, std::string(caller.role_name()), caller.from, "http.request",
              subject_of(request), model::AuditOutcome::Refused, std::move(reason)});
    }
}

Access::Address& Access::address_of(const std::string& from) {
    static const std::string kOthers = "others";
    const bool has_room = addresses_.size() < kAddressesMax || addresses_.contains(from);
    return addresses_[has_room ? from : kOthers];
}

void Access::begin_minute() {
    const std::int64_t minute =
        std::chrono::floor<std::chrono::minutes>(clock()).time_since_epoch().count();
    if (minute == minute_) {
        return;
    }
    minute_ = minute;
    addresses_.clear();
    noted_ = 0;
    if (const std::uint64_t unlisted = std::exchange(unlisted_, 0); unlisted > 0 && note) {
        note({"nocturne", "", "http", "http.request", "", model::AuditOutcome::Refused,
              std::to_string(unlisted) + " more refusals are not listed one by one"});
    }
}

void Access::append_metrics(std::string& out) const {
    append_metric(out, "http_unauthorised_total",
                  "Requests without a valid token where one was needed.", MetricType::Counter,
                  unauthorised_);
    append_metric(out, "http_forbidden_total", "Requests with a token whose role was not enough.",
                  MetricType::Counter, forbidden_);
    append_metric(out, "http_wrong_host_total",
                  "Requests that called this server by a name that is not its own.",
                  MetricType::Counter, wrong_host_);
    append_metric(out, "http_auth_told_to_wait_total",
                  "Requests answered with 429 after many without a valid token.",
                  MetricType::Counter, told_to_wait_);
    append_metric(out, "audit_refusals_unlisted_total",
                  "Refusals without an audit entry of their own, beyond the bounds.",
                  MetricType::Counter, unlisted_total_);
}

}  // namespace nocturne::gateway
