// Snapshots: whole or not at all, and never in the way of the journal for long.
#include "story.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace nocturne::store {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Snapshot, IsNothingAtFirst) {
    const Folder folder;
    const auto snapshot = open_store(folder)->load_latest_snapshot();

    ASSERT_TRUE(snapshot);
    EXPECT_FALSE(snapshot->has_value());
}

TEST(Snapshot, ComesBackWholeWhateverItsSize) {
    const Folder folder;
    const auto store = open_store(folder);
    model::Position position = 0;
    for (const std::size_t size : {0U, 1U, 262'144U, 262'145U, 5'000'000U}) {
        const std::string state = size == 0 ? std::string() : bytes_of(size, size);
        expect_ok(store->append(entries_from(++position, 1)));

        expect_ok(store->save_snapshot(position, state));
        const auto snapshot = store->load_latest_snapshot();

        ASSERT_TRUE(snapshot && *snapshot);
        EXPECT_EQ((*snapshot)->position, position);
        EXPECT_EQ((*snapshot)->bytes, state);
        EXPECT_THAT((*snapshot)->problems, IsEmpty());
    }
}

TEST(Snapshot, KeepsTheNewestTwo) {
    const Folder folder;
    {
        const auto store = open_store(folder);
        expect_ok(store->append(entries_from(1, 9)));
        for (const model::Position position : {2U, 4U, 6U, 8U, 8U}) {
            expect_ok(store->save_snapshot(position, bytes_of(position, 600'000)));
        }
    }

    auto database = Database::open(file_in(folder).string(), Database::Mode::ReadOnly);
    EXPECT_EQ(*database->integer("SELECT count(*) FROM snapshot"), 2);
    EXPECT_EQ(*database->integer("SELECT count(*) FROM snapshot_piece"), 6);
}

TEST(Snapshot, GivesWayToTheOneBeforeWhenItIsDamaged) {
    for (const char* fault :
         {"UPDATE snapshot_piece SET row = substr(row, 1, 900) WHERE snapshot = 2 AND piece = 1",
          "DELETE FROM snapshot_piece WHERE snapshot = 2 AND piece = 2",
          "UPDATE snapshot_piece SET row = (SELECT row FROM snapshot_piece WHERE snapshot = 1 AND "
          "piece = 1) WHERE snapshot = 2 AND piece = 1",
          "UPDATE snapshot SET bytes = 1 << 60 WHERE id = 2"}) {
        const Folder folder;
        {
            const auto store = open_store(folder);
            expect_ok(store->append(entries_from(1, 9)));
            expect_ok(store->save_snapshot(3, bytes_of(3, 700'000)));
            expect_ok(store->save_snapshot(6, bytes_of(6, 700'000)));
        }
        run_sql(folder, fault);

        const auto store = open_store(folder);
        const auto snapshot = store->load_latest_snapshot();

        ASSERT_TRUE(snapshot && *snapshot) << fault;
        EXPECT_EQ((*snapshot)->position, 3U);
        EXPECT_EQ((*snapshot)->bytes, bytes_of(3, 700'000));
        EXPECT_THAT((*snapshot)->problems, ElementsAre(HasSubstr("position 6")));
        EXPECT_EQ(store->counters().snapshots_damaged, 1U);
    }
}

TEST(Snapshot, IsNotNeededWhileTheJournalHasItsBeginning) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(6, "state"));
    run_sql(folder, "UPDATE snapshot_piece SET row = x'00'");

    const auto snapshot = store->load_latest_snapshot();

    ASSERT_TRUE(snapshot) << to_string(snapshot.error());
    EXPECT_FALSE(snapshot->has_value());
    EXPECT_EQ(store->counters().snapshots_damaged, 1U);
}

TEST(Snapshot, IsDamageWhenNeitherItNorTheJournalHasTheState) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(6, "state"));
    run_sql(folder,
            "UPDATE snapshot_piece SET row = x'00'; DELETE FROM journal WHERE position < 7");

    const auto snapshot = store->load_latest_snapshot();

    ASSERT_FALSE(snapshot);
    EXPECT_EQ(snapshot.error().code, ErrorCode::Damaged);
    EXPECT_THAT(snapshot.error().message,
                AllOf(HasSubstr("position 6"), HasSubstr("restore a backup")));
}

TEST(Snapshot, IsSavedWhileOthersAppendAndRead) {
    const Folder folder;
    const auto store = open_store(folder);
    const std::string state = bytes_of(1, 6'000'000);
    expect_ok(store->append(entries_from(1, 1)));

    std::thread writer([&] {
        for (model::Position position = 2; position <= 300; ++position) {
            expect_ok(store->append(entries_from(position, 1), {position - 1, {}}));
        }
    });
    std::thread reader([&] {
        for (int i = 0; i < 50; ++i) {
            EXPECT_TRUE(store->last_position());
            EXPECT_TRUE(store->load_latest_snapshot());
        }
    });
    for (int i = 0; i < 4; ++i) {
        expect_ok(store->save_snapshot(1, state));
    }
    writer.join();
    reader.join();

    EXPECT_EQ(positions_in(*store).size(), 300U);
    EXPECT_EQ((*store->load_latest_snapshot())->bytes, state);
}

}  // namespace nocturne::store
