// Crashes: kill -9 at any moment, and a log that the power cut tore.
#include "story.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <map>
#include <random>
#include <signal.h>

namespace nocturne::store {

namespace {

// Each entry says which group it belongs to, so that half a group can be told from a whole one.
std::vector<Entry> group_from(model::Position first, std::size_t count) {
    std::vector<Entry> group = entries_from(first, count);
    for (Entry& entry : group) {
        entry.bytes = std::to_string(first) + "+" + std::to_string(count) + " " + entry.bytes;
    }
    return group;
}

std::string state_at(model::Position position) {
    return bytes_of(position, 600'000);
}

// The child: appends groups and saves snapshots until it is killed, telling each acknowledged
// position.
[[noreturn]] void append_until_killed(const std::filesystem::path& folder, int acknowledged,
                                      unsigned seed) {
    auto store = Store::open(folder, {std::uint64_t{1} << 20});
    std::mt19937 random(seed);
    model::Position next = store ? *(*store)->last_position() + 1 : 0;
    while (store) {
        const std::size_t count = 1 + random() % 12;
        const bool is_done = (*store)->append(group_from(next, count), {next - 1, {}}).has_value();
        next += count;
        const model::Position last = next - 1;
        if (!is_done || ::write(acknowledged, &last, sizeof(last)) != sizeof(last)) {
            break;
        }
        if (random() % 8 == 0) {
            (void)(*store)->save_snapshot(last, state_at(last)).has_value();
            (void)(*store)
                ->retain({}, model::from_unix_ms(1'700'000'000'000 + 7 * 86'400'000LL), last)
                .has_value();
        }
    }
    ::_exit(1);
}

// The last position that the child acknowledged before it was killed in the middle of its work.
model::Position run_and_kill(const std::filesystem::path& folder, unsigned seed) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) {
        std::abort();
    }
    const pid_t child = ::fork();
    if (child == 0) {
        append_until_killed(folder, pipe[1], seed);
    }
    ::close(pipe[1]);
    model::Position acknowledged = 0;
    for (unsigned left = 1 + seed * 7 % 60; left > 0; --left) {
        EXPECT_EQ(::read(pipe[0], &acknowledged, sizeof(acknowledged)),
                  ssize_t{sizeof(acknowledged)});
    }
    ::kill(child, SIGKILL);
    for (model::Position last = 0; ::read(pipe[0], &last, sizeof(last)) == ssize_t{sizeof(last)};) {
        acknowledged = last;
    }
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    return acknowledged;
}

// Whole groups, one after the other, with the bytes that their positions ask for. Returns the last.
model::Position check_whole_groups(Store& store) {
    model::Position last = 0;
    std::map<std::string, std::size_t> groups;
    expect_ok(store.read(1, [&](const Entry& entry) {
        if (last != 0) {
            EXPECT_EQ(entry.position, last + 1);
        }
        last = entry.position;
        const std::size_t space = entry.bytes.find(' ');
        ++groups[entry.bytes.substr(0, space)];
        EXPECT_EQ(entry.bytes.substr(space + 1), bytes_of(entry.position));
        return true;
    }));
    const model::Position first = *store.first_position();
    for (const auto& [name, count] : groups) {
        if (std::stoull(name) >= first) {  // retention may have cut the oldest
            EXPECT_EQ(std::stoull(name.substr(name.find('+') + 1)), count) << name;
        }
    }
    return last;
}

}  // namespace

// What is proven is that no process's end loses or halves anything; that the disk has it is the
// business of fdatasync, and of the test after this one.
TEST(Crash, KeepsAllThatWasAcknowledgedAndNoHalfGroup) {
    const Folder folder;
    for (unsigned round = 1; round <= 20; ++round) {
        const model::Position acknowledged = run_and_kill(folder.path(), round);

        const auto store = open_store(folder);
        ASSERT_TRUE(store);
        EXPECT_GE(check_whole_groups(*store), acknowledged);
        const auto snapshot = store->load_latest_snapshot();
        ASSERT_TRUE(snapshot) << to_string(snapshot.error());
        if (*snapshot) {
            EXPECT_EQ((*snapshot)->bytes, state_at((*snapshot)->position));
            EXPECT_TRUE((*snapshot)->problems.empty());
        }
    }
}

TEST(Crash, LeavesAPrefixOfWholeGroupsWhenTheLogIsTorn) {
    const Folder folder;
    const auto store = open_store(folder);
    for (model::Position first = 1; first <= 60; first += 4) {
        expect_ok(store->append(group_from(first, 4)));
    }
    const std::filesystem::path log = folder.path() / "nocturne.db-wal";
    const std::uintmax_t size = std::filesystem::file_size(log);
    model::Position longest = 0;
    for (std::uintmax_t cut = 0; cut <= size; cut += 7'001) {
        const Folder after;
        std::filesystem::copy_file(file_in(folder), file_in(after));
        std::filesystem::copy_file(log, after.path() / "nocturne.db-wal");
        std::filesystem::resize_file(after.path() / "nocturne.db-wal", cut);

        const auto survivor = Store::open(after.path());

        ASSERT_TRUE(survivor) << to_string(survivor.error());
        const model::Position last = check_whole_groups(**survivor);
        EXPECT_GE(last, longest);
        longest = last;
        expect_ok((*survivor)->append(group_from(last + 1, 4)));
    }
    EXPECT_GE(longest, 52U);
}

}  // namespace nocturne::store
