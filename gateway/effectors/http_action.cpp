#include "gateway/effectors/http_action.hpp"

#include "gateway/effectors/action_arguments.hpp"
#include "gateway/effectors/result_text.hpp"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <mutex>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kUrlBytesMax = 8192;
constexpr std::size_t kHeaderBytesMax = 8192;
constexpr std::string_view kHeaderPrefix = "header.";
constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::array<std::string_view, 5> kActArguments{"method", "body", "content_type",
                                                        "expect_status", "expect_body"};
constexpr std::array<std::string_view, 3> kCheckArguments{"expect_status", "expect_body", "every"};

struct FreeCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }

    void operator()(curl_slist* list) const { curl_slist_free_all(list); }

    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return text;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
    });
}

struct UrlParts {
    std::string scheme;
    std::string host;  // without brackets, lower case
    std::uint16_t port = 0;
    std::string whole;  // as it will be sent: what was checked is what is used
};

// By libcurl's own parser, so that nothing is checked that it would read otherwise.
Result<UrlParts> split_url(const std::string& url) {
    start_curl();
    if (url.size() > kUrlBytesMax || has_control(url) || url.find(' ') != std::string::npos) {
        return fail(ErrorCode::Invalid, "the URL has spaces or control characters, or more than " +
                                            std::to_string(kUrlBytesMax) + " bytes");
    }
    const std::unique_ptr<CURLU, FreeCurl> parser(curl_url());
    const auto part = [&](CURLUPart which, unsigned flags) {
        char* text = nullptr;
        std::string copy;
        if (curl_url_get(parser.get(), which, &text, flags) == CURLUE_OK) {
            copy = text;
            curl_free(text);
        }
        return copy;
    };
    if (!parser ||
        curl_url_set(parser.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
        return fail(ErrorCode::Invalid,
                    "\"" + url.substr(0, 256) +
                        "\" is not a URL without user and password; expected e.g. "
                        "https://deploy.example.com/rollback");
    }
    UrlParts parts;
    parts.scheme = part(CURLUPART_SCHEME, 0);
    parts.host = lower(part(CURLUPART_HOST, 0));
    const std::string port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
    std::from_chars(port.data(), port.data() + port.size(), parts.port);
    curl_url_set(parser.get(), CURLUPART_FRAGMENT, nullptr, 0);
    parts.whole = part(CURLUPART_URL, 0);
    if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
        parts.host = parts.host.substr(1, parts.host.size() - 2);
    }
    if ((parts.scheme != "http" && parts.scheme != "https") || parts.host.empty() ||
        parts.port == 0) {
        return fail(ErrorCode::Invalid,
                    "\"" + url.substr(0, 256) + "\" is not a URL of http or https with a host");
    }
    return parts;
}

// "200-299,404".
Result<StatusRanges> parse_statuses(std::string_view text) {
    StatusRanges ranges;
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        int from = 0;
        int to = 0;
        const char* end = item.data() + item.size();
        auto parsed = std::from_chars(item.data(), end, from);
        to = from;
        if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-') {
            parsed = std::from_chars(parsed.ptr + 1, end, to);
        }
        if (parsed.ec != std::errc() || parsed.ptr != end || from < 100 || to > 599 || from > to) {
            return fail(ErrorCode::Invalid, "argument expect_status: \"" +
                                                std::string(item.substr(0, 64)) +
                                                "\" is not a status; expected e.g. 200-299,404");
        }
        ranges.emplace_back(from, to);
    }
    return ranges;
}

bool is_header_name(std::string_view name) {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || kMarks.find(letter) != std::string_view::npos;
    });
}

Status add_header(HttpAction& to, std::string_view name, std::string_view value) {
    static constexpr std::array<std::string_view, 8> kOurs{
        "host",    "content-length",   "transfer-encoding", "connection",
        "upgrade", "proxy-connection", "idempotency-key",   "expect"};
    const std::string low = lower(std::string(name));
    if (!is_header_name(name) || std::find(kOurs.begin(), kOurs.end(), low) != kOurs.end()) {
        return fail(ErrorCode::Invalid,
                    "header \"" + std::string(name.substr(0, 64)) + "\" may not be set by a plan");
    }
    if (has_control(value) || value.size() > kHeaderBytesMax) {
        return fail(ErrorCode::Invalid, "header " + std::string(name) +
                                            " has control characters, or more than " +
                                            std::to_string(kHeaderBytesMax) + " bytes");
    }
    to.headers.emplace_back(name, value);
    return {};
}

