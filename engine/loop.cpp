#include "engine/loop.hpp"

#include "engine/committer.hpp"
#include "engine/deep_thread.hpp"
#include "engine/intake.hpp"
#include "engine/read_kills.hpp"
#include "engine/state.hpp"
#include "engine/view.hpp"
#include "model/codec.hpp"
#include "store/store.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <variant>

namespace nocturne::engine {

using model::Input;
using model::Position;
using model::Time;

namespace {

Time system_now() {
    return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
}

LoopOptions with_clock(LoopOptions options) {
    if (!options.clock) {
        options.clock = system_now;
    }
    return options;
}

store::IncidentRecord record_of(const Core& core, const model::Incident& incident) {
    store::IncidentRecord record;
    record.id = model::format_id(model::kIncidentPrefix, incident.id);
    record.opened_at = incident.opened_at;
    record.updated_at = incident.updated_at;
    record.resolved_at = incident.resolved_at;
    record.state = model::name_of(incident.state);
    record.severity = model::name_of(incident.severity);
    record.title = incident.title;
    record.json = render_incident(core, incident.id).value_or("{}");
    return record;
}

// Among the notes of one input the engine's come after those of the edge.
constexpr std::uint32_t kEngineNotesFrom = 1000;

// History keeps the turns of an incident's life, not each step of its growth.
bool belongs_to_history(model::Effect::Topic topic) {
    return model::is_about_incident(topic) && topic != model::Effect::Topic::IncidentUpdated;
}

}  // namespace

class Loop::Inside {
   public:
    using Pending = Intake::Pending;

    Inside(store::Store& store, Outbox& outbox, LoopOptions options)
        : store_(store), outbox_(outbox), options_(with_clock(std::move(options))),
          committer_(store, counters_), intake_(
                                            options_.queue_inputs_max, options_.queue_bytes_max,
                                            [this] { return is_tick_due(); }, counters_) {}

    ~Inside() { stop(); }

    Status recover() {
        Status status;
        run_deep([&] { status = recover_here(); });
        return status;
    }

    // A snapshot of another version: a journal that is there from its beginning gives the same
    // state.
    Status pass_over(const Error& error) {
        NOCTURNE_TRY(const Position first, store_.first_position());
        if (first != 1) {
            return fail(error);
        }
        recovery_.problems.push_back(error.message + "; the whole journal is replayed instead");
        return {};
    }

    Status recover_here() {
        core_.set_plugin_run(PluginRun::patient());
        NOCTURNE_TRY(std::optional<store::Snapshot> snapshot, store_.load_latest_snapshot());
        if (snapshot) {
            recovery_.problems = snapshot->problems;
            model::Reader in(snapshot->bytes);
            if (Result<Core> core = Core::decode(in, PluginRun::patient()); core) {
                core_ = *std::move(core);
                recovery_.snapshot_position = snapshot->position;
            } else {
                NOCTURNE_TRY_STATUS(pass_over(core.error()));
            }
        }
        NOCTURNE_TRY(std::vector<model::PluginKilled> kills,
                     read_kills(store_, core_.position() + 1));
        core_.foresee(std::move(kills));
        NOCTURNE_TRY(const Position delivered, store_.delivered());
        std::optional<Error> damage;
        NOCTURNE_TRY_STATUS(store_.read(core_.position() + 1, [&](const store::Entry& entry) {
            if (entry.position != core_.position() + 1) {
                damage = Error{ErrorCode::Damaged,
                               "the journal goes on at position " + std::to_string(entry.position) +
                                   " where " + std::to_string(core_.position() + 1) +
                                   " was expected; restore a backup of the data folder",
                               {}};
                return false;
            }
            Result<Input::Body> body = model::decode_body(entry.bytes);
            if (!body) {
                damage = body.error();
                damage->message =
                    "journal position " + std::to_string(entry.position) + ": " + damage->message;
                return false;
            }
            apply({entry.position, entry.at, *std::move(body)}, entry.position > delivered);
            ++recovery_.inputs_replayed;
            return true;
        }));
        if (damage) {
            return fail(*std::move(damage));
        }
        NOCTURNE_TRY(const Position last, store_.last_position());
        next_position_ = std::max(last, core_.position()) + 1;
        last_at_ = core_.now();
        snapshot_at_ = options_.clock();
        settings_ = core_.state().settings;
        core_.foresee({});
        core_.set_plugin_run(options_.plugin_run);
        return {};
    }

