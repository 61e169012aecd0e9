#include "model/audit.hpp"

#include "model/json_writer.hpp"

#include <charconv>
#include <initializer_list>
#include <utility>
#include <variant>

namespace nocturne::model {

namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kSubjectBytesMax = 512;
constexpr std::size_t kReasonBytesMax = 1024;

void append_part(std::string& out, std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
    out += ',';
}

// A damaged row may hold any number; what no clock shows stays a number.
std::string text_of(Time time) {
    constexpr Time kYear10000 = from_unix_ms(253'402'300'800'000);
    return time >= from_unix_ms(0) && time < kYear10000 ? format_time(time)
                                                        : std::to_string(to_unix_ms(time));
}

// Every problem begins with the first bad entry.
tl::unexpected<Error> problem(std::uint64_t sequence, const std::string& what) {
    return fail(ErrorCode::Invalid, "entry " + std::to_string(sequence) + ": " + what);
}

std::string missing(std::uint64_t first, std::uint64_t last) {
    return first == last ? "missing" : "missing, with those up to " + std::to_string(last);
}

// One for each command, so that none is forgotten.
struct NoteOf {
    AuditNote operator()(const AddSilence& it) const {
        return note(it.created_by, "silence.add", it.matchers, it.comment);
    }

    AuditNote operator()(const ExpireSilence& it) const {
        return note(it.by, "silence.expire", format_id(kSilencePrefix, it.silence));
    }

    AuditNote operator()(const AcknowledgeIncident& it) const {
        return note(it.by, "incident.acknowledge", format_id(kIncidentPrefix, it.incident));
    }

    AuditNote operator()(const ResolveIncident& it) const {
        return note(it.by, "incident.resolve", format_id(kIncidentPrefix, it.incident));
    }

    AuditNote operator()(const LabelIncident& it) const {
        return note(it.by, "incident.label", format_id(kIncidentPrefix, it.incident),
                    "cause: " + it.cause);
    }

    AuditNote operator()(const MergeIncidents& it) const {
        return note(it.by, "incident.merge", format_id(kIncidentPrefix, it.into),
                    "from: " + format_id(kIncidentPrefix, it.from));
    }

    AuditNote operator()(const SplitIncident& it) const {
        std::string alerts = "alerts:";
        for (const Id alert : it.alerts) {
            alerts += " " + format_id(kAlertPrefix, alert);
            if (alerts.size() > kReasonBytesMax) {
                break;
            }
        }
        return note(it.by, "incident.split", format_id(kIncidentPrefix, it.incident), alerts);
    }

    AuditNote operator()(const UnmergeIdentity& it) const {
        return note(it.by, "identity.unmerge", to_string(it.identity));
    }

    AuditNote operator()(const PromotePlugin& it) const {
        return note(it.by, "plugin.promote", it.plugin);
    }

    AuditNote operator()(const RollbackPlugin& it) const {
        return note(it.by, "plugin.rollback", it.plugin);
    }

    AuditNote operator()(const ReleasePlugin& it) const {
        return note(it.by, "plugin.release", it.plugin);
    }

    AuditNote operator()(const SetPluginMode& it) const {
        return note(it.by, "plugin.mode", it.plugin,
                    "mode: " + (it.mode.empty() ? std::string("default") : it.mode));
    }

    AuditNote operator()(const ApproveRun& it) const {
        return of_run(it, "run.approve", format_id(kRunPrefix, it.run), "plan: " + it.hash);
    }

    AuditNote operator()(const RejectRun& it) const {
        return of_run(it, "run.reject", format_id(kRunPrefix, it.run), it.why);
    }

    AuditNote operator()(const StopActions& it) const {
        return of_run(it, it.on ? "actions.stop" : "actions.resume", "", it.why);
    }

    AuditNote operator()(const FreezeNode& it) const {
        return of_run(it, "node.freeze", it.node, it.why);
    }

    AuditNote operator()(const ThawNode& it) const { return of_run(it, "node.thaw", it.node); }

    AuditNote operator()(const LabelRun& it) const {
        return of_run(it, "run.label", format_id(kRunPrefix, it.run),
                      "as " + std::string(name_of(it.label)));
    }

    AuditNote operator()(const SettleRun& it) const {
        return of_run(it, "run.settle", to_string(it.key),
                      "as " +
                          std::string(kSettleVerdictNames[static_cast<std::size_t>(it.verdict)]));
    }

