// A full disk: a clear error, nothing half there, and the same store goes on when there is room
// again.
#include "story.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <signal.h>

namespace nocturne::store {

using ::testing::HasSubstr;

namespace {

// Appends groups of three until one fails; returns its error.
Error fill(Store& store, model::Position& next) {
    for (int i = 0; i < 10'000; ++i) {
        const Status status = store.append(entries_from(next, 3, 9'000));
        if (!status) {
            return status.error();
        }
        next += 3;
    }
    return {};
}

}  // namespace

TEST(DiskFull, RefusesAGroupWholeAndGoesOnWhenThereIsRoom) {
    const Folder folder;
    const SmallDisk disk(folder.path());
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "needs the right to mount a file system (root)";
    }
    std::ofstream(folder.path() / "other") << std::string(600'000, 'x') << std::flush;
    auto store = open_store(folder);
    model::Position next = 1;

    const Error error = fill(*store, next);

    EXPECT_EQ(error.code, ErrorCode::Unavailable);
    EXPECT_THAT(error.message, AllOf(HasSubstr("full"), HasSubstr("free some space")));
    EXPECT_EQ(*store->last_position(), next - 1);
    EXPECT_EQ(positions_in(*store).size(), next - 1);
    EXPECT_GE(store->counters().commit_failures, 1U);

    std::filesystem::remove(folder.path() / "other");
    expect_ok(store->append(entries_from(next, 3, 9'000)));
    store = nullptr;
    EXPECT_EQ(*open_store(folder)->last_position(), next + 2);
}

TEST(DiskFull, FailsASnapshotAndKeepsTheOneBefore) {
    const Folder folder;
    const SmallDisk disk(folder.path());
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "needs the right to mount a file system (root)";
    }
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 3)));
    expect_ok(store->save_snapshot(2, "state at 2"));

    const Status status = store->save_snapshot(3, bytes_of(3, 20'000'000));

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::Unavailable);
    EXPECT_EQ((*store->load_latest_snapshot())->bytes, "state at 2");
}

TEST(DiskFull, SaysSoWhenThereIsNoRoomToBegin) {
    const Folder folder;
    const SmallDisk disk(folder.path(), "size=64k");
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "needs the right to mount a file system (root)";
    }
    std::ofstream(folder.path() / "other") << std::string(60'000, 'x') << std::flush;

    const auto store = Store::open(folder.path());

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::Unavailable);
}

// A write error that is no ENOSPC: a file may not grow beyond a limit.
TEST(DiskFull, TreatsAnyFailedWriteAlike) {
    const Folder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        auto store = Store::open(folder.path());
        rlimit limit{400'000, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        model::Position next = 1;
        const bool is_refused = fill(**store, next).code == ErrorCode::Unavailable;
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const bool goes_on = (*store)->append(entries_from(next, 3)).has_value();
        ::_exit(is_refused && goes_on && *(*store)->last_position() == next + 2 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);

    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_TRUE(Store::open(folder.path()));
}

}  // namespace nocturne::store
