#include "rules/loader.hpp"
#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kRules =
    "tables: [{name: owners, file: t.csv, key: resource, expires: 1d}]\n"
    "normalise: [{name: n, lookup: [{table: owners, set: {labels.owner: owner}}]}]\n";

model::RulesRevision with_table(std::string_view yaml, std::string_view csv) {
    model::RulesRevision revision;
    revision.rules.push_back({"etc/r.yaml", std::string(yaml), model::kNoTime});
    revision.tables.push_back({"etc/t.csv", std::string(csv), model::from_unix_ms(1000)});
    return revision;
}

std::vector<std::string> csv_problems(std::string_view csv) {
    return texts_of(compile(with_table(kRules, csv)).problems);
}

TEST(Table, IsFoundBesideItsRuleFileAndSearchedByItsKey) {
    const auto rules = rules_of(with_table(kRules, "resource,owner\r\nweb,ann\r\n\r\ndb,bob"));

    const LookupTable& table = rules->tables.at(0);
    EXPECT_THAT(table.columns, ElementsAre("resource", "owner"));
    ASSERT_NE(table.find({"db"}, model::from_unix_ms(2000)), nullptr);
    EXPECT_EQ(table.find({"db"}, model::from_unix_ms(2000))->cells[1], "bob");
    EXPECT_EQ(table.find({"mail"}, model::from_unix_ms(2000)), nullptr);
    const Lookup& lookup = rules->normalises[0].lookups.at(0);
    EXPECT_THAT(lookup.by, ElementsAre(parse_field("resource")));
    EXPECT_EQ(lookup.set[0].second, 1U);
}

TEST(Table, MayStandInALaterFileThanTheRule) {
    model::RulesRevision revision = with_table("", "resource,owner\nweb,ann\n");
    revision.rules[0] = {"etc/a.yaml", std::string(kRules).substr(std::string(kRules).find('\n')),
                         model::kNoTime};
    revision.rules.push_back(
        {"etc/b.yaml", std::string(kRules).substr(0, std::string(kRules).find('\n')), {}});

    EXPECT_THAT(rules_of(revision)->normalises, SizeIs(1));
}

TEST(Table, RowsAreAsOldAsTheySayOrAsTheirFile) {
    const auto rules = rules_of(
        with_table(kRules, "resource,owner,updated\nweb,ann,1970-01-03T00:00:00Z\ndb,bob,\n"));

    EXPECT_EQ(rules->tables[0].rows[0].updated, model::from_unix_ms(2LL * 86'400'000));
    EXPECT_EQ(rules->tables[0].rows[1].updated, model::from_unix_ms(1000));
    const model::Time late = model::from_unix_ms(2LL * 86'400'000);
    EXPECT_NE(rules->tables[0].find({"web"}, late), nullptr);
    EXPECT_EQ(rules->tables[0].find({"db"}, late), nullptr);
}

TEST(Table, QuotesHoldCommasLinesAndQuotes) {
    const auto rules = rules_of(
        with_table(kRules, "\xEF\xBB\xBFresource,owner\n\"a,b\",\"x\ny \"\"z\"\"\"\nc,d\n"));

    EXPECT_THAT(rules->tables[0].rows[0].cells, ElementsAre("a,b", "x\ny \"z\""));
    EXPECT_THAT(rules->tables[0].rows[1].cells, ElementsAre("c", "d"));
}

TEST(Table, ProblemsHaveThePlaceInTheCsv) {
    EXPECT_THAT(csv_problems("resource,owner\na\nb,c,d\n\"e\"f,g\nh\"i,j\n\"k\nl"),
                ElementsAre("etc/t.csv:2:1: error: found 1 cells, expected 2 as in the header",
                            "etc/t.csv:3:1: error: found 3 cells, expected 2 as in the header",
                            "etc/t.csv:4:4: error: found text after the closing quote, expected a "
                            "comma or the line's end; a quote inside is doubled",
                            "etc/t.csv:5:2: error: found a quote inside of a cell, expected the "
                            "whole cell in quotes and this one doubled",
                            "etc/t.csv:6:1: error: the quote is not closed"));
    EXPECT_THAT(csv_problems("resource,owner,updated\na,b,yesterday\n"),
                ElementsAre(HasSubstr("etc/t.csv:2:1: error: updated: \"yesterday\" is not a "
                                      "time")));
    EXPECT_THAT(csv_problems("resource,owner\na,b\na,c\n"),
                ElementsAre("etc/t.csv:3:1: warning: the key of this row stands in an earlier one "
                            "too; this counts"));
    EXPECT_THAT(csv_problems("resource,owner,owner,\n"),
                ElementsAre("etc/t.csv:1:1: error: column \"owner\" is given twice; rename one",
                            HasSubstr("a column has no name")));
}

TEST(Table, ProblemsOfItsUse) {
    const auto problems = [](std::string_view yaml) {
        return texts_of(compile(with_table(yaml, "resource,owner\nweb,ann\n")).problems);
    };

    EXPECT_THAT(
        csv_problems(""),
        ElementsAre(HasSubstr("etc/r.yaml:1:31: error: table \"owners\": file: etc/t.csv is "
                              "empty; expected a header line")));
    EXPECT_THAT(problems("tables: [{name: o, file: no.csv, key: a}]"),
                ElementsAre("etc/r.yaml:1:26: error: table \"o\": file: etc/no.csv is not there"));
    EXPECT_THAT(problems("tables: [{name: o, file: t.csv, key: resorce}]"),
                ElementsAre("etc/r.yaml:1:38: error: table \"o\": key: the file has no column "
                            "\"resorce\"; did you mean \"resource\"?"));
    EXPECT_THAT(problems("normalise: [{name: n, lookup: [{table: o, set: {a: b}}]}]"),
                ElementsAre("etc/r.yaml:1:40: error: normalise \"n\": lookup: table: no table "
                            "\"o\"; name it in the section tables"));
    EXPECT_THAT(
        problems("tables: [{name: o, file: t.csv, key: resource}]\n"
                 "normalise: [{name: n, lookup: [{table: o, by: [a, b], set: {a: ownr}}]}]"),
        ElementsAre("etc/r.yaml:2:47: error: normalise \"n\": lookup: by: found 2 fields, "
                    "expected 1, one for each key column of \"o\"",
                    "etc/r.yaml:2:64: error: normalise \"n\": lookup: set: table \"o\" has "
                    "no column \"ownr\"; did you mean \"owner\"?"));
}

TEST(Table, ContentIsPartOfTheRulesThatUseIt) {
    const auto content = [](std::string_view csv) {
        return rules_of(with_table(kRules, csv))->rules[0].content;
    };

    EXPECT_EQ(content("resource,owner\na,b\n"), content("resource,owner\na,b\n"));
    EXPECT_NE(content("resource,owner\na,b\n"), content("resource,owner\na,c\n"));
}

}  // namespace
}  // namespace nocturne::rules
