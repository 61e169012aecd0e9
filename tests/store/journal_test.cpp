// The journal: what is acknowledged is there, in order, whole.
#include "story.hpp"

#include <gmock/gmock.h>

namespace nocturne::store {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Journal, GivesBackEntriesInOrderAfterAReopen) {
    const Folder folder;
    const std::vector<Entry> entries = entries_from(1, 20);
    {
        const auto store = open_store(folder);
        expect_ok(store->append(std::span(entries).first(5)));
        expect_ok(store->append(std::span(entries).subspan(5)));
    }

    const auto store = open_store(folder);
    std::vector<Entry> read;
    expect_ok(store->read(1, [&](const Entry& entry) {
        read.push_back(entry);
        return true;
    }));

    ASSERT_EQ(read.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        EXPECT_EQ(read[i].position, entries[i].position);
        EXPECT_EQ(read[i].at, entries[i].at);
        EXPECT_EQ(read[i].kind, entries[i].kind);
        EXPECT_EQ(read[i].bytes, entries[i].bytes);
    }
}

TEST(Journal, IsEmptyAtFirst) {
    const Folder folder;
    const auto store = open_store(folder);

    EXPECT_EQ(*store->first_position(), 0U);
    EXPECT_EQ(*store->last_position(), 0U);
    EXPECT_EQ(*store->delivered(), 0U);
    EXPECT_THAT(positions_in(*store), IsEmpty());
}

TEST(Journal, ReadsFromAPositionUntilTheReaderHasEnough) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 9)));

    std::vector<model::Position> seen;
    expect_ok(store->read(4, [&](const Entry& entry) {
        seen.push_back(entry.position);
        EXPECT_EQ(*store->last_position(), 9U);  // a reader may ask the store meanwhile
        return seen.size() < 3;
    }));

    EXPECT_THAT(seen, ElementsAre(4, 5, 6));
}

TEST(Journal, TakesAnEntryWithoutBytesAndOneOfManyMegabytes) {
    const Folder folder;
    const auto store = open_store(folder);
    std::vector<Entry> entries{entry_at(1, 0), entry_at(2, 20'000'000)};
    entries[0].bytes.clear();
    expect_ok(store->append(entries));

    std::vector<std::string> read;
    expect_ok(store->read(1, [&](const Entry& entry) {
        read.push_back(entry.bytes);
        return true;
    }));

    EXPECT_THAT(read, ElementsAre("", entries[1].bytes));
}

TEST(Journal, RefusesAGroupWhosePositionsDoNotGrow) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 3)));

    for (const std::vector<Entry>& group :
         {std::vector{entry_at(3)}, std::vector{entry_at(4), entry_at(4)},
          std::vector{entry_at(5), entry_at(4)}}) {
        const Status status = store->append(group);
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, ErrorCode::Invalid);
    }

    EXPECT_THAT(positions_in(*store), ElementsAre(1, 2, 3));
}

TEST(Journal, RemembersWhatWasDeliveredWithAndWithoutEntries) {
    const Folder folder;
    {
        const auto store = open_store(folder);
        expect_ok(store->append(entries_from(1, 3), {2, {}}));
        EXPECT_EQ(*store->delivered(), 2U);
        expect_ok(store->append({}, {3, {}}));
        EXPECT_EQ(*store->delivered(), 3U);
        expect_ok(store->append(entries_from(4, 1)));
    }

    EXPECT_EQ(*open_store(folder)->delivered(), 3U);
}

TEST(Journal, CountsWhatItWrites) {
    const Folder folder;
    const auto store = open_store(folder, {std::uint64_t{1} << 18});
    for (model::Position position = 1; position <= 60; position += 3) {
        expect_ok(store->append(entries_from(position, 3, 12'000)));
    }

    const StoreCounters& counters = store->counters();
    EXPECT_EQ(counters.commits, 20U);
    EXPECT_EQ(counters.rows, 60U);
    EXPECT_EQ(counters.bytes_raw, 60U * 12'000U);
    EXPECT_LT(counters.bytes_stored, counters.bytes_raw);
    EXPECT_GT(counters.checkpoints, 0U);
    EXPECT_EQ(counters.commit_failures, 0U);
    EXPECT_LE(std::filesystem::file_size(folder.path() / "nocturne.db-wal"),
              std::uint64_t{1} << 20);
}

TEST(Journal, IsReadBesideItsOwner) {
    const Folder folder;
    const auto owner = open_store(folder);
    expect_ok(owner->append(entries_from(1, 2)));

    const auto reader = Store::open_read_only(folder.path());
    ASSERT_TRUE(reader) << to_string(reader.error());
    EXPECT_THAT(positions_in(**reader), ElementsAre(1, 2));
    expect_ok(owner->append(entries_from(3, 1)));

    EXPECT_THAT(positions_in(**reader), ElementsAre(1, 2, 3));
    EXPECT_THAT(to_string((*reader)->append(entries_from(4, 1)).error()), HasSubstr("read-only"));
    EXPECT_FALSE((*reader)->save_snapshot(3, "state"));
}

TEST(Journal, KeepsAWholeReadWhileItGrows) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, 4)));

    std::vector<model::Position> seen;
    expect_ok(store->read(1, [&](const Entry& entry) {
        seen.push_back(entry.position);
        expect_ok(store->append(entries_from(4 + seen.size(), 1)));
        return true;
    }));

    EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(*store->last_position(), 8U);
}

}  // namespace nocturne::store
