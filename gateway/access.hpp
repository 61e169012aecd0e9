// Access: who may do what over HTTP. Asks for tokens where there are any, and refuses what a
// browser was lured into. See docs/security.md.
#pragma once

#include "gateway/api.hpp"
#include "model/audit.hpp"
#include "model/role.hpp"
#include "model/time.hpp"
#include "rules/tokens.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace nocturne::gateway {

// Swapped whole at a reload.
struct AccessRules {
    std::optional<std::vector<rules::Token>> tokens;  // nothing: nobody is asked
    std::vector<std::string> hosts;  // names besides this machine's own that it may be called by
    bool is_open = false;            // without tokens, and beyond loopback all the same
};

class Access {
   public:
    explicit Access(AccessRules rules = {});
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

    // Where the server listens. Invalid: beyond loopback, without tokens.
    Status listen_at(std::string_view address, bool is_loopback);
    // From any thread. Invalid: as above; the rules before stay.
    Status set_rules(AccessRules rules);

    // Where refusals are told of, for the audit log; bounded: see kNotedMax.
    std::function<void(model::AuditNote)> note;
    std::function<model::Time()> clock;

    struct Admission {
        Caller caller;
        std::optional<HttpResponse> refusal;  // the answer, if it is no
    };

    // Whether this request may do what `needed` may; nothing: whatever anybody may. From any
    // thread.
    Admission admit(const HttpRequest& request, std::optional<model::Role> needed);

    // Tells of an order that was refused for another reason, within the same bounds. From any
    // thread.
    void tell_refusal(const Caller& caller, const HttpRequest& request, std::string reason);

    void append_metrics(std::string& out) const;

    // Refusals that get an entry of their own in the audit log, each minute; the others are counted
    // in one.
    static constexpr std::size_t kNotedMax = 60;
    static constexpr std::size_t kNotedOfAddressMax = 10;
    // Failures of one address in a minute; beyond them it is told to wait.
    static constexpr std::size_t kFailuresMax = 20;

   private:
    struct Address {
        std::size_t failures = 0;
        std::size_t noted = 0;
    };

    Admission refuse(Admission admission, const HttpRequest& request, unsigned status,
                     std::string reason, std::string remedy);
    // With minute_mutex_ held.
    Address& address_of(const std::string& from);
    void begin_minute();

    std::atomic<std::shared_ptr<const AccessRules>> rules_;  // shared: swapped whole at reload
    std::atomic<bool> is_loopback_{true};
    std::string listens_at_;

    std::mutex minute_mutex_;  // guards all of what this minute brought
    std::int64_t minute_ = 0;
    std::unordered_map<std::string, Address> addresses_;
    std::size_t noted_ = 0;
    std::uint64_t unlisted_ = 0;

    std::atomic<std::uint64_t> unauthorised_{0};
    std::atomic<std::uint64_t> forbidden_{0};
    std::atomic<std::uint64_t> wrong_host_{0};
    std::atomic<std::uint64_t> told_to_wait_{0};
    std::atomic<std::uint64_t> unlisted_total_{0};
};

}  // namespace nocturne::gateway