    void start() {
        if (core_.has_plugins()) {
            // First of all: what plugins kept outside of their state is lost here, and must be lost
            // at this place in each replay too.
            intake_.put_own(model::Checkpoint{});
            submit_kills();
        }
        writer_ = std::thread([this] { write_loop(); });
        applier_ = DeepThread([this] { apply_loop(); });
        if (options_.settings != settings_) {
            model::AuditNote note;
            note.actor = "nocturne";
            note.from = "start";
            note.action = "settings.change";
            Pending revision{
                options_.settings, sizeof(model::Settings), nullptr, {std::move(note)}};
            intake_.put(revision, Intake::Wait::Yes);
        }
    }

    // A kill depends on the clock, so it must be journaled: see
    // docs/decisions/0013-kills-and-checkpoints.md. Those that a stop overtakes are in the
    // snapshot, and submitted at the next start.
    void submit_kills() {
        for (model::PluginKilled& kill : core_.take_kills()) {
            intake_.put_own(std::move(kill));
        }
    }

    void follow_plugins() {
        if (!core_.has_plugins()) {
            return;
        }
        submit_kills();
        for (const auto& [plugin, text] : core_.take_plugin_logs()) {
            if (options_.plugin_log) {
                options_.plugin_log(plugin, text);
            }
        }
    }

    Intake& intake() { return intake_; }

    // On the caller's thread, when nothing is queued or being written. False: nothing was taken.
    bool write_here(Pending& pending) {
        if (!intake_.try_begin_writing(pending.bytes)) {
            return false;
        }
        std::vector<Pending> group;
        group.push_back(std::move(pending));
        if (const Status status = write(group); !status) {
            intake_.make_room(group.front().bytes);
            group.front().done(fail(status.error()));
        }
        intake_.end_writing();
        return true;
    }

    bool query(std::function<void(const Core&)> read) {
        std::lock_guard lock(apply_mutex_);
        if (applier_ended_) {
            return false;
        }
        to_apply_.emplace_back(std::move(read));
        apply_filled_.notify_one();
        return true;
    }

    void note(model::AuditNote note) {
        model::AuditRecord record;
        record.at = options_.clock();
        record.note = model::bounded(std::move(note));
        if (committer_.leave_note(std::move(record))) {
            intake_.ask_for_commit();
        }
    }

    void stop() {
        intake_.stop();
        if (writer_.joinable()) {
            writer_.join();
        }
        {
            std::lock_guard lock(apply_mutex_);
            writer_ended_ = true;
            apply_filled_.notify_all();
        }
        if (applier_.joinable()) {
            applier_.join();
            finish();
        }
    }

    Status health() const { return committer_.health(); }

    const Recovery& recovery() const { return recovery_; }

    const LoopCounters& counters() const { return counters_; }

    Time now() const { return options_.clock(); }

   private:
    // In the journal, and not yet in the core.
    struct Durable {
        Input input;
        std::size_t bytes = 0;
    };

    using Query = std::function<void(const Core&)>;
    using Work = std::variant<Durable, Query>;

    // ---- the writer thread: queue -> journal ----

    void write_loop() {
        std::vector<Pending> group;
        while (intake_.take_group(group, options_.group_inputs_max)) {
            const Status status = write(group);
            intake_.end_writing();
            if (!status) {
                intake_.put_back(group, status.error());
            }
            group.clear();
        }
    }

    bool is_tick_due() const {
        return Time(model::Duration(deadline_ms_.load())) <= options_.clock();
    }

    // By whoever is the writer. An error: nothing was written, and the group is as it was.
    Status write(std::vector<Pending>& group) {
        std::vector<store::PendingEntry> entries;
        entries.reserve(group.size());
        last_at_ = std::max(last_at_, options_.clock());
        Position position = next_position_;
        for (const Pending& pending : group) {
            store::PendingEntry& entry = entries.emplace_back();
            entry.position = position++;
            entry.at = last_at_;
            entry.kind = static_cast<std::uint8_t>(pending.body.index());
            entry.bytes = model::encode_body(pending.body);
            counters_.bytes_encoded += entry.bytes.size();
        }
        Status status = committer_.commit(entries, notes_of(group));
        if (status) {
            next_position_ = position;
            counters_.inputs += group.size();
            hand_over(group, position - group.size());
        }
        return status;
    }

