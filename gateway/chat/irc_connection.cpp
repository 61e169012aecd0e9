#include "gateway/chat/irc_connection.hpp"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kWaitingBytesMax = 64U << 10;  // a line that is longer ends the connection
constexpr std::chrono::milliseconds kWriteTimeout{10'000};

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

int ask_whether_over(void* is_over, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& ask = *static_cast<const std::function<bool()>*>(is_over);
    return ask && ask() ? 1 : 0;
}

}  // namespace

// libcurl opens the connection and speaks TLS; what goes over it is ours.
class IrcConnection::Inside {
   public:
    Status open(const IrcConnectionOptions& options) {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        curl_.reset(curl_easy_init());
        if (!curl_) {
            return fail(ErrorCode::Internal, "cannot start libcurl");
        }
        const std::string url = (options.tls ? "https://" : "http://") + options.server;
        std::array<char, CURL_ERROR_SIZE> detail{};
        const auto set = [this](CURLoption option, auto value) {
            curl_easy_setopt(curl_.get(), option, value);
        };
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_CONNECT_ONLY, 1L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_SSL_ENABLE_ALPN, 0L);  // it is no HTTP that we speak
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.timeout.count()));
        set(CURLOPT_ERRORBUFFER, detail.data());
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFODATA, &options.is_over);
        set(CURLOPT_XFERINFOFUNCTION, ask_whether_over);
        if (!options.ca_file.empty()) {
            set(CURLOPT_CAINFO, options.ca_file.c_str());
        }
        const CURLcode code = curl_easy_perform(curl_.get());
        set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
        if (code != CURLE_OK ||
            curl_easy_getinfo(curl_.get(), CURLINFO_ACTIVESOCKET, &socket_) != CURLE_OK) {
            return fail(ErrorCode::Unavailable,
                        options.server + ": " +
                            (detail.front() != '\0' ? detail.data() : curl_easy_strerror(code)));
        }
        return {};
    }

    Result<std::optional<std::string>> read_line(std::chrono::milliseconds patience, int other) {
        NOCTURNE_TRY_STATUS(receive());
        if (waiting_.find('\n') == std::string::npos) {
            std::array<pollfd, 2> ends{pollfd{socket_, POLLIN, 0}, pollfd{other, POLLIN, 0}};
            (void)::poll(ends.data(), ends.size(), static_cast<int>(patience.count()));
            NOCTURNE_TRY_STATUS(receive());
        }
        const std::size_t end = waiting_.find('\n');
        if (end == std::string::npos) {
            return std::optional<std::string>();
        }
        std::string line = waiting_.substr(0, end);
        waiting_.erase(0, end + 1);
        while (line.ends_with('\r')) {
            line.pop_back();
        }
        return std::optional<std::string>(std::move(line));
    }

    Status write(std::string_view bytes) {
        const auto until = std::chrono::steady_clock::now() + kWriteTimeout;
        while (!bytes.empty()) {
            std::size_t sent = 0;
            const CURLcode code = curl_easy_send(curl_.get(), bytes.data(), bytes.size(), &sent);
            if (code != CURLE_OK && code != CURLE_AGAIN) {
                return fail(ErrorCode::Unavailable, curl_easy_strerror(code));
            }
            bytes.remove_prefix(sent);
            if (code == CURLE_AGAIN) {
                if (std::chrono::steady_clock::now() > until) {
                    return fail(ErrorCode::Unavailable, "the server takes nothing more");
                }
                pollfd end{socket_, POLLOUT, 0};
                (void)::poll(&end, 1, 100);
            }
        }
        return {};
    }

   private:
    // Takes all that is there: with TLS the socket may be empty and bytes still wait inside.
    Status receive() {
        std::array<char, 4096> bytes{};
        while (waiting_.size() < kWaitingBytesMax) {
            std::size_t count = 0;
            const CURLcode code = curl_easy_recv(curl_.get(), bytes.data(), bytes.size(), &count);
            if (code == CURLE_AGAIN) {
                return {};
            }
            if (code != CURLE_OK || count == 0) {
                // What came before the end is still told.
                return waiting_.find('\n') != std::string::npos
                           ? Status()
                           : Status(fail(ErrorCode::Unavailable, "the server closed"));
            }
            waiting_.append(bytes.data(), count);
        }
        return waiting_.find('\n') != std::string::npos
                   ? Status()
                   : Status(fail(ErrorCode::Invalid, "the server sent a line without an end"));
    }

    std::unique_ptr<CURL, CloseCurl> curl_;
    curl_socket_t socket_ = CURL_SOCKET_BAD;
    std::string waiting_;
};

Result<std::unique_ptr<IrcConnection>> IrcConnection::open(const IrcConnectionOptions& options) {
    auto inside = std::make_unique<Inside>();
    NOCTURNE_TRY_STATUS(inside->open(options));
    return std::unique_ptr<IrcConnection>(new IrcConnection(std::move(inside)));
}

IrcConnection::IrcConnection(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

IrcConnection::~IrcConnection() = default;

Result<std::optional<std::string>> IrcConnection::read_line(std::chrono::milliseconds patience,
                                                            int other) {
    return inside_->read_line(patience, other);
}

Status IrcConnection::write_line(const std::string& line) {
    std::string clean = line;
    std::erase_if(clean,
                  [](char letter) { return letter == '\r' || letter == '\n' || letter == '\0'; });
    return inside_->write(clean + "\r\n");
}

}  // namespace nocturne::gateway
