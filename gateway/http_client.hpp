// A small HTTP client: for the commands that talk to a running daemon, and for sources that are
// pulled.
#pragma once

#include "model/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

struct HttpReply {
    int status = 0;
    std::string content_type;
    std::string body;

    bool is_ok() const { return status >= 200 && status < 300; }
};

inline constexpr std::chrono::milliseconds kHttpTimeout = std::chrono::seconds(10);

// Any status of the server is a reply; an Error means that none came, and says what to do about it.
// `token`: sent as Authorization: Bearer, if it is not empty.
Result<HttpReply> http_get(const std::string& url, std::chrono::milliseconds timeout = kHttpTimeout,
                           std::string_view token = {});
Result<HttpReply> http_post(const std::string& url, std::string_view body,
                            std::chrono::milliseconds timeout = kHttpTimeout,
                            std::string_view content_type = "application/json",
                            std::string_view token = {});
Result<HttpReply> http_delete(const std::string& url,
                              std::chrono::milliseconds timeout = kHttpTimeout,
                              std::string_view token = {});

// For other tools' servers, whose answers are not trusted.
struct FetchOptions {
    std::chrono::milliseconds timeout = kHttpTimeout;
    std::uint64_t bytes_max = 64U << 20;
    std::string header;             // one more, e.g. "Authorization: Bearer ..."; may be empty
    std::string ca_file;            // empty: the system's
    std::function<bool()> is_over;  // asked now and then: gives up when it says so; may be empty
};

// Follows no redirect, so that what `header` says goes nowhere else.
Result<HttpReply> http_fetch(const std::string& url, const FetchOptions& options);

// The same with a method, a body, and headers as whole lines ("X-Team: shop"); those of `options`
// go along.
Result<HttpReply> http_send(const std::string& method, const std::string& url,
                            const std::string& body, const std::vector<std::string>& headers,
                            const FetchOptions& options);

// For texts that become part of a URL: what is not a letter, a digit or one of -._~ as %XX.
std::string url_encode(std::string_view text);

// The "error" of a reply that is not ok, or its status when it has none: as one line for people.
std::string error_of(const HttpReply& reply);

}  // namespace nocturne::gateway
