// Retention: takes what is old, never what recovery needs.
#include "story.hpp"

#include <gmock/gmock.h>

namespace nocturne::store {

using ::testing::ElementsAre;

namespace {

constexpr model::Position kAll = 1'000'000;

model::Time long_after() {
    return model::from_unix_ms(1'800'000'000'000);
}

}  // namespace

TEST(Retention, RemovesOldEntriesUpToTheOlderSnapshot) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(4, "state"));
    expect_ok(store->save_snapshot(7, "state"));

    const auto removed = store->retain({}, long_after(), 7);

    ASSERT_TRUE(removed) << to_string(removed.error());
    EXPECT_EQ(removed->journal_rows, 4U);
    EXPECT_FALSE(removed->has_more);
    EXPECT_THAT(positions_in(*store), ElementsAre(5, 6, 7, 8, 9));
}

TEST(Retention, LeavesRecoveryAWayAfterADamagedSnapshot) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(4, "state at 4"));
    expect_ok(store->save_snapshot(9, "state at 9"));
    ASSERT_TRUE(store->retain({}, long_after(), kAll));
    run_sql(folder, "UPDATE snapshot_piece SET row = x'00' WHERE snapshot = 2");

    const auto snapshot = store->load_latest_snapshot();

    ASSERT_TRUE(snapshot && *snapshot) << to_string(snapshot.error());
    EXPECT_EQ((*snapshot)->bytes, "state at 4");
    EXPECT_THAT(positions_in(*store, 5), ElementsAre(5, 6, 7, 8, 9));
}

TEST(Retention, RemovesNoEntryBeforeThereAreTwoSnapshots) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(9, "state"));

    EXPECT_EQ(store->retain({}, long_after(), kAll)->journal_rows, 0U);
}

TEST(Retention, KeepsWhatIsYoungOrStillNeededByTheCaller) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));
    expect_ok(store->save_snapshot(9, "state"));
    expect_ok(store->save_snapshot(9, "state"));
    RetentionPolicy policy;
    policy.journal_max_age = model::Duration(10);

    EXPECT_EQ(store->retain(policy, entry_at(9).at + model::Duration(5), 2)->journal_rows, 2U);
    EXPECT_EQ(store->retain(policy, entry_at(9).at + model::Duration(5), kAll)->journal_rows, 1U);
    EXPECT_EQ(*store->first_position(), 4U);
}

TEST(Retention, KeepsTheNewestEntrySoThatPositionsGoOn) {
    const Folder folder;
    {
        const auto store = open_store(folder);
        expect_ok(store->append(entries_from(1, 9), {8, {}}));
        expect_ok(store->save_snapshot(9, "state"));
        expect_ok(store->save_snapshot(9, "state"));
        ASSERT_TRUE(store->retain({}, long_after(), kAll));
    }

    const auto store = open_store(folder);
    EXPECT_EQ(*store->last_position(), 9U);
    EXPECT_EQ(*store->delivered(), 8U);
    EXPECT_FALSE(store->append(entries_from(9, 1)));
}

TEST(Retention, BringsAFileThatIsTooLargeBackAndGivesSpaceToTheDisk) {
    const Folder folder;
    const auto store = open_store(folder);
    for (model::Position position = 1; position <= 2'000; position += 100) {
        expect_ok(store->append(entries_from(position, 100, 12'000)));
    }
    expect_ok(store->save_snapshot(2'000, "state"));
    expect_ok(store->save_snapshot(2'000, "state"));
    RetentionPolicy policy;
    policy.journal_max_age = model::Duration::zero();
    policy.file_bytes_max = 4U << 20;

    Removed all;
    for (bool has_more = true; has_more;) {
        const auto removed = store->retain(policy, entry_at(1).at, kAll);
        ASSERT_TRUE(removed) << to_string(removed.error());
        all.journal_rows += removed->journal_rows;
        all.file_bytes += removed->file_bytes;
        has_more = removed->has_more;
    }

    EXPECT_GT(all.journal_rows, 500U);
    EXPECT_LT(all.journal_rows, 1'900U);
    EXPECT_GT(all.file_bytes, 1U << 20);
}

TEST(Retention, ForgetsOldAndSurplusIncidentsThatAreOver) {
    const Folder folder;
    const auto store = open_store(folder);
    Extras extras;
    for (int number = 0; number < 10; ++number) {
        IncidentRecord record;
        record.id = "I" + std::to_string(number) + "-0";
        record.opened_at = record.updated_at = model::from_unix_ms(1'000);
        record.resolved_at =
            number == 3 ? model::kNoTime : model::from_unix_ms(10'000 + number * 1'000);
        record.state = number == 3 ? "open" : "resolved";
        extras.history.push_back(record);
    }
    expect_ok(store->append({}, extras));
    RetentionPolicy policy;
    policy.history_max_age = model::Duration(1'000);

    EXPECT_EQ(store->retain(policy, model::from_unix_ms(13'500), 0)->history_rows, 3U);
    policy.history_rows_max = 4;
    EXPECT_EQ(store->retain(policy, model::from_unix_ms(13'500), 0)->history_rows, 3U);

    std::vector<std::string> left;
    const auto records = store->list_incidents({});
    ASSERT_TRUE(records);
    for (const IncidentRecord& record : *records) {
        left.push_back(record.id);
    }
    EXPECT_THAT(left, ElementsAre("I9-0", "I8-0", "I7-0", "I3-0"));
}

}  // namespace nocturne::store
