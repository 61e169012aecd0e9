// Who may speak to the ZeroMQ sockets: CURVE keys and the check of clients (ZAP, RFC 27).
#pragma once

#include "gateway/wakeup.hpp"
#include "gateway/zmq_server.hpp"
#include "model/result.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace zmq {
class context_t;
class socket_t;
}  // namespace zmq

namespace nocturne::gateway {

// Nothing, or what is wrong with the keys.
Status check_keys(const CurveOptions& curve);

// Answers libzmq's question about each client that shakes hands with a socket of this context. Must
// exist before the sockets are bound, and go before the context.
class ClientCheck {
   public:
    ClientCheck(zmq::context_t& context, std::vector<std::string> allowed_client_keys);
    ~ClientCheck();
    ClientCheck(const ClientCheck&) = delete;
    ClientCheck& operator=(const ClientCheck&) = delete;

   private:
    void run();

    const std::vector<std::string> allowed_;  // Z85
    Wakeup stop_;
    std::unique_ptr<zmq::socket_t> socket_;
    std::thread thread_;
};

}  // namespace nocturne::gateway