   private:
    template <typename Told>
    static AuditNote of_run(const Told& it, std::string action, std::string subject,
                            std::string reason = "") {
        AuditNote told = note(it.by, std::move(action), std::move(subject), std::move(reason));
        told.role = it.role == Role::None ? "" : name_of(it.role);
        told.from = it.from;
        return told;
    }

    static AuditNote note(const std::string& by, std::string action, std::string subject,
                          std::string reason = "") {
        AuditNote note;
        note.actor = by;
        note.action = std::move(action);
        note.subject = std::move(subject);
        note.reason = std::move(reason);
        return note;
    }
};

}  // namespace

AuditNote note_of(const Command& command) {
    return std::visit(NoteOf{}, command);
}

AuditNote bounded(AuditNote note) {
    for (std::string* name : {&note.actor, &note.role, &note.from, &note.action}) {
        *name = clean_text(*name, kNameBytesMax);
    }
    note.subject = clean_text(note.subject, kSubjectBytesMax);
    note.reason = clean_text(note.reason, kReasonBytesMax);
    return note;
}

std::string to_string(const AuditHead& head) {
    return std::to_string(head.sequence) + ":" + to_string(head.hash);
}

std::optional<AuditHead> parse_audit_head(std::string_view text) {
    AuditHead head;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, head.sequence);
    if (error != std::errc() || end == text_end || *end != ':') {
        return std::nullopt;
    }
    const auto hash = parse_sha256(text.substr(static_cast<std::size_t>(end - text.data()) + 1));
    if (!hash) {
        return std::nullopt;
    }
    head.hash = *hash;
    return head;
}

Sha256 hash_of(const Sha256& before, std::uint64_t sequence, const AuditRecord& record) {
    const AuditNote& note = record.note;
    std::string text;
    append_part(text, std::to_string(sequence));
    append_part(text, text_of(record.at));
    append_part(text, std::to_string(record.position));
    append_part(text, std::to_string(record.index));
    for (const std::string_view part :
         {std::string_view(note.actor), std::string_view(note.role), std::string_view(note.from),
          std::string_view(note.action), std::string_view(note.subject),
          kAuditOutcomeNames[static_cast<std::size_t>(note.outcome)],
          std::string_view(note.reason)}) {
        append_part(text, part);
    }
    return sha256_of({bytes_of(before), text});
}

std::string render_audit_entry(const AuditEntry& entry) {
    const AuditNote& note = entry.record.note;
    JsonWriter out;
    out.begin_object()
        .member("sequence", entry.sequence)
        .member("time", text_of(entry.record.at))
        .member("position", entry.record.position)
        .member("index", std::uint64_t{entry.record.index})
        .member("actor", note.actor)
        .member("role", note.role)
        .member("from", note.from)
        .member("action", note.action)
        .member("subject", note.subject)
        .member("outcome", kAuditOutcomeNames[static_cast<std::size_t>(note.outcome)])
        .member("reason", note.reason)
        .member("hash", to_string(entry.hash))
        .end_object();
    return out.take();
}

Status AuditChain::add(const AuditEntry& entry) {
    const std::uint64_t next = head_.sequence + 1;
    if (entry.sequence > next) {
        return problem(next, missing(next, entry.sequence - 1));
    }
    if (entry.sequence < next) {
        return problem(next, "in its place stands entry " + std::to_string(entry.sequence));
    }
    if (!are_equal(hash_of(head_.hash, entry.sequence, entry.record), entry.hash)) {
        return problem(next,
                       "its hash does not match: it is not as it was written, or does not follow "
                       "the entry before it");
    }
    head_ = {entry.sequence, entry.hash};
    return {};
}

Status AuditChain::end_at(const AuditHead& noted) const {
    if (noted.sequence > head_.sequence) {
        return problem(head_.sequence + 1, missing(head_.sequence + 1, noted.sequence) +
                                               "; the log was noted to end at entry " +
                                               std::to_string(noted.sequence));
    }
    if (noted.sequence < head_.sequence) {
        return problem(noted.sequence + 1, "stands after the end that was noted");
    }
    if (!are_equal(noted.hash, head_.hash)) {
        return problem(head_.sequence, "is not the one that the end of the log was noted with");
    }
    return {};
}

}  // namespace nocturne::model
