// What the loop brings into the audit log: orders with who gave them, what the engine says to them,
// refusals; each once, whatever happens to the process.
#include "engine/loop.hpp"
#include "store/store.hpp"
#include "tests/engine/deaf_outbox.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <stdexcept>

namespace nocturne::engine {
namespace {

using ::testing::HasSubstr;

template <typename T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(to_string(result.error()));
    }
    return *std::move(result);
}

// Of an incident that is not there, so that the engine has something to say, too.
model::Command order(int number) {
    return model::AcknowledgeIncident{{static_cast<model::Position>(number), 0}, "anna"};
}

model::AuditNote note_of_order(int number) {
    model::AuditNote note = model::note_of(order(number));
    note.role = "responder";
    note.from = "10.1.2.3";
    return note;
}

// In order.
std::vector<model::AuditEntry> entries_in(const TemporaryFolder& folder) {
    const auto store = must(store::Store::open_read_only(folder.path()));
    const auto findings = must(store->check_audit());
    EXPECT_FALSE(findings.problem) << *findings.problem;
    std::vector<model::AuditEntry> entries;
    const Status read = store->read_audit(1, [&](const model::AuditEntry& entry) {
        entries.push_back(entry);
        return true;
    });
    EXPECT_TRUE(read);
    return entries;
}

}  // namespace

TEST(AuditedLoop, HasAnOrderInTheLogOnceItIsAnswered) {
    const TemporaryFolder folder;
    const auto store = must(store::Store::open(folder.path()));
    DeafOutbox outbox;
    const auto loop = must(Loop::start(*store, outbox, {}));
    const model::Command silence = model::AddSilence{
        "check=\"latency\"", model::kNoTime, model::from_unix_ms(4e12), "anna", "deploy", false};

    const model::Position position =
        must(loop->submit_and_wait(silence, {model::note_of(silence)}));

    const auto entries = entries_in(folder);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].record.position, position);
    EXPECT_EQ(entries[0].record.note.actor, "anna");
    EXPECT_EQ(entries[0].record.note.action, "silence.add");
    EXPECT_EQ(entries[0].record.note.subject, "check=\"latency\"");
    EXPECT_EQ(entries[0].record.note.outcome, model::AuditOutcome::Accepted);
}

TEST(AuditedLoop, TellsWhatTheEngineSaysToAnOrderAfterIt) {
    const TemporaryFolder folder;
    const auto store = must(store::Store::open(folder.path()));
    DeafOutbox outbox;
    const auto loop = must(Loop::start(*store, outbox, {}));

    const model::Position position = must(loop->submit_and_wait(order(7), {note_of_order(7)}));
    loop->stop();

    const auto entries = entries_in(folder);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].record.note, note_of_order(7));
    EXPECT_EQ(entries[1].record.position, position);
    EXPECT_EQ(entries[1].record.note.outcome, model::AuditOutcome::Refused);
    EXPECT_THAT(entries[1].record.note.reason, HasSubstr("no such incident"));
}

TEST(AuditedLoop, WritesARefusalWithoutWaitingForTheNextInput) {
    const TemporaryFolder folder;
    const auto store = must(store::Store::open(folder.path()));
    DeafOutbox outbox;
    const auto loop = must(Loop::start(*store, outbox, {}));
    model::AuditNote refusal;
    refusal.from = "10.6.6.6";
    refusal.action = "POST /api/v1/silences";
    refusal.outcome = model::AuditOutcome::Refused;

    loop->note(refusal);

    std::vector<model::AuditEntry> entries;
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
         entries.empty() && std::chrono::steady_clock::now() < until;) {
        entries = entries_in(folder);
    }
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].record.note, refusal);
    EXPECT_EQ(entries[0].record.position, 0U);
}

namespace {

// Orders until it is killed, telling each that was answered. A snapshot after each batch of work.
[[noreturn]] void order_until_killed(const TemporaryFolder& folder, int answered) {
    auto store = store::Store::open(folder.path());
    DeafOutbox outbox;
    LoopOptions options;
    options.snapshot_every_bytes = 1;
    auto loop = store ? Loop::start(**store, outbox, options)
                      : Result<std::unique_ptr<Loop>>(fail(store.error()));
    for (int number = 1; loop; ++number) {
        const bool is_taken =
            (*loop)->submit(order(number), 0,
                            [answered](const Result<model::Position>& position) {
                                if (!position || ::write(answered, &*position, sizeof(*position)) !=
                                                     sizeof(*position)) {
                                    ::_exit(1);
                                }
                            },
                            {note_of_order(number)});
        if (!is_taken) {
            break;
        }
    }
    ::_exit(1);
}

}  // namespace

TEST(AuditedLoop, LosesNothingAndDoublesNothingWhenTheProcessIsKilled) {
    const TemporaryFolder folder;
    for (unsigned round = 1; round <= 15; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            order_until_killed(folder, pipe[1]);
        }
        ::close(pipe[1]);
        model::Position answered = 0;
        for (unsigned left = 1 + round * 37 % 300; left > 0; --left) {
            ASSERT_EQ(::read(pipe[0], &answered, sizeof(answered)), ssize_t{sizeof(answered)});
        }
        ::kill(child, SIGKILL);
        for (model::Position last = 0;
             ::read(pipe[0], &last, sizeof(last)) == ssize_t{sizeof(last)};) {
            answered = last;
        }
        ::close(pipe[0]);
        ::waitpid(child, nullptr, 0);

        model::Position last = 0;
        {
            const auto store = must(store::Store::open(folder.path()));
            DeafOutbox outbox;
            const auto loop = must(Loop::start(*store, outbox, {}));
            last = must(store->last_position());
            loop->stop();
        }

        std::map<model::Position, std::pair<int, int>> entries;  // of the edge, of the engine
        for (const model::AuditEntry& entry : entries_in(folder)) {
            auto& [edge, engine] = entries[entry.record.position];
            ++(entry.record.index == 0 ? edge : engine);
        }
        EXPECT_GE(last, answered);
        for (model::Position position = 1; position <= last; ++position) {
            ASSERT_EQ(entries[position], std::pair(1, 1)) << position << " of " << last;
        }
        EXPECT_EQ(entries.size(), last);
    }
}

}  // namespace nocturne::engine
