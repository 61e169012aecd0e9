// The audit log: whatever is done to it behind the store's back is found, and its first bad entry
// is named; whatever happens to the process, nothing is lost and nothing stands there twice.
#include "story.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <functional>
#include <map>
#include <random>
#include <signal.h>

namespace nocturne::store {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace {

constexpr int kEntries = 7;

model::AuditRecord record_at(model::Position position, std::uint32_t index = 0) {
    model::AuditRecord record;
    record.at = model::from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(position));
    record.position = position;
    record.index = index;
    record.note = {position % 2 == 0 ? "anna" : "bob",
                   "responder",
                   "10.1.2.3",
                   position % 3 == 0 ? "silence.add" : "incident.acknowledge",
                   "I" + std::to_string(position) + "-0",
                   {},
                   "on it"};
    return record;
}

std::unique_ptr<Store> store_with_entries(const Folder& folder, int entries = kEntries) {
    auto store = open_store(folder);
    for (int i = 1; i <= entries; ++i) {
        const auto position = static_cast<model::Position>(i);
        expect_ok(store->append({{entry_at(position, 100)}}, {{}, {}, {record_at(position)}}));
    }
    return store;
}

AuditFindings check(const Folder& folder, const std::optional<model::AuditHead>& noted = {}) {
    const auto store = Store::open_read_only(folder.path());
    EXPECT_TRUE(store) << to_string(store.error());
    auto findings = (*store)->check_audit(noted);
    EXPECT_TRUE(findings) << to_string(findings.error());
    return findings ? *findings : AuditFindings();
}

std::string problem_of(const Folder& folder, const std::optional<model::AuditHead>& noted = {}) {
    return check(folder, noted).problem.value_or("");
}

std::string entry(int sequence) {
    return "entry " + std::to_string(sequence) + ": ";
}

// The bytes of one cell, as they are in the row.
struct Cell {
    bool is_number = false;
    bool is_text = false;
    std::string bytes;
    std::int64_t number = 0;
};

Cell read_cell(const Folder& folder, const std::string& column, int sequence) {
    auto database = must(Database::open(file_in(folder).string(), Database::Mode::ReadOnly));
    Statement row =
        must(database.prepare("SELECT " + column + ", typeof(" + column +
                              ") FROM audit WHERE sequence = " + std::to_string(sequence)));
    must(row.step());
    const bool is_number = row.bytes(1) == "integer";
    return {is_number, row.bytes(1) == "text", std::string(row.bytes(0)), row.integer(0)};
}

void write_cell(const Folder& folder, const std::string& column, int sequence, const Cell& cell) {
    auto database = must(Database::open(file_in(folder).string(), Database::Mode::ReadWrite));
    Statement update = must(database.prepare("UPDATE audit SET " + column +
                                             " = ?1 WHERE sequence = " + std::to_string(sequence)));
    if (cell.is_number) {
        update.bind(1, cell.number);
    } else if (cell.is_text) {
        update.bind_text(1, cell.bytes);
    } else {
        update.bind_blob(1, cell.bytes);
    }
    expect_ok(update.run());
}

const std::vector<std::string> kColumns{"at",     "position", "item",    "actor",  "role", "origin",
                                        "action", "subject",  "outcome", "reason", "hash"};

}  // namespace

TEST(Audit, IsSoundAsItWasWritten) {
    const Folder folder;
    const auto store = store_with_entries(folder);

    const auto findings = store->check_audit();

    ASSERT_TRUE(findings) << to_string(findings.error());
    EXPECT_FALSE(findings->problem) << *findings->problem;
    EXPECT_EQ(findings->head.sequence, std::uint64_t{kEntries});
    EXPECT_EQ(findings->head, *store->audit_head());
}

TEST(Audit, GoesOnAfterARestartInTheSameChain) {
    const Folder folder;
    const model::AuditHead before = *store_with_entries(folder)->audit_head();

    expect_ok(open_store(folder)->append({}, {{}, {}, {record_at(8), record_at(8, 1)}}));

    EXPECT_EQ(problem_of(folder, before), "");
    EXPECT_EQ(check(folder).head.sequence, std::uint64_t{kEntries + 2});
}

// Each bit of each byte of each column of each row.
TEST(Audit, TellsAnyChangeOfAnyByteOfAnyRow) {
    const Folder folder;
    store_with_entries(folder, 3);
    for (int sequence = 1; sequence <= 3; ++sequence) {
        for (const std::string& column : kColumns) {
            const Cell sound = read_cell(folder, column, sequence);
            const std::size_t bytes = sound.is_number ? sizeof(sound.number) : sound.bytes.size();
            ASSERT_GT(bytes, 0U) << column;
            for (std::size_t at = 0; at < bytes; ++at) {
                Cell changed = sound;
                if (sound.is_number) {
                    changed.number ^= std::int64_t{1} << (8 * at + at % 8);
                } else {
                    changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ (1 << (at % 7)));
                }
                write_cell(folder, column, sequence, changed);

                ASSERT_THAT(problem_of(folder), StartsWith(entry(sequence)))
                    << column << " byte " << at;
            }
            write_cell(folder, column, sequence, sound);
        }
    }
    EXPECT_EQ(problem_of(folder), "");
}

