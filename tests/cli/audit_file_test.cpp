// An exported audit log: whatever is done to the file is found.
#include "cli/audit_file.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <vector>

namespace nocturne::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kEntries = 4;

std::vector<std::string> lines() {
    std::vector<std::string> lines;
    model::AuditHead head;
    for (std::uint64_t i = 1; i <= kEntries; ++i) {
        model::AuditRecord record;
        record.at = model::from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(i));
        record.position = 10 * i;
        record.note = {"anna \"the\" ä", "responder", "10.1.2.3", "incident.resolve",
                       "I7-0",           {},          ""};
        const model::AuditEntry entry{i, record, model::hash_of(head.hash, i, record)};
        lines.push_back(model::render_audit_entry(entry) + "\n");
        head = {i, entry.hash};
    }
    lines.push_back(render_audit_end(head));
    return lines;
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line;
    }
    return text;
}

std::string problem_of(const std::string& text, const std::optional<model::AuditHead>& noted = {}) {
    std::istringstream in(text);
    return check_audit_file(in, noted).problem.value_or("");
}

}  // namespace

TEST(AuditFile, IsSoundAsItWasExported) {
    EXPECT_EQ(problem_of(text_of(lines())), "");
    EXPECT_EQ(problem_of(render_audit_end({})), "");
}

TEST(AuditFile, TellsAnyChangeOfAnyByteAndNamesTheEntry) {
    const std::vector<std::string> sound = lines();
    for (std::size_t line = 0; line < sound.size(); ++line) {
        for (std::size_t at = 0; at + 1 < sound[line].size(); ++at) {  // but its end
            for (const int bit : {0, 1, 5}) {
                std::vector<std::string> changed = sound;
                changed[line][at] = static_cast<char>(changed[line][at] ^ (1 << bit));

                const std::string problem = problem_of(text_of(changed));

                ASSERT_THAT(problem, StartsWith("line " + std::to_string(line + 1) + ": "))
                    << changed[line];
                if (line < kEntries) {
                    ASSERT_THAT(problem, HasSubstr("entry " + std::to_string(line + 1) + ": "));
                }
            }
        }
    }
}

TEST(AuditFile, TellsAnyLineThatIsGoneOrInAnotherPlace) {
    for (std::size_t first = 0; first < lines().size(); ++first) {
        std::vector<std::string> cut = lines();
        cut.erase(cut.begin() + static_cast<std::ptrdiff_t>(first));
        EXPECT_NE(problem_of(text_of(cut)), "") << first;
        for (std::size_t second = first + 1; second < lines().size(); ++second) {
            std::vector<std::string> swapped = lines();
            std::swap(swapped[first], swapped[second]);
            EXPECT_NE(problem_of(text_of(swapped)), "") << first << " " << second;
        }
    }
}

TEST(AuditFile, TellsAnyPlaceWhereItIsCutOff) {
    const std::string text = text_of(lines());
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        ASSERT_NE(problem_of(text.substr(0, size)), "") << size;
    }
}

TEST(AuditFile, IsHeldAgainstAnEndThatWasNoted) {
    const std::vector<std::string> all = lines();
    const auto noted =
        model::parse_audit_head("2:" + all[1].substr(all[1].find("\"hash\":\"") + 8, 64));
    ASSERT_TRUE(noted);

    EXPECT_EQ(problem_of(text_of(all), noted), "");
    EXPECT_THAT(problem_of(text_of(all), model::AuditHead{2, {}}), HasSubstr("entry 2: "));
    EXPECT_THAT(problem_of(text_of(all), model::AuditHead{9, {}}), HasSubstr("missing"));
}

}  // namespace nocturne::cli
