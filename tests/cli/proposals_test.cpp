#include "cli/proposals.hpp"

#include "rules/loader.hpp"

#include <gmock/gmock.h>

namespace nocturne::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using topology::Precedence;
using topology::Relation;

Precedence strong(std::string cause, std::string effect, Relation relation) {
    Precedence pair;
    pair.cause = std::move(cause);
    pair.effect = std::move(effect);
    pair.relation = relation;
    pair.support = 90;
    pair.runs = 100;
    pair.expected = 1;
    pair.lift = 90;
    pair.confidence = 0.9;
    pair.explained = 0.8;
    pair.association = 20;
    pair.order = 0.9;
    pair.places = 7;
    pair.window = 30min;
    pair.delay = 12s;
    pair.delay_low = 10s;
    pair.delay_high = 15s;
    return pair;
}

std::vector<rules::Problem> problems_of(const std::string& text) {
    model::RulesRevision revision;
    revision.rules.push_back({"learned.yaml", text, model::kNoTime});
    return rules::compile(revision).problems;
}

TEST(Proposals, LoadWithoutAWarningWhateverTheChecksAreCalled) {
    const std::vector<Precedence> pairs{
        strong("DiskFull", "WriteErrors", Relation::Same),
        strong("Slow \"queries\": {a}", "Latency # 99\n\t\\", Relation::Dependent),
        strong("Latency", "Latency", Relation::Sibling),
        strong("*anchor", "- item", Relation::Dependency)};

    const std::vector<Proposal> proposals = propose(pairs);

    std::vector<std::string> sections;
    for (const Proposal& proposal : proposals) {
        sections.push_back(proposal.section);
    }
    EXPECT_THAT(sections,
                ElementsAre("inhibit", "dependency", "precedence", "group", "group", "precedence"));
    const std::string file = rule_file_of(proposals);
    for (const rules::Problem& problem : problems_of(file)) {
        ADD_FAILURE() << rules::to_string(problem);
    }
    EXPECT_THAT(file, HasSubstr("support 90 of 100 (90 %), lift 90.0, explains 80 %"));
}

TEST(Proposals, AreAllInModeShadow) {
    const std::vector<Precedence> pairs{strong("A", "B", Relation::Same),
                                        strong("A", "B", Relation::Dependent),
                                        strong("A", "B", Relation::Sibling)};

    for (const Proposal& proposal : propose(pairs)) {
        EXPECT_THAT(proposal.yaml, HasSubstr("    mode: shadow\n"));
    }
}

TEST(Proposals, LeaveOutWhatIsRareWeakOrAGuess) {
    Precedence rare = strong("A", "B", Relation::Same);
    rare.support = 9;
    Precedence by_chance = strong("A", "C", Relation::Same);
    by_chance.lift = 2;
    Precedence either_way = strong("A", "D", Relation::Same);
    either_way.order = 0.5;
    EXPECT_THAT(propose(std::vector{rare, by_chance, either_way}), IsEmpty());
}

TEST(Proposals, WhatExplainsLittleHidesNothingButIsEvidence) {
    Precedence explains_little = strong("A", "E", Relation::Dependent);
    explains_little.explained = 0.1;

    const std::vector<Proposal> proposals = propose(std::vector{explains_little});

    ASSERT_THAT(proposals, SizeIs(1));
    EXPECT_EQ(proposals.front().section, "precedence");
    EXPECT_THAT(proposals.front().yaml, HasSubstr("where: dependent\n    lift: 46\n"));
}

TEST(Proposals, AnAcceptedRuleGoesToTheEndOfItsSectionAndTheRestStays) {
    const Proposal proposal = propose(std::vector{strong("A", "B", Relation::Same)}).front();
    const std::string file = "# ours\ninhibit:\n- name: first   # keep me\n  source: check=\"X\"\n "
                             " target: check=\"Y\"\n"
                             "\n# about groups\ngroup:\n  - {name: alone, alone: true}\n";

    const Result<std::string> with = with_rule(file, proposal);

    ASSERT_TRUE(with.has_value());
    EXPECT_THAT(problems_of(*with), IsEmpty());
    EXPECT_THAT(*with, HasSubstr("# ours\ninhibit:\n- name: first   # keep me\n"));
    EXPECT_THAT(*with, HasSubstr("target: check=\"Y\"\n- name: \"learned: A before B"));
    EXPECT_THAT(*with, HasSubstr("\n\n# about groups\ngroup:\n  - {name: alone, alone: true}\n"));
}

TEST(Proposals, AnAcceptedRuleMakesTheSectionThatIsMissing) {
    const Proposal proposal = propose(std::vector{strong("A", "B", Relation::Dependent)}).front();

    for (const char* file : {"", "group:\n  - {name: alone, alone: true}", "dependency:\n"}) {
        const Result<std::string> with = with_rule(file, proposal);

        ASSERT_TRUE(with.has_value());
        EXPECT_THAT(problems_of(*with), IsEmpty()) << *with;
        EXPECT_THAT(*with, HasSubstr("dependency:\n  - name: \"learned: A before B"));
    }
}

TEST(Proposals, ASectionOnOneLineIsLeftToThePerson) {
    const Proposal proposal = propose(std::vector{strong("A", "B", Relation::Same)}).front();

    const Result<std::string> with = with_rule("group: []\ninhibit: [{name: x}]\n", proposal);

    ASSERT_FALSE(with.has_value());
    EXPECT_THAT(with.error().message, HasSubstr("line 2: section \"inhibit\""));
}

}  // namespace
}  // namespace nocturne::cli