TEST(Audit, TellsWhereAWordWentFromOneFieldToTheNext) {
    const Folder folder;
    store_with_entries(folder);

    run_sql(folder, "UPDATE audit SET actor = 'ann', role = 'aresponder' WHERE sequence = 4");

    EXPECT_THAT(problem_of(folder), StartsWith(entry(4)));
}

TEST(Audit, TellsAnyRowThatIsGone) {
    for (int sequence = 1; sequence <= kEntries; ++sequence) {
        const Folder folder;
        store_with_entries(folder);

        run_sql(folder, "DELETE FROM audit WHERE sequence = " + std::to_string(sequence));

        EXPECT_THAT(problem_of(folder), AllOf(StartsWith(entry(sequence)), HasSubstr("missing")));
    }
}

// The rows after it closed up, so that no number is missing.
TEST(Audit, TellsARowThatIsGoneEvenWhenTheOthersAreNumberedAnew) {
    for (int sequence = 1; sequence < kEntries; ++sequence) {
        const Folder folder;
        store_with_entries(folder);

        const std::string number = std::to_string(sequence);
        run_sql(folder, "DELETE FROM audit WHERE sequence = " + number);
        for (int after = sequence + 1; after <= kEntries; ++after) {
            run_sql(folder, "UPDATE audit SET sequence = sequence - 1 WHERE sequence = " +
                                std::to_string(after));
        }

        EXPECT_THAT(problem_of(folder), StartsWith(entry(sequence)));
    }
}

TEST(Audit, TellsAnyTwoRowsThatChangedPlaces) {
    for (int first = 1; first <= kEntries; ++first) {
        for (int second = first + 1; second <= kEntries; ++second) {
            const Folder folder;
            store_with_entries(folder);
            const std::string one = std::to_string(first);
            const std::string other = std::to_string(second);

            const auto move = [&](const std::string& from, const std::string& to) {
                run_sql(folder, "UPDATE audit SET sequence = " + to + " WHERE sequence = " + from);
            };
            move(one, "-1");
            move(other, one);
            move("-1", other);

            ASSERT_THAT(problem_of(folder), StartsWith(entry(first)));
        }
    }
}

TEST(Audit, TellsAnyLengthOfTheTailThatIsCutOff) {
    for (int last = 0; last < kEntries; ++last) {
        const Folder folder;
        store_with_entries(folder);

        run_sql(folder, "DELETE FROM audit WHERE sequence > " + std::to_string(last));

        EXPECT_THAT(problem_of(folder),
                    AllOf(StartsWith(entry(last + 1)), HasSubstr("noted to end at entry 7")));
    }
}

TEST(Audit, TellsAnEntryThatSomebodyAddedAndDoesNotGoOnAfterIt) {
    const Folder folder;
    store_with_entries(folder);

    run_sql(folder, "INSERT INTO audit SELECT 8, at, position, item, actor, role, origin, action, "
                    "subject, outcome, reason, hash FROM audit WHERE sequence = 7");

    EXPECT_THAT(problem_of(folder), StartsWith(entry(8)));
    const auto opened = Store::open(folder.path());
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("after its end, entry 7"));
}

TEST(Audit, TellsAnyChangeOfTheNoteOfItsEnd) {
    for (const std::string change :
         {"UPDATE audit_head SET sequence = 6", "UPDATE audit_head SET sequence = 8",
          "UPDATE audit_head SET hash = zeroblob(32)", "UPDATE audit_head SET hash = x'00'",
          "DELETE FROM audit_head"}) {
        const Folder folder;
        store_with_entries(folder);

        run_sql(folder, change);

        EXPECT_NE(problem_of(folder), "") << change;
    }
}

// Who owns the file can cut the log and set its end anew; what was noted elsewhere still tells.
TEST(Audit, TellsByAnEndThatWasNotedElsewhereThatItsOwnNoteWasForged) {
    const Folder folder;
    const model::AuditHead noted = *store_with_entries(folder)->audit_head();
    run_sql(folder, "DELETE FROM audit WHERE sequence > 4; UPDATE audit_head SET sequence = 4, "
                    "hash = (SELECT hash FROM audit WHERE sequence = 4)");
    ASSERT_EQ(problem_of(folder), "");

    EXPECT_THAT(problem_of(folder, noted), StartsWith("entry 5: missing, with those up to 7"));

    const auto forger = open_store(folder);
    expect_ok(forger->append({}, {{}, {}, {record_at(5), record_at(6), record_at(17)}}));
    EXPECT_EQ(problem_of(folder), "");
    EXPECT_THAT(problem_of(folder, noted), StartsWith(entry(7)));
}