    // Of a group that is about to be written.
    std::vector<model::AuditRecord> notes_of(const std::vector<Pending>& group) const {
        std::vector<model::AuditRecord> records;
        Position position = next_position_;
        for (const Pending& pending : group) {
            std::uint32_t index = 0;
            for (const model::AuditNote& note : pending.notes) {
                records.push_back({last_at_, position, index++, model::bounded(note)});
            }
            ++position;
        }
        return records;
    }

    // The answers leave before the core is woken, which would take a processor from the threads
    // that carry them; whoever has an answer and then asks the core still comes after the input.
    void hand_over(std::vector<Pending>& group, Position position) {
        {
            std::lock_guard lock(apply_mutex_);
            Position at = position;
            for (Pending& pending : group) {
                to_apply_.emplace_back(
                    Durable{{at++, last_at_, std::move(pending.body)}, pending.bytes});
            }
        }
        for (const Pending& pending : group) {
            if (pending.done) {
                pending.done(position);
            }
            ++position;
        }
        std::lock_guard lock(apply_mutex_);
        apply_filled_.notify_one();
    }

    // ---- the core thread: journal -> core -> outbox ----

    void apply_loop() {
        std::deque<Work> work;
        for (;;) {
            {
                std::unique_lock lock(apply_mutex_);
                apply_filled_.wait(lock, [&] { return writer_ended_ || !to_apply_.empty(); });
                if (to_apply_.empty()) {
                    applier_ended_ = true;
                    return;
                }
                work.swap(to_apply_);
            }
            while (!work.empty()) {
                if (const Durable* durable = std::get_if<Durable>(&work.front())) {
                    take(durable->input);
                    const std::size_t bytes = durable->bytes;
                    work.pop_front();  // its memory goes before there is room for another
                    intake_.make_room(bytes);
                } else {
                    std::get<Query>(work.front())(core_);
                    work.pop_front();
                }
            }
            save_snapshot_if_due();
        }
    }

    void take(const Input& input) {
        apply(input, true);
        follow_plugins();
        if (wants_snapshot_ && std::holds_alternative<model::Checkpoint>(input.body)) {
            wants_snapshot_ = false;
            save_snapshot();
        }
    }

    void apply(const Input& input, bool deliver) {
        effects_.clear();
        core_.apply(input, effects_);
        std::vector<store::IncidentRecord> records;
        for (const model::Effect& effect : effects_) {
            if (deliver) {
                outbox_.deliver(effect, core_);
            }
            if (belongs_to_history(effect.topic)) {
                const IncidentTable& incidents = core_.state().incidents;
                if (const Slot slot = incidents.find(effect.subject); slot != kNoSlot) {
                    records.push_back(record_of(core_, incidents[slot]));
                }
            }
        }
        deadline_ms_ = model::to_unix_ms(core_.next_deadline());
        std::vector<model::AuditRecord> notes;
        if (deliver) {  // else they were written with what was delivered
            std::uint32_t index = kEngineNotesFrom;
            for (const model::AuditNote& note : core_.state().audit) {
                notes.push_back({input.at, input.position, index++, model::bounded(note)});
            }
        }
        const bool has_notes = !notes.empty();
        committer_.leave(input.position, std::move(records), std::move(notes));
        if (has_notes) {  // they must not wait for the next input
            intake_.ask_for_commit();
        }
    }

    void save_snapshot_if_due() {
        const std::uint64_t bytes = counters_.bytes_encoded;
        const Time now = options_.clock();
        const bool due = bytes - snapshot_bytes_ >= options_.snapshot_every_bytes ||
                         (now - snapshot_at_ >= options_.snapshot_every &&
                          core_.position() > snapshot_position_);
        if (due && core_.has_plugins()) {
            // Right after a checkpoint plugins are as the snapshot will bring them back.
            if (!wants_snapshot_) {
                intake_.put_own(model::Checkpoint{});
            }
            wants_snapshot_ = true;
        } else if (due) {
            save_snapshot();
        }
        if (due) {
            snapshot_bytes_ = bytes;
            snapshot_at_ = now;
        }
    }

    void save_snapshot() {
        // What is in a snapshot is not applied again after a crash: what it left for the store must
        // be there first.
        if (!committer_.commit({}, {})) {
            ++counters_.snapshot_failures;
            return;
        }
        model::Writer out;
        core_.encode(out);
        if (const Status saved = store_.save_snapshot(core_.position(), out.bytes()); saved) {
            ++counters_.snapshots;
            snapshot_position_ = core_.position();
            retain();
        } else {
            ++counters_.snapshot_failures;
        }
    }

