// The audit log: who did what, from where, and what came of it; each entry sealed with the one
// before it. See docs/reference/audit.md.
#pragma once

#include "model/command.hpp"
#include "model/position.hpp"
#include "model/result.hpp"
#include "model/sha256.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::model {

enum class AuditOutcome : std::uint8_t {
    Accepted,  // the order is in the journal; the incident's timeline has what it did
    Refused,   // nothing was done
    Done,
    Failed,
};

inline constexpr std::array<std::string_view, 4> kAuditOutcomeNames{"accepted", "refused", "done",
                                                                    "failed"};

// What whoever acts, or decides, has to say for the log. No secret is ever in it.
struct AuditNote {
    std::string actor;    // "anna", "engine"; "" when nobody knows
    std::string role;     // "responder"; "" when no tokens are asked for
    std::string from;     // "10.1.2.3", "irc #ops", "signal"
    std::string action;   // "incident.acknowledge": subject and verb, dotted
    std::string subject;  // "I1042-3"
    AuditOutcome outcome = AuditOutcome::Accepted;
    std::string reason;  // of a refusal or a failure; else what more there is to say

    friend bool operator==(const AuditNote&, const AuditNote&) = default;
};

// With each text clean UTF-8 and within its bound (1 KiB for the reason, less for the others).
AuditNote bounded(AuditNote note);

// What a command says of itself: who gives it, what it does, to what. Role and from where are the
// edge's to say.
AuditNote note_of(const Command& command);

// A note with its place: not yet in the chain.
struct AuditRecord {
    Time at = kNoTime;
    Position position = 0;    // of the input that it goes with; 0: there is none, it was refused
    std::uint32_t index = 0;  // among the notes of that input
    AuditNote note;
};

struct AuditEntry {
    std::uint64_t sequence = 0;  // from 1, without gaps
    AuditRecord record;
    Sha256 hash{};  // of the hash before and of all the above
};

// Where a chain stands: the last entry, and its hash. {0, zeros} before the first.
struct AuditHead {
    std::uint64_t sequence = 0;
    Sha256 hash{};

    friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

// "1042:5f3a..." with all 64 digits: for noting it elsewhere.
std::string to_string(const AuditHead& head);
std::optional<AuditHead> parse_audit_head(std::string_view text);

// SHA-256 over the 32 bytes of `before`, then sequence, time, position, index, actor, role, from,
// action, subject, outcome, reason, each as "<bytes>:<text>,": no text can pass for another.
Sha256 hash_of(const Sha256& before, std::uint64_t sequence, const AuditRecord& record);

// One line of an export, without its end.
std::string render_audit_entry(const AuditEntry& entry);

// Checks a chain, entry by entry.
class AuditChain {
   public:
    // Goes on after `begin`.
    explicit AuditChain(AuditHead begin = {}) : head_(begin) {}

    // Invalid, with what is wrong and where, unless `entry` is the next one and as it was written.
    Status add(const AuditEntry& entry);
    // Whether the chain ends where it was noted to end.
    Status end_at(const AuditHead& noted) const;

    const AuditHead& head() const { return head_; }

   private:
    AuditHead head_;
};

}  // namespace nocturne::model
