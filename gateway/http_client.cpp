#include "gateway/http_client.hpp"

#include <boost/json.hpp>
#include <curl/curl.h>

#include <array>
#include <memory>
#include <mutex>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kReplyBytesMax = 1U << 30;

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }

    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t append_body(char* bytes, std::size_t size, std::size_t count, void* body) {
    auto& text = *static_cast<std::string*>(body);
    if (text.size() + size * count > kReplyBytesMax) {
        return 0;
    }
    text.append(bytes, size * count);
    return size * count;
}

// "http://127.0.0.1:9193" of a URL.
std::string server_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    return url.substr(0, url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3));
}

Error explain(CURLcode code, const char* detail, const std::string& url,
              std::chrono::milliseconds timeout) {
    const std::string where = "nocturne at " + server_of(url);
    switch (code) {
        case CURLE_COULDNT_CONNECT:
            return {ErrorCode::Unavailable,
                    "cannot reach " + where +
                        ": connection refused; is `nocturne run` running? use --url",
                    {}};
        case CURLE_COULDNT_RESOLVE_HOST:
            return {ErrorCode::Unavailable,
                    "cannot reach " + where + ": no such host; check --url",
                    {}};
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::Unavailable,
                    "no answer from " + where + " within " + std::to_string(timeout.count()) + "ms",
                    {}};
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT:
            return {ErrorCode::Invalid,
                    "\"" + url + "\" is not a URL; expected e.g. http://127.0.0.1:9193",
                    {}};
        default:
            return {ErrorCode::Unavailable,
                    "cannot talk to " + where + ": " +
                        (*detail != '\0' ? detail : curl_easy_strerror(code)),
                    {}};
    }
}

struct Exchange {
    const char* method = "GET";
    std::string_view body;
    std::string_view content_type;
    std::chrono::milliseconds timeout{};
    std::string_view token = {};
};

std::unique_ptr<CURL, CloseCurl> start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    return std::unique_ptr<CURL, CloseCurl>(curl_easy_init());
}

Result<HttpReply> exchange(const std::string& url, const Exchange& what) {
    const std::unique_ptr<CURL, CloseCurl> curl = start_curl();
    if (!curl) {
        return fail(ErrorCode::Internal, "cannot start libcurl");
    }
    HttpReply reply;
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, what.method);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(what.timeout.count()));
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail.data());
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append_body);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "nocturne");
    // The daemon is ours and mostly on this machine: a proxy of the environment is for other sites.
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "127.0.0.1,::1,localhost");
    std::unique_ptr<curl_slist, CloseCurl> headers;
    const auto add_header = [&](const std::string& header) {
        headers.reset(curl_slist_append(headers.release(), header.c_str()));
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    };
    if (!what.token.empty()) {
        add_header("Authorization: Bearer " + std::string(what.token));
    }
    if (what.content_type.data() != nullptr) {
        add_header("Content-Type: " + std::string(what.content_type));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(what.body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, what.body.empty() ? "" : what.body.data());
    }
    if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) {
        return fail(explain(code, detail.data(), url, what.timeout));
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    const char* type = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &type);
    reply.content_type = type != nullptr ? type : "";
    return reply;
}

}  // namespace

Result<HttpReply> http_get(const std::string& url, std::chrono::milliseconds timeout,
                           std::string_view token) {
    return exchange(url, {"GET", {}, {}, timeout, token});
}

Result<HttpReply> http_post(const std::string& url, std::string_view body,
                            std::chrono::milliseconds timeout, std::string_view content_type,
                            std::string_view token) {
    return exchange(url, {"POST", body, content_type, timeout, token});
}

Result<HttpReply> http_delete(const std::string& url, std::chrono::milliseconds timeout,
                              std::string_view token) {
    return exchange(url, {"DELETE", {}, {}, timeout, token});
}

namespace {

struct Fetched {
    std::string body;
    std::uint64_t bytes_max;
    bool is_too_long = false;
};

std::size_t append_fetched(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& fetched = *static_cast<Fetched*>(context);
    fetched.is_too_long = fetched.body.size() + size * count > fetched.bytes_max;
    if (fetched.is_too_long) {
        return 0;
    }
    fetched.body.append(bytes, size * count);
    return size * count;
}

int ask_whether_over(void* is_over, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return (*static_cast<const std::function<bool()>*>(is_over))() ? 1 : 0;
}

}  // namespace

Result<HttpReply> http_fetch(const std::string& url, const FetchOptions& options) {
    return http_send("GET", url, "", {}, options);
}

Result<HttpReply> http_send(const std::string& method, const std::string& url,
                            const std::string& body, const std::vector<std::string>& headers,
                            const FetchOptions& options) {
    const std::unique_ptr<CURL, CloseCurl> curl = start_curl();
    if (!curl) {
        return fail(ErrorCode::Internal, "cannot start libcurl");
    }
    Fetched fetched{{}, options.bytes_max};
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail.data());
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append_fetched);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &fetched);
    curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "nocturne");
    curl_easy_setopt(curl.get(), CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can unpack
    std::unique_ptr<curl_slist, CloseCurl> lines;
    const auto add_line = [&](const std::string& line) {
        curl_slist* longer = curl_slist_append(lines.get(), line.c_str());
        (void)lines.release();
        lines.reset(longer);
    };
    if (!options.header.empty()) {
        add_line(options.header);
    }
    for (const std::string& line : headers) {
        add_line(line);
    }
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, lines.get());
    if (method != "GET") {
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    if (options.is_over) {
        curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &options.is_over);
        curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, ask_whether_over);
    }
    if (!options.ca_file.empty()) {
        curl_easy_setopt(curl.get(), CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) {
        const std::string why =
            fetched.is_too_long
                ? "the answer is longer than " + std::to_string(options.bytes_max) + " bytes"
            : *detail.data() != '\0' ? std::string(detail.data())
                                     : curl_easy_strerror(code);
        return fail(ErrorCode::Unavailable, url + ": " + why);
    }
    HttpReply reply;
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    reply.body = std::move(fetched.body);
    return reply;
}

std::string url_encode(std::string_view text) {
    static constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char byte : text) {
        if (kPlain.find(byte) != std::string_view::npos) {
            out += byte;
        } else {
            const auto value = static_cast<unsigned char>(byte);
            out += '%';
            out += kDigits[value >> 4];
            out += kDigits[value & 0xF];
        }
    }
    return out;
}

std::string error_of(const HttpReply& reply) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(reply.body, error);
    if (!error && value.is_object()) {
        const boost::json::value* message = value.as_object().if_contains("error");
        if (message != nullptr && message->is_string()) {
            return std::string(message->as_string());
        }
    }
    return "the daemon answered with status " + std::to_string(reply.status);
}

}  // namespace nocturne::gateway
