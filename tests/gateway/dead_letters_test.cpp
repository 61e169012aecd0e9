#include "gateway/dead_letters.hpp"

#include "daemon.hpp"
#include "full_disk.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {

using testing::HasSubstr;

namespace {

model::Rejection rejection(std::string input, std::size_t index = 0) {
    return {index, "field \"severity\": \"sev1\" is not one of ok, info", std::move(input)};
}

DeadLetterOptions options_in(const TemporaryFolder& folder) {
    DeadLetterOptions options;
    options.file = folder.path() / "dead-letters.jsonl";
    options.clock = [] { return model::from_unix_ms(1'700'000'000'000); };
    return options;
}

}  // namespace

TEST(DeadLetters, KeepsEachRefusedEventOnALineOfJson) {
    const TemporaryFolder folder;
    auto letters = must(DeadLetters::open(options_in(folder)));

    letters->keep("pull", {rejection("{\"a\":\"\xFF\n\"}", 3)});
    letters->flush();

    const auto lines = lines_of(folder.path() / "dead-letters.jsonl");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0],
              R"({"time":"2023-11-14T22:13:20.000Z","transport":"pull","index":3,)"
              R"("error":"field \"severity\": \"sev1\" is not one of ok, info","input":"{\"a\":\")"
              "\xEF\xBF\xBD"
              R"(\n\"}"})");
    EXPECT_EQ(letters->counters().kept, 1U);
}

TEST(DeadLetters, GoOnWhereTheyLeftOff) {
    const TemporaryFolder folder;
    for (int i = 0; i < 2; ++i) {
        must(DeadLetters::open(options_in(folder)))->keep("http", {rejection("x")});
    }

    EXPECT_EQ(lines_of(folder.path() / "dead-letters.jsonl").size(), 2U);
}

TEST(DeadLetters, TakeBoundedRoomOnTheDisk) {
    const TemporaryFolder folder;
    DeadLetterOptions options = options_in(folder);
    options.file_bytes_max = 10'000;
    auto letters = must(DeadLetters::open(options));

    for (int i = 0; i < 100; ++i) {
        letters->keep("pull", {rejection(std::string(1000, 'x'))});
        letters->flush();
    }

    EXPECT_LE(std::filesystem::file_size(options.file), 10'000U);
    EXPECT_LE(std::filesystem::file_size(options.file.string() + ".1"), 10'000U);
    EXPECT_EQ(letters->counters().kept, 100U);
}

TEST(DeadLetters, AreCountedWhenTheQueueIsFull) {
    const TemporaryFolder folder;
    DeadLetterOptions options = options_in(folder);
    options.queue_bytes_max = 2'000;
    auto letters = must(DeadLetters::open(options));

    letters->keep("pull", std::vector<model::Rejection>(10, rejection(std::string(900, 'x'))));
    letters->flush();

    EXPECT_GT(letters->counters().dropped, 0U);
    EXPECT_EQ(letters->counters().dropped + letters->counters().kept, 10U);
}

TEST(DeadLetters, AreCountedWhenTheDiskIsFullAndLeaveNoHalfLine) {
    const TemporaryFolder folder;
    auto letters = must(DeadLetters::open(options_in(folder)));
    letters->keep("pull", {rejection("first")});
    letters->flush();
    {
        const FullDisk full;
        letters->keep("pull", {rejection("second")});
        letters->flush();
    }
    letters->keep("pull", {rejection("third")});
    letters->flush();

    EXPECT_EQ(letters->counters().dropped, 1U);
    const auto lines = lines_of(folder.path() / "dead-letters.jsonl");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[1], HasSubstr("third"));
}

TEST(DeadLetters, SayWhyTheyCannotBeOpened) {
    const TemporaryFolder folder;
    DeadLetterOptions options;
    options.file = folder.path() / "no" / "such" / "folder";

    const auto letters = DeadLetters::open(options);

    ASSERT_FALSE(letters);
    EXPECT_THAT(letters.error().message, HasSubstr("cannot open the dead letters"));
}

}  // namespace nocturne::gateway
