#include "gateway/event_file.hpp"

#include "daemon.hpp"

#include <gmock/gmock.h>
#include <zlib.h>

namespace nocturne::gateway {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
    std::vector<std::string> lines;
    std::vector<std::uint64_t> numbers;
    std::string error;
};

Read read_all(const std::string& path,
              std::size_t line_bytes_max = EventFileReader::kLineBytesMax) {
    Read read;
    auto reader = EventFileReader::open(path, line_bytes_max);
    if (!reader) {
        read.error = reader.error().message;
        return read;
    }
    for (;;) {
        const auto line = reader->next();
        if (!line) {
            read.error = to_string(line.error());
            return read;
        }
        if (!*line) {
            return read;
        }
        read.lines.emplace_back((*line)->text);
        read.numbers.push_back((*line)->number);
    }
}

std::string write_file(const TemporaryFolder& folder, const std::string& text) {
    const std::string path = (folder.path() / "events.jsonl").string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::string write_gzip(const TemporaryFolder& folder, const std::string& text) {
    const std::string path = (folder.path() / "events.jsonl.gz").string();
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path;
}

}  // namespace

TEST(EventFileReader, GivesLinesWithTheirNumbersAndSkipsBlankOnes) {
    const TemporaryFolder folder;
    const Read read = read_all(write_file(folder, "\xEF\xBB\xBFone\r\n\n  \ntwo\nlast"));

    EXPECT_EQ(read.error, "");
    EXPECT_THAT(read.lines, ElementsAre("one", "two", "last"));
    EXPECT_THAT(read.numbers, ElementsAre(1, 4, 5));
}

TEST(EventFileReader, PutsLinesTogetherThatItsBufferCuts) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 50; ++i) {
        text += std::string(9'999, static_cast<char>('a' + i % 26)) + "\n";
    }
    const Read read = read_all(write_gzip(folder, text));

    ASSERT_EQ(read.lines.size(), 50U);
    for (const std::string& line : read.lines) {
        EXPECT_EQ(line, std::string(9'999, line.front()));
    }
}

TEST(EventFileReader, CutsALineThatIsTooLongAndGoesOn) {
    const TemporaryFolder folder;
    const std::string path =
        write_file(folder, "short\n" + std::string(1'000'000, 'x') + "\nafter\n");
    auto reader = must(EventFileReader::open(path, 100));

    EXPECT_FALSE((*must(reader.next())).is_cut);
    const EventLineView line = *must(reader.next());
    EXPECT_TRUE(line.is_cut);
    EXPECT_EQ(line.text.size(), 100U);
    EXPECT_EQ((*must(reader.next())).text, "after");
    EXPECT_FALSE(must(reader.next()));
}

TEST(EventFileReader, GivesTheWholeLinesOfATruncatedGzipAndThenSaysSo) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += std::to_string(i * 7919) + "\n";
    }
    const std::string path = write_gzip(folder, text);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);

    const Read read = read_all(path);

    EXPECT_GT(read.lines.size(), 1'000U);
    EXPECT_EQ(read.lines[999], std::to_string(999 * 7919));
    EXPECT_THAT(read.error, HasSubstr("breaks off here"));
    EXPECT_THAT(read.error, HasSubstr("events.jsonl.gz:"));
}

TEST(EventFileReader, SaysThatAGzipIsDamaged) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += std::to_string(i * 7919) + "\n";
    }
    const std::string path = write_gzip(folder, text);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
        file << "these are not the bytes that were here";
    }

    EXPECT_THAT(read_all(path).error, HasSubstr("damaged here"));
}

TEST(EventFileReader, TellsHowFarItIs) {
    const TemporaryFolder folder;
    const std::string path = write_file(folder, "one\ntwo\n");
    auto reader = must(EventFileReader::open(path));

    EXPECT_EQ(reader.bytes_total(), 8U);
    while (must(reader.next())) {
    }
    EXPECT_EQ(reader.bytes_read(), 8U);
}

TEST(EventFileReader, SaysWhatIsWrongWithAPath) {
    const TemporaryFolder folder;

    EXPECT_THAT(read_all("/no/such/file").error, HasSubstr("cannot open /no/such/file"));
    EXPECT_THAT(read_all(folder.path().string()).error, HasSubstr("is a folder"));
    EXPECT_TRUE(read_all(write_file(folder, "")).lines.empty());
}

}  // namespace nocturne::gateway
