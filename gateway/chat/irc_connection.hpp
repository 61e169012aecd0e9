// IrcConnection: a connection to a server of IRC, with or without TLS, in whole lines.
#pragma once

#include "model/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nocturne::gateway {

struct IrcConnectionOptions {
    std::string server;  // host:port
    bool tls = true;     // with the certificate checked
    std::string ca_file;
    std::chrono::milliseconds timeout = std::chrono::seconds(15);
    std::function<bool()> is_over;
};

class IrcConnection {
   public:
    static Result<std::unique_ptr<IrcConnection>> open(const IrcConnectionOptions& options);
    ~IrcConnection();
    IrcConnection(const IrcConnection&) = delete;
    IrcConnection& operator=(const IrcConnection&) = delete;

    // Waits until a line is there, or `other` (a descriptor) can be read, at most `patience`;
    // nothing when no line came. An Error: the server is gone.
    Result<std::optional<std::string>> read_line(std::chrono::milliseconds patience, int other);
    // `line` without its end; what could end it early is left out.
    Status write_line(const std::string& line);

   private:
    class Inside;
    explicit IrcConnection(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
