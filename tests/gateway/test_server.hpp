// TestServer: somebody else's HTTP server on a free port, which remembers what it was asked.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace nocturne::gateway {

struct Asked {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

struct Answered {
    int status = 200;
    std::string body = "{}";
    std::string headers;  // whole lines, each with its end
    bool hangs = false;   // says nothing until the server stops
};

class TestServer {
   public:
    using Answer = std::function<Answered(const Asked&)>;

    explicit TestServer(
        Answer answer = [](const Asked&) { return Answered{}; },
        const std::string& address = "127.0.0.1", std::uint16_t port = 0)
        : answer_(std::move(answer)), address_(address) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int yes = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
        socklen_t size = sizeof(at);
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
            ::listen(listener_, 64) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
            throw std::runtime_error("the test server cannot listen");
        }
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { accept_all(); });
    }

    ~TestServer() {
        is_over_ = true;
        thread_.join();
        for (std::thread& talk : talks_) {
            talk.join();
        }
        ::close(listener_);
    }

    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    std::uint16_t port() const { return port_; }

    std::string url(const std::string& path = "/") const {
        return "http://" + address_ + ":" + std::to_string(port_) + path;
    }

    std::vector<Asked> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    std::size_t connections() const { return connections_; }

   private:
    void accept_all() {
        while (!is_over_) {
            pollfd waiting{listener_, POLLIN, 0};
            if (::poll(&waiting, 1, 10) > 0) {
                const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                ++connections_;
                talks_.emplace_back([this, client] { talk(client); });
            }
        }
    }

    // Empty when the peer is gone, or we are.
    bool read_more(int client, std::string& text) const {
        std::array<char, 16384> bytes{};
        while (!is_over_) {
            pollfd waiting{client, POLLIN, 0};
            if (::poll(&waiting, 1, 10) > 0) {
                const ssize_t count = ::recv(client, bytes.data(), bytes.size(), 0);
                if (count <= 0) {
                    return false;
                }
                text.append(bytes.data(), static_cast<std::size_t>(count));
                return true;
            }
        }
        return false;
    }

    static Asked parse(const std::string& head) {
        Asked asked;
        const std::size_t first = head.find(' ');
        asked.method = head.substr(0, first);
        asked.path = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
        for (std::size_t line = head.find("\r\n"); line + 2 < head.size();) {
            const std::size_t end = std::min(head.find("\r\n", line + 2), head.size());
            const std::string text = head.substr(line + 2, end - line - 2);
            const std::size_t colon = std::min(text.find(':'), text.size());
            std::string name = text.substr(0, colon);
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
            const std::size_t value = text.find_first_not_of(' ', colon + 1);
            asked.headers[name] = value == std::string::npos ? "" : text.substr(value);
            line = end;
        }
        return asked;
    }

    void talk(int client) {
        std::string text;
        for (;;) {
            std::size_t end = text.find("\r\n\r\n");
            while (end == std::string::npos) {
                if (!read_more(client, text)) {
                    ::close(client);
                    return;
                }
                end = text.find("\r\n\r\n");
            }
            Asked asked = parse(text.substr(0, end));
            const auto length = asked.headers.find("content-length");
            const std::size_t size = length == asked.headers.end() ? 0 : std::stoul(length->second);
            while (text.size() < end + 4 + size && read_more(client, text)) {
            }
            asked.body = text.substr(end + 4, size);
            text.erase(0, end + 4 + size);
            {
                const std::lock_guard lock(mutex_);
                asked_.push_back(asked);
            }
            const Answered answered = answer_(asked);
            while (answered.hangs && !is_over_) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            const std::string reply =
                "HTTP/1.1 " + std::to_string(answered.status) +
                " Text\r\nContent-Length: " + std::to_string(answered.body.size()) + "\r\n" +
                answered.headers + "\r\n" + answered.body;
            (void)!::send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
        }
    }

    Answer answer_;
    std::string address_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::atomic<bool> is_over_{false};
    std::atomic<std::size_t> connections_{0};
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    std::thread thread_;
    std::vector<std::thread> talks_;
};

}  // namespace nocturne::gateway
