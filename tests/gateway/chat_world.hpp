// What the tests of chats share: a backend that notes its orders, and secrets in files.
#pragma once

#include "daemon.hpp"
#include "gateway/chat/chat.hpp"
#include "gateway/chat/engine_backend.hpp"
#include "test_server.hpp"

#include <atomic>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace nocturne::gateway {

// Says yes to everything, and remembers what it was told.
class NotingBackend : public ChatBackend {
   public:
    Result<std::string> incidents() override { return note("incidents"); }

    Result<IncidentMessage> incident(std::string_view id) override {
        (void)note("show " + std::string(id));
        IncidentMessage message;
        message.id = id;
        message.state = "open";
        message.title = "orders-db is slow";
        return message;
    }

    Result<std::string> why(std::string_view subject) override {
        return note("why " + std::string(subject));
    }

    Result<std::string> acknowledge(std::string_view id, const ChatSpeaker& who) override {
        return note("ack " + std::string(id) + " by " + who.name);
    }

    Result<std::string> label(std::string_view id, std::string_view cause,
                              const ChatSpeaker& who) override {
        return note("label " + std::string(id) + " " + std::string(cause) + " by " + who.name);
    }

    Result<std::string> silence(std::string_view matchers, model::Duration duration,
                                const ChatSpeaker& who) override {
        return note("silence " + std::string(matchers) + " " + model::format_duration(duration) +
                    " by " + who.name);
    }

    Result<std::string> what_would_you_do(std::string_view id) override {
        return note("what would you do " + std::string(id));
    }

    Result<std::string> plan(std::string_view id, const ChatSpeaker& who) override {
        return note("plan " + std::string(id) + " by " + who.name);
    }

    Result<std::string> approve(std::string_view run, std::string_view hash,
                                const ChatSpeaker& who) override {
        return note("approve " + std::string(run) + " " + std::string(hash) + " by " + who.name);
    }

    Result<std::string> reject(std::string_view run, std::string_view reason,
                               const ChatSpeaker& who) override {
        return note("reject " + std::string(run) + " (" + std::string(reason) + ") by " + who.name);
    }

    Result<std::string> answer(std::string_view run, std::string_view answer,
                               const ChatSpeaker& who) override {
        return note("answer " + std::string(run) + " " + std::string(answer) + " by " + who.name);
    }

    std::vector<std::string> orders() const {
        const std::lock_guard lock(mutex_);
        return orders_;
    }

   private:
    Result<std::string> note(const std::string& order) {
        const std::lock_guard lock(mutex_);
        orders_.push_back(order);
        return "done: " + order;
    }

    mutable std::mutex mutex_;
    std::vector<std::string> orders_;
};

class SecretFiles {
   public:
    SecretFiles& add(const std::string& name, const std::string& value) {
        const std::filesystem::path file = folder_.path() / name;
        std::ofstream(file) << value << "\n";
        sources.push_back({name, file, ""});
        return *this;
    }

    std::vector<rules::SecretSource> sources;

   private:
    TemporaryFolder folder_;
};

inline rules::ChatUser chat_user(const std::string& name, model::Role role) {
    rules::ChatUser user;
    user.name = name;
    user.role = role;
    return user;
}

inline std::string metrics_of(const ChatDesk& desk) {
    std::string text;
    desk.append_metrics(text);
    return text;
}

// How often something was refused so: a line of /metrics.
inline std::string refused_line(const std::string& medium, const std::string& reason, int count) {
    return "nocturne_chat_refused_total{medium=\"" + medium + "\",reason=\"" + reason + "\"} " +
           std::to_string(count) + "\n";
}

}  // namespace nocturne::gateway