Status add_headers(HttpAction& to, const model::Action& action) {
    for (const auto& [name, value] : action.arguments) {
        if (name.starts_with(kHeaderPrefix)) {
            NOCTURNE_TRY_STATUS(
                add_header(to, std::string_view(name).substr(kHeaderPrefix.size()), value));
        }
    }
    if (const std::string_view type = argument_of(action, "content_type"); !type.empty()) {
        NOCTURNE_TRY_STATUS(add_header(to, "Content-Type", type));
    } else if (!to.body.empty()) {
        NOCTURNE_TRY_STATUS(add_header(to, "Content-Type", "application/json"));
    }
    return {};
}

Status check_secrets(const HttpAction& action, const std::string& url) {
    NOCTURNE_TRY(const auto in_url, secret_names_in(url));
    if (!in_url.empty()) {
        return fail(ErrorCode::Invalid,
                    "a secret may not stand in a URL, which servers log; use a header");
    }
    const auto check = [&](const std::string& text) -> Status {
        NOCTURNE_TRY(const std::vector<std::string> names, secret_names_in(text));
        for (const std::string& name : names) {
            if (std::find(action.secrets.begin(), action.secrets.end(), name) ==
                action.secrets.end()) {
                return fail(ErrorCode::Invalid,
                            "secret " + name + " may not go to " + action.host +
                                "; list it there under actions.http.hosts, if it may");
            }
        }
        return {};
    };
    NOCTURNE_TRY_STATUS(check(action.body));
    for (const auto& [name, value] : action.headers) {
        NOCTURNE_TRY_STATUS(check(value));
    }
    return {};
}

Result<const rules::HttpHost*> find_host(const rules::ActionSettings& settings,
                                         const UrlParts& url) {
    const auto host = std::find_if(settings.hosts.begin(), settings.hosts.end(),
                                   [&](const rules::HttpHost& it) { return it.name == url.host; });
    if (host == settings.hosts.end()) {
        return fail(ErrorCode::Invalid,
                    "host " + url.host.substr(0, 256) + " is not listed under actions.http.hosts");
    }
    const std::uint16_t usual = url.scheme == "https" ? 443 : 80;
    const bool is_open = host->ports.empty() ? url.port == usual
                                             : std::find(host->ports.begin(), host->ports.end(),
                                                         url.port) != host->ports.end();
    if (!is_open) {
        return fail(ErrorCode::Invalid, "port " + std::to_string(url.port) + " of " + url.host +
                                            " is not listed under actions.http.hosts");
    }
    return &*host;
}

Status check_method(const rules::HttpHost& host, const HttpAction& action, HttpUse use) {
    if (std::find(kMethods.begin(), kMethods.end(), action.method) == kMethods.end()) {
        return fail(ErrorCode::Invalid, "method \"" + action.method.substr(0, 64) +
                                            "\" is not one of GET, POST, PUT, PATCH, DELETE");
    }
    if (!host.methods.empty() &&
        std::find(host.methods.begin(), host.methods.end(), action.method) == host.methods.end()) {
        return fail(ErrorCode::Invalid,
                    "method " + action.method + " is not allowed for " + host.name);
    }
    if (use == HttpUse::Check && action.method != "GET") {
        return fail(ErrorCode::Invalid, "a check uses GET only");
    }
    return {};
}

// What one exchange gathers while libcurl calls back.
struct Exchange {
    const HttpAction& action;
    const HttpWay& way;
    std::string body;
    bool is_cut = false;
    std::string refused_address;
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    const std::size_t room = exchange.action.answer_bytes_max - exchange.body.size();
    exchange.body.append(bytes, std::min(size * count, room));
    exchange.is_cut = size * count > room;
    return exchange.is_cut ? 0 : size * count;
}

int ask_whether_over(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& exchange = *static_cast<const Exchange*>(context);
    return exchange.way.is_over && exchange.way.is_over() ? 1 : 0;
}