TEST(Audit, KeepsATailThatWasCutOffVisibleWhenItGoesOn) {
    const Folder folder;
    store_with_entries(folder);
    run_sql(folder, "DELETE FROM audit WHERE sequence > 5");

    expect_ok(open_store(folder)->append({}, {{}, {}, {record_at(8)}}));

    EXPECT_THAT(problem_of(folder), StartsWith("entry 6: missing, with those up to 7"));
}

TEST(Audit, IsNotTouchedByRetention) {
    const Folder folder;
    const auto store = store_with_entries(folder);
    expect_ok(store->save_snapshot(6, "state"));
    expect_ok(store->save_snapshot(7, "state"));

    const auto removed =
        store->retain({}, model::from_unix_ms(1'700'000'000'000) + std::chrono::days(4'000), 7);

    ASSERT_TRUE(removed);
    EXPECT_GT(removed->journal_rows, 0U);
    EXPECT_EQ(problem_of(folder), "");
}

TEST(Audit, ListsByActorActionAndTimeNewestFirstPageByPage) {
    const Folder folder;
    const auto store = store_with_entries(folder);
    const auto list = [&](const AuditQuery& query) {
        std::vector<std::uint64_t> sequences;
        for (const model::AuditEntry& it : must(store->list_audit(query))) {
            sequences.push_back(it.sequence);
        }
        return sequences;
    };

    AuditQuery anna;
    anna.actor = "anna";
    EXPECT_THAT(list(anna), ElementsAre(6, 4, 2));
    anna.action = "silence";
    EXPECT_THAT(list(anna), ElementsAre(6));
    AuditQuery word;
    word.action = "incident.ack";  // a part of a word is none
    EXPECT_THAT(list(word), ElementsAre());
    AuditQuery page;
    page.limit = 2;
    page.before = 6;
    EXPECT_THAT(list(page), ElementsAre(5, 4));
    AuditQuery recent;
    recent.since = model::from_unix_ms(1'700'000'000'006);
    EXPECT_THAT(list(recent), ElementsAre(7, 6));
}

TEST(Audit, IsSoundAfterEachEntryWhenTheInputIsRefused) {
    const Folder folder;
    const auto store = store_with_entries(folder, 2);

    const Status again = store->append({{entry_at(2)}}, {{}, {}, {record_at(2)}});
    expect_ok(store->append({{entry_at(3)}}, {{}, {}, {record_at(3)}}));

    EXPECT_FALSE(again);
    EXPECT_EQ(problem_of(folder), "");
    EXPECT_EQ(check(folder).head.sequence, 3U);
}

namespace {

[[noreturn]] void audit_until_killed(const std::filesystem::path& folder, int acknowledged,
                                     unsigned seed) {
    auto store = Store::open(folder);
    std::mt19937 random(seed);
    model::Position next = store ? *(*store)->last_position() + 1 : 0;
    while (store) {
        Extras extras;
        const std::vector<Entry> entries = entries_from(next, 1 + random() % 5, 200);
        for (const Entry& it : entries) {
            extras.audit.push_back(record_at(it.position, 0));
            if (it.position % 3 == 0) {
                extras.audit.push_back(record_at(it.position, 1));
            }
        }
        next += entries.size();
        const model::Position last = next - 1;
        if (!(*store)->append(entries, extras) ||
            ::write(acknowledged, &last, sizeof(last)) != sizeof(last)) {
            break;
        }
    }
    ::_exit(1);
}

}  // namespace

TEST(Audit, LosesNothingAndDoublesNothingWhenTheProcessIsKilled) {
    const Folder folder;
    for (unsigned round = 1; round <= 20; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            audit_until_killed(folder.path(), pipe[1], round);
        }
        ::close(pipe[1]);
        model::Position acknowledged = 0;
        for (unsigned left = 1 + round * 7 % 40; left > 0; --left) {
            ASSERT_EQ(::read(pipe[0], &acknowledged, sizeof(acknowledged)),
                      ssize_t{sizeof(acknowledged)});
        }
        ::kill(child, SIGKILL);
        for (model::Position last = 0;
             ::read(pipe[0], &last, sizeof(last)) == ssize_t{sizeof(last)};) {
            acknowledged = last;
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);

        ASSERT_EQ(problem_of(folder), "");
        const auto store = open_store(folder);
        const model::Position last = *store->last_position();
        EXPECT_GE(last, acknowledged);
        std::map<model::Position, int> entries;
        expect_ok(store->read_audit(1, [&](const model::AuditEntry& it) {
            ++entries[it.record.position];
            return true;
        }));
        for (model::Position position = 1; position <= last; ++position) {
            ASSERT_EQ(entries[position], position % 3 == 0 ? 2 : 1) << position;
        }
        EXPECT_EQ(entries.size(), last);
    }
}

}  // namespace nocturne::store
