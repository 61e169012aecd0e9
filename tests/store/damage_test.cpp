// A damaged file: found when the damaged place is read, named, and never taken for data.
#include "story.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace nocturne::store {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

void write_journal(const Folder& folder, std::size_t count) {
    const auto store = open_store(folder);
    expect_ok(store->append(entries_from(1, count)));
}

// Flips one byte in the middle of the only place in the file that has this text.
void damage(const std::filesystem::path& path, const std::string& text) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t place = bytes.find(text);
    ASSERT_NE(place, std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(place + text.size() / 2));
    file.put('#');
}

}  // namespace

TEST(Damage, InARowIsToldWithItsPositionAfterTheRowsBefore) {
    const Folder folder;
    write_journal(folder, 5);
    damage(file_in(folder), "input 3:");

    const auto store = open_store(folder);
    std::vector<model::Position> seen;
    const Status status = store->read(1, [&](const Entry& entry) {
        seen.push_back(entry.position);
        return true;
    });

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::Damaged);
    EXPECT_THAT(status.error().message,
                AllOf(HasSubstr("position 3"), HasSubstr("checksum"), HasSubstr("backup")));
    EXPECT_THAT(seen, ElementsAre(1, 2));
    EXPECT_THAT(positions_in(*store, 4), ElementsAre(4, 5));
}

TEST(Damage, IsFoundInARowThatMovedOrWasEdited) {
    for (const char* fault : {"UPDATE journal SET row = (SELECT row FROM journal WHERE position = "
                              "1) WHERE position = 2",
                              "UPDATE journal SET at = at + 1 WHERE position = 2",
                              "UPDATE journal SET kind = 3 WHERE position = 2"}) {
        const Folder folder;
        write_journal(folder, 3);
        run_sql(folder, fault);

        const Status status = open_store(folder)->read(2, [](const Entry&) { return true; });

        ASSERT_FALSE(status) << fault;
        EXPECT_EQ(status.error().code, ErrorCode::Damaged);
    }
}

TEST(Damage, OfACutFileIsTold) {
    const Folder folder;
    write_journal(folder, 200);
    std::filesystem::resize_file(file_in(folder), std::filesystem::file_size(file_in(folder)) / 2);

    const auto store = Store::open(folder.path());
    const Status status =
        store ? (*store)->read(1, [](const Entry&) { return true; }) : fail(store.error());

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::Damaged);
    EXPECT_THAT(status.error().message, AllOf(HasSubstr("nocturne.db"), HasSubstr("backup")));
}

TEST(Damage, OfAnyPageGivesAnErrorOrTheTruth) {
    const Folder whole;
    write_journal(whole, 300);
    const std::uintmax_t size = std::filesystem::file_size(file_in(whole));
    int errors = 0;
    for (std::uintmax_t place = 8'000; place < size; place += 16'384) {
        const Folder folder;
        std::filesystem::copy_file(file_in(whole), file_in(folder));
        {
            std::fstream file(file_in(folder), std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(static_cast<std::streamoff>(place));
            file << std::string(9'000, '\xA5');
        }

        const auto store = Store::open(folder.path());
        model::Position last = 0;
        const Status status =
            store ? (*store)->read(1,
                                   [&](const Entry& entry) {
                                       EXPECT_EQ(entry.position, last + 1);
                                       EXPECT_EQ(entry.bytes, bytes_of(entry.position));
                                       last = entry.position;
                                       return true;
                                   })
                  : fail(store.error());

        errors += status ? 0 : 1;
        EXPECT_TRUE(status ? last == 300 : status.error().code == ErrorCode::Damaged);
    }
    EXPECT_GT(errors, 10);
}

TEST(Damage, OfTheLogLosesNothingThatWasFoldedIn) {
    const Folder folder;
    write_journal(folder, 4);
    std::ofstream(folder.path() / "nocturne.db-wal", std::ios::binary) << std::string(50'000, 'x');

    const auto store = open_store(folder);

    EXPECT_THAT(positions_in(*store), ElementsAre(1, 2, 3, 4));
    expect_ok(store->append(entries_from(5, 1)));
}

}  // namespace nocturne::store
