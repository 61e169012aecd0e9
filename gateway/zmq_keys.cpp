#include "gateway/zmq_keys.hpp"

#include "gateway/log.hpp"

#include <sys/stat.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <string_view>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kKeyTextBytes = 40;
constexpr std::size_t kKeyBytes = 32;

bool is_key(const std::string& text) {
    std::array<std::uint8_t, kKeyBytes> bytes{};
    return text.size() == kKeyTextBytes && zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

constexpr std::string_view kKeyExpected = " is not a CURVE key; expected 40 characters of Z85";

// The frames of a ZAP request in their order.
enum ZapFrame : std::size_t {
    kVersion,
    kRequestId,
    kDomain,
    kAddress,
    kIdentity,
    kMechanism,
    kCredentials,
    kCount
};

std::string key_text(const zmq::message_t& credentials) {
    std::array<char, kKeyTextBytes + 1> text{};
    zmq_z85_encode(text.data(), credentials.data<std::uint8_t>(), kKeyBytes);
    return std::string(text.data(), kKeyTextBytes);
}

}  // namespace

Status check_keys(const CurveOptions& curve) {
    if (curve.secret_key.empty()) {
        if (!curve.allowed_client_keys.empty()) {
            return fail(ErrorCode::Invalid,
                        "client keys are listed, but the server has no secret key");
        }
        return {};
    }
    if (zmq_has("curve") == 0) {
        return fail(ErrorCode::Invalid,
                    "keys are configured, but this libzmq was built without CURVE");
    }
    if (!is_key(curve.secret_key)) {
        return fail(ErrorCode::Invalid, "the server's secret key" + std::string(kKeyExpected));
    }
    for (const std::string& key : curve.allowed_client_keys) {
        if (!is_key(key)) {
            return fail(ErrorCode::Invalid,
                        "client key \"" + key.substr(0, 64) + "\"" + std::string(kKeyExpected));
        }
    }
    return {};
}

Result<std::string> read_secret_key(const std::filesystem::path& file) {
    struct stat info {};

    std::ifstream in(file);
    if (!in || ::stat(file.c_str(), &info) != 0) {
        return fail(ErrorCode::NotFound, "cannot read the secret key file " + file.string());
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(ErrorCode::Invalid, "the secret key file " + file.string() +
                                            " can be read by others; run: chmod 600 " +
                                            file.string());
    }
    // Either the key alone, or a certificate as czmq writes it: `secret-key = "..."`.
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    static const std::regex kCertificate("secret-key\\s*=\\s*\"([^\"]*)\"");
    std::smatch found;
    std::string key = std::regex_search(text, found, kCertificate) ? found[1].str() : text;
    const std::size_t end = key.find_last_not_of(" \t\r\n");
    key.resize(end == std::string::npos ? 0 : end + 1);
    if (!is_key(key)) {
        return fail(ErrorCode::Invalid,
                    "what " + file.string() + " holds" + std::string(kKeyExpected));
    }
    return key;
}

ClientCheck::ClientCheck(zmq::context_t& context, std::vector<std::string> allowed_client_keys)
    : allowed_(std::move(allowed_client_keys)),
      socket_(std::make_unique<zmq::socket_t>(context, zmq::socket_type::rep)) {
    socket_->set(zmq::sockopt::linger, 0);
    socket_->bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this] { run(); });
}

ClientCheck::~ClientCheck() {
    stop_.wake();
    thread_.join();
}

void ClientCheck::run() {
    try {
        for (;;) {
            std::array<zmq_pollitem_t, 2> items{{{socket_->handle(), 0, ZMQ_POLLIN, 0},
                                                 {nullptr, stop_.descriptor(), ZMQ_POLLIN, 0}}};
            zmq_poll(items.data(), static_cast<int>(items.size()), -1);
            if (items[1].revents != 0) {
                return;
            }
            std::array<zmq::message_t, kCount> frames;
            std::size_t count = 0;
            bool more = items[0].revents != 0 && socket_->recv(frames[count++]).has_value();
            if (!more) {
                continue;
            }
            for (more = frames[0].more(); more; ++count) {
                zmq::message_t extra;
                zmq::message_t& frame = count < kCount ? frames[count] : extra;
                more = socket_->recv(frame).has_value() && frame.more();
            }
            const bool is_allowed =
                count == kCount && frames[kMechanism].to_string_view() == "CURVE" &&
                frames[kCredentials].size() == kKeyBytes &&
                std::find(allowed_.begin(), allowed_.end(), key_text(frames[kCredentials])) !=
                    allowed_.end();
            if (!is_allowed) {
                logger()->warn("client refused address={}", frames[kAddress].to_string_view());
            }
            socket_->send(zmq::str_buffer("1.0"), zmq::send_flags::sndmore);
            socket_->send(frames[kRequestId], zmq::send_flags::sndmore);
            socket_->send(is_allowed ? zmq::str_buffer("200") : zmq::str_buffer("400"),
                          zmq::send_flags::sndmore);
            socket_->send(is_allowed ? zmq::buffer(std::string_view("OK"))
                                     : zmq::buffer(std::string_view("key not listed")),
                          zmq::send_flags::sndmore);
            socket_->send(zmq::message_t(), zmq::send_flags::sndmore);  // user id
            socket_->send(zmq::message_t(), zmq::send_flags::none);     // metadata
        }
    } catch (const zmq::error_t& error) {
        // Without an answer libzmq lets nobody in: it fails closed.
        logger()->error("client check ended reason={}", error.what());
    }
}

}  // namespace nocturne::gateway
