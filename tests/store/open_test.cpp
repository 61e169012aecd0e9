// Opening: one owner, the right file, and an error that says what to do.
#include "story.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace nocturne::store {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Opening, MakesTheFolderThatIsMissing) {
    const Folder folder;

    EXPECT_TRUE(Store::open(folder.path() / "new" / "data"));
}

TEST(Opening, RefusesASecondOwnerUntilTheFirstIsGone) {
    const Folder folder;
    auto first = open_store(folder);

    const auto second = Store::open(folder.path());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(second.error().message,
                AllOf(HasSubstr("process " + std::to_string(::getpid())), HasSubstr("--data")));
    first.reset();
    EXPECT_TRUE(Store::open(folder.path()));
}

TEST(Opening, RefusesTheFileOfANewerNocturne) {
    const Folder folder;
    open_store(folder);
    run_sql(folder, "PRAGMA user_version = 99");

    for (const auto& store : {Store::open(folder.path()), Store::open_read_only(folder.path())}) {
        ASSERT_FALSE(store);
        EXPECT_EQ(store.error().code, ErrorCode::Invalid);
        EXPECT_THAT(store.error().message,
                    AllOf(HasSubstr("schema version 99"), HasSubstr("newer nocturne")));
    }
}

TEST(Opening, LeavesTheDatabaseOfAnotherProgramAlone) {
    const Folder folder;
    run_sql(folder, "CREATE TABLE bookmarks (url TEXT)");

    const auto store = Store::open(folder.path());

    ASSERT_FALSE(store);
    EXPECT_THAT(store.error().message, HasSubstr("another program"));
}

TEST(Opening, SaysThatAFileIsNoDatabase) {
    const Folder folder;
    std::ofstream(file_in(folder)) << std::string(40'000, 'x');

    const auto store = Store::open(folder.path());

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::Damaged);
    EXPECT_THAT(store.error().message,
                AllOf(HasSubstr(file_in(folder).string()), HasSubstr("backup")));
}

TEST(Opening, FinishesAFileWhoseMakingWasInterrupted) {
    const Folder folder;
    run_sql(folder,
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;");  // a crash before the tables

    const auto store = open_store(folder);

    ASSERT_TRUE(store);
    expect_ok(store->append(entries_from(1, 1)));
}

TEST(Opening, TellsAReaderThatThereIsNothing) {
    const Folder folder;

    const auto store = Store::open_read_only(folder.path());

    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::NotFound);
    EXPECT_FALSE(std::filesystem::exists(file_in(folder)));
}

TEST(Opening, ReadsButDoesNotOwnAFolderOnAReadOnlyDisk) {
    const Folder folder;
    const SmallDisk disk(folder.path(), "size=8m");
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "needs the right to mount a file system (root)";
    }
    expect_ok(open_store(folder)->append(entries_from(1, 3)));
    ASSERT_TRUE(disk.make_read_only());

    const auto owner = Store::open(folder.path());
    const auto reader = Store::open_read_only(folder.path());

    ASSERT_FALSE(owner);
    EXPECT_EQ(owner.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(owner.error().message,
                AllOf(HasSubstr("Read-only file system"), HasSubstr("--data")));
    ASSERT_TRUE(reader) << to_string(reader.error());
    EXPECT_THAT(positions_in(**reader), ElementsAre(1, 2, 3));
}

TEST(Opening, DoesNotOwnAFolderWithoutTheRightToWrite) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may write everywhere";
    }
    const Folder folder;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);

    const auto owner = Store::open(folder.path());

    ASSERT_FALSE(owner);
    EXPECT_EQ(owner.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(owner.error().message, HasSubstr("Permission denied"));
}

}  // namespace nocturne::store