    void retain() {
        store::RetentionPolicy policy;
        policy.journal_max_age = options_.journal_keep;
        policy.history_max_age = options_.history_keep;
        // A failure here costs disk, not data; the next snapshot tries again.
        if (const auto removed = store_.retain(policy, core_.now(), snapshot_position_); !removed) {
            ++counters_.snapshot_failures;
        }
    }

    // After both threads: what the last inputs left for the store.
    void finish() {
        (void)committer_.commit({}, {}).has_value();  // health() tells
        if (core_.position() > snapshot_position_) {
            save_snapshot();
        }
    }

    store::Store& store_;
    Outbox& outbox_;
    LoopOptions options_;
    Recovery recovery_;
    LoopCounters counters_;
    model::Settings settings_;
    Committer committer_;
    Intake intake_;

    // Of the writer.
    Position next_position_ = 1;
    Time last_at_ = model::from_unix_ms(0);

    std::mutex apply_mutex_;
    std::condition_variable apply_filled_;
    std::deque<Work> to_apply_;   // guarded by apply_mutex_
    bool writer_ended_ = false;   // guarded by apply_mutex_
    bool applier_ended_ = false;  // guarded by apply_mutex_

    // Of the core thread.
    Core core_;
    std::vector<model::Effect> effects_;
    std::uint64_t snapshot_bytes_ = 0;
    Position snapshot_position_ = 0;
    Time snapshot_at_ = model::from_unix_ms(0);
    bool wants_snapshot_ = false;  // after the checkpoint that is on its way
    std::atomic<std::int64_t> deadline_ms_{INT64_MAX};

    std::thread writer_;
    DeepThread applier_;
};

Loop::Loop(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::start(store::Store& store, Outbox& outbox,
                                          LoopOptions options) {
    auto inside = std::make_unique<Inside>(store, outbox, std::move(options));
    NOCTURNE_TRY_STATUS(inside->recover());
    inside->start();
    return std::unique_ptr<Loop>(new Loop(std::move(inside)));
}

bool Loop::try_submit(Input::Body& body, std::size_t bytes, Done done, Writer writer, Notes notes) {
    Intake::Pending pending{std::move(body), bytes, std::move(done), std::move(notes)};
    const bool is_taken =
        (writer == Writer::Caller && pending.done && inside_->write_here(pending)) ||
        inside_->intake().put(pending, Intake::Wait::No);
    if (!is_taken) {
        body = std::move(pending.body);
    }
    return is_taken;
}

bool Loop::submit(Input::Body body, std::size_t bytes, Done done, Notes notes) {
    Intake::Pending pending{std::move(body), bytes, std::move(done), std::move(notes)};
    return inside_->intake().put(pending, Intake::Wait::Yes);
}

void Loop::note(model::AuditNote note) {
    inside_->note(std::move(note));
}

Result<Position> Loop::submit_and_wait(Input::Body body, Notes notes) {
    auto promise = std::make_shared<std::promise<Result<Position>>>();  // shared with a callback
                                                                        // that may outlive us
    std::future<Result<Position>> future = promise->get_future();
    const bool taken = submit(
        std::move(body), 0,
        [promise](const Result<Position>& position) { promise->set_value(position); },
        std::move(notes));
    if (!taken) {
        return fail(ErrorCode::Unavailable, "the daemon is stopping");
    }
    Result<Position> position = future.get();
    if (position) {
        query_and_wait([](const Core&) {});
    }
    return position;
}

bool Loop::query(std::function<void(const Core&)> read) {
    return inside_->query(std::move(read));
}

bool Loop::query_and_wait(const std::function<void(const Core&)>& read) {
    auto promise = std::make_shared<std::promise<void>>();  // as above
    std::future<void> future = promise->get_future();
    if (!query([promise, &read](const Core& core) {
            read(core);
            promise->set_value();
        })) {
        return false;
    }
    future.get();
    return true;
}

void Loop::stop() {
    inside_->stop();
}

Status Loop::health() const {
    return inside_->health();
}

const Recovery& Loop::recovery() const {
    return inside_->recovery();
}

model::Time Loop::now() const {
    return inside_->now();
}

const LoopCounters& Loop::counters() const {
    return inside_->counters();
}

}  // namespace nocturne::engine