// The one place where a connection to the outside is opened: the address is checked here, so that
// no second answer of DNS can come in between.
curl_socket_t open_checked(void* context, curlsocktype, curl_sockaddr* to) {
    auto& exchange = *static_cast<Exchange*>(context);
    const std::optional<Address> address = address_of(to->addr);
    const Networks& networks = exchange.action.networks;
    const bool is_allowed =
        address && (networks.empty() ? is_public(*address) : networks.contains(*address));
    if (!is_allowed || !exchange.refused_address.empty()) {
        exchange.refused_address = address ? format_address(*address) : "a strange address";
        return CURL_SOCKET_BAD;
    }
    return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

class Request {
   public:
    Request(const HttpAction& action, const HttpWay& way)
        : exchange_{action, way, {}, false, {}}, action_(action) {
        start_curl();
        curl_.reset(curl_easy_init());
    }

    // Puts the secrets in: from here on the request must not be shown.
    Status prepare(const std::string& key, const Secrets& secrets) {
        if (!curl_) {
            return fail(ErrorCode::Internal, "cannot start libcurl");
        }
        NOCTURNE_TRY(body_, secrets.put_into(action_.body, action_.secrets, redactor));
        for (const auto& [name, value] : action_.headers) {
            NOCTURNE_TRY(const std::string whole,
                         secrets.put_into(value, action_.secrets, redactor));
            if (has_control(whole)) {
                return fail(ErrorCode::Invalid,
                            "header " + name + ": the secret has control characters");
            }
            add_line(name + ": " + whole);
        }
        if (!key.empty() && !has_control(key)) {
            add_line("Idempotency-Key: " + key);
        }
        add_line("Expect:");
        set_options();
        return {};
    }

    ActionResult perform() {
        const CURLcode code = curl_easy_perform(curl_.get());
        long status = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK && !(exchange_.is_cut && status != 0)) {
            return explain(code);
        }
        return judge(static_cast<int>(status));
    }

    Redactor redactor;

   private:
    void add_line(const std::string& line) {
        curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
        (void)headers_.release();
        headers_.reset(longer);
    }

    void set_options() {
        const auto set = [this](CURLoption option, auto value) {
            curl_easy_setopt(curl_.get(), option, value);
        };
        set(CURLOPT_URL, action_.url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");  // nor one of the environment: it would connect for us, unchecked
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_HTTP09_ALLOWED, 0L);
        set(CURLOPT_USERAGENT, "nocturne");
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(action_.timeout.count()));
        set(CURLOPT_ERRORBUFFER, detail_.data());
        set(CURLOPT_OPENSOCKETFUNCTION, open_checked);
        set(CURLOPT_OPENSOCKETDATA, &exchange_);
        set(CURLOPT_WRITEFUNCTION, take_body);
        set(CURLOPT_WRITEDATA, &exchange_);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, ask_whether_over);
        set(CURLOPT_XFERINFODATA, &exchange_);
        set(CURLOPT_HTTPHEADER, headers_.get());
        if (!action_.ca_file.empty()) {
            set(CURLOPT_CAINFO, action_.ca_file.c_str());
        }
        if (action_.method != "GET") {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
            set(CURLOPT_POSTFIELDS, body_.c_str());
        }
        set(CURLOPT_CUSTOMREQUEST, action_.method.c_str());
        for (const std::string& entry : exchange_.way.resolved) {
            curl_slist* longer = curl_slist_append(resolved_.get(), entry.c_str());
            (void)resolved_.release();
            resolved_.reset(longer);
        }
        if (resolved_) {
            set(CURLOPT_RESOLVE, resolved_.get());
        }
    }

    ActionResult explain(CURLcode code) const {
        using Outcome = ActionResult::Outcome;
        if (!exchange_.refused_address.empty()) {
            return refused(action_.host + " resolves to " + exchange_.refused_address + ", which " +
                           (action_.networks.empty() ? "is not a public address"
                                                     : "is in none of its networks"));
        }
        long sent = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_REQUEST_SIZE, &sent);
        const bool is_harmless = sent == 0 || action_.method == "GET";
        const std::string why = code == CURLE_OPERATION_TIMEDOUT
                                    ? "no answer within " + model::format_duration(action_.timeout)
                                : code == CURLE_ABORTED_BY_CALLBACK ? "given up: we are stopping"
                                : detail_.front() != '\0'           ? detail_.data()
                                                                    : curl_easy_strerror(code);
        return {is_harmless ? Outcome::Failed : Outcome::Unknown,
                redactor.redact(why) + (sent == 0     ? "; nothing was sent"
                                        : is_harmless ? ""
                                                      : "; whether it was done is not known"),
                sent != 0};
    }

    ActionResult judge(int status) const {
        using Outcome = ActionResult::Outcome;
        const bool is_status_right = std::any_of(
            action_.expected_statuses.begin(), action_.expected_statuses.end(),
            [&](const auto& range) { return status >= range.first && status <= range.second; });
        const bool is_body_right =
            !action_.expected_body || action_.expected_body->is_in(exchange_.body);
        std::string text = "HTTP " + std::to_string(status);
        if (!is_status_right) {
            text += ", which was not expected";
        } else if (!is_body_right) {
            text += ", without the expected text";
        }
        if (const char* to = nullptr;
            curl_easy_getinfo(curl_.get(), CURLINFO_REDIRECT_URL, &to) == CURLE_OK &&
            to != nullptr) {
            text += ", a redirect to " + std::string(to) + ", which is not followed";
        }
        if (!exchange_.body.empty()) {
            text += ": " + exchange_.body;
        }
        return {is_status_right && is_body_right ? Outcome::Ok : Outcome::Failed,
                redactor.redact(std::move(text), exchange_.is_cut), true};
    }

    Exchange exchange_;
    const HttpAction& action_;
    std::unique_ptr<CURL, FreeCurl> curl_;
    std::unique_ptr<curl_slist, FreeCurl> headers_;
    std::unique_ptr<curl_slist, FreeCurl> resolved_;
    std::string body_;
    std::array<char, CURL_ERROR_SIZE> detail_{};
};

}  // namespace

