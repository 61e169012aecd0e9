#include "rules/loader.hpp"
#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace fs = std::filesystem;

class RuleFiles : public testing::Test {
   protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = fs::path(testing::TempDir()) / ("nocturne_" + std::string(test->name()));
        fs::remove_all(folder_);
    }

    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, std::string_view text) {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    fs::path folder_;
};

TEST_F(RuleFiles, FoldersAreReadByNameAndTestsLeftOut) {
    write("b.yaml", "");
    write("a/z.yml", "");
    write("a/z.test.yaml", "");
    write("notes.txt", "");

    const ReadRules read = read_rules({folder_});

    EXPECT_THAT(read.problems, IsEmpty());
    ASSERT_THAT(read.revision.rules, SizeIs(2));
    EXPECT_EQ(read.revision.rules[0].name, path("a/z.yml"));
    EXPECT_EQ(read.revision.rules[1].name, path("b.yaml"));
}

TEST_F(RuleFiles, TablesAndZonesThatRulesNameAreRead) {
    write("r/a.yaml",
          "tables: [{name: t, file: ../t.csv, key: a}]\n"
          "maintenance: [{name: m, node: x, at: '22:00', for: 1h, zone: Europe/Berlin}]\n");
    write("t.csv", "a,b\n1,2\n");

    const ReadRules read = read_rules({folder_ / "r/a.yaml"});

    EXPECT_THAT(read.problems, IsEmpty());
    ASSERT_THAT(read.revision.tables, SizeIs(1));
    EXPECT_EQ(read.revision.tables[0].name, path("t.csv"));
    EXPECT_NE(read.revision.tables[0].written, model::kNoTime);
    ASSERT_THAT(read.revision.zones, SizeIs(1));
    const auto rules = rules_of(read.revision);
    EXPECT_THAT(rules->tables[0].rows, SizeIs(1));
    EXPECT_EQ(rules->zones[rules->maintenances[0].zone].name, "Europe/Berlin");
}

TEST_F(RuleFiles, WhatIsNotThereIsToldAtItsPlace) {
    write("a.yaml",
          "tables:\n  - {name: t, file: t.csv, key: a}\n"
          "maintenance: [{name: m, node: x, at: '22:00', for: 1h, zone: Europe/Berln}]\n");

    const ReadRules read = read_rules({folder_ / "a.yaml", folder_ / "gone.yaml"}, {"nosuch"});
    const auto all = join_problems(read.problems, compile(read.revision).problems);

    const std::vector<std::string> texts = texts_of(all);
    ASSERT_THAT(texts, SizeIs(4));
    EXPECT_THAT(texts[0], HasSubstr("a.yaml:2:21: error: " + path("t.csv") + " cannot be read"));
    EXPECT_THAT(texts[1], HasSubstr("a.yaml:3:62: error: "));
    EXPECT_THAT(texts[1], HasSubstr("Europe/Berlin"));
    EXPECT_EQ(all[1].line.substr(0, 12), "maintenance:");
}

TEST_F(RuleFiles, ShippedPacksLoadWithoutAProblem) {
    std::vector<std::string> packs;
    for (const Pack& pack : shipped_packs()) {
        packs.emplace_back(pack.name);
    }

    const ReadRules read = read_rules({}, packs);

    EXPECT_THAT(read.problems, IsEmpty());
    rules_of(read.revision);
}

}  // namespace
}  // namespace nocturne::rules