Result<HttpAction> plan_http(const rules::ActionSettings& settings, const model::Action& action,
                             HttpUse use) {
    NOCTURNE_TRY_STATUS(check_arguments(
        action,
        use == HttpUse::Act ? std::span<const std::string_view>(kActArguments) : kCheckArguments,
        kHeaderPrefix));
    NOCTURNE_TRY(UrlParts url, split_url(action.target));
    NOCTURNE_TRY(const rules::HttpHost* host, find_host(settings, url));
    HttpAction to;
    const std::string_view method = argument_of(action, "method");
    to.method = !method.empty() ? method : use == HttpUse::Check ? "GET" : "POST";
    to.url = std::move(url.whole);
    to.host = host->name;
    to.port = url.port;
    to.body = argument_of(action, "body");
    to.secrets = host->secrets;
    to.ca_file = host->ca_file.string();
    to.answer_bytes_max = settings.http_answer_bytes_max;
    to.timeout = std::clamp(action.timeout, model::Duration(1), settings.http_timeout);
    // An address that is listed as a host is thereby listed as an address.
    const bool is_address = host->networks.empty() && parse_address(host->name).has_value();
    NOCTURNE_TRY(to.networks, Networks::make(is_address ? std::vector<std::string>{host->name}
                                                        : host->networks));
    NOCTURNE_TRY_STATUS(check_method(*host, to, use));
    if (to.body.size() > settings.http_body_bytes_max) {
        return fail(ErrorCode::Invalid, "the body has " + std::to_string(to.body.size()) +
                                            " bytes; at most " +
                                            std::to_string(settings.http_body_bytes_max));
    }
    if (to.method == "GET" && !to.body.empty()) {
        return fail(ErrorCode::Invalid, "GET has no body");
    }
    NOCTURNE_TRY_STATUS(add_headers(to, action));
    NOCTURNE_TRY_STATUS(check_secrets(to, action.target));
    if (const std::string_view statuses = argument_of(action, "expect_status"); !statuses.empty()) {
        NOCTURNE_TRY(to.expected_statuses, parse_statuses(statuses));
    }
    if (const std::string_view pattern = argument_of(action, "expect_body"); !pattern.empty()) {
        NOCTURNE_TRY(to.expected_body, model::Expression::make(std::string(pattern)));
    }
    return to;
}

std::string describe(const HttpAction& action) {
    return action.method + " " + action.url;
}

ActionResult perform_http(const HttpAction& action, const std::string& key, const Secrets& secrets,
                          const HttpWay& way) {
    Request request(action, way);
    if (const Status status = request.prepare(key, secrets); !status) {
        return refused(printable(status.error().message));
    }
    ActionResult result = request.perform();
    result.text = printable(result.text);
    return result;
}

}  // namespace nocturne::gateway
