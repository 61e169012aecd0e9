#include "rules/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace nocturne::rules {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

CompiledRules compile_text(std::string text) {
    model::RulesRevision revision;
    revision.rules.push_back({"r.yaml", std::move(text), model::kNoTime});
    return compile(revision);
}

std::vector<std::string> problems_of(std::string text) {
    std::vector<std::string> texts;
    for (const Problem& problem : compile_text(std::move(text)).problems) {
        texts.push_back(to_string(problem.error));
    }
    return texts;
}

TEST(Loader, TellsEveryProblemAtItsPlace) {
    EXPECT_THAT(problems_of(R"(inhibits: []
inhibit:
  - {name: a, source: check="x", targets: check="y"}
  - name: b
    source: check>"x"
    target: check="y"
flapping:
  - {name: f, window: 5x, start: 3, stop: 7}
)"),
                ElementsAre(HasSubstr("r.yaml:1:1: unknown section \"inhibits\"; did you mean "
                                      "\"inhibit\"?"),
                            HasSubstr("r.yaml:3:5: inhibit \"a\": target is missing"),
                            HasSubstr("r.yaml:3:34: inhibit \"a\": unknown key \"targets\"; did "
                                      "you mean \"target\"?"),
                            HasSubstr("r.yaml:5:13: inhibit \"b\": source: matcher"),
                            HasSubstr("flapping \"f\": window: \"5x\" is not a duration; expected "
                                      "e.g. 30s"),
                            HasSubstr("flapping \"f\": stop: must be below start (3)")));
}

TEST(Loader, ShowsTheLineAndTheColumn) {
    const CompiledRules compiled = compile_text("route:\n  - {name: r, to: pager}\n");
    ASSERT_THAT(compiled.problems, SizeIs(1));
    EXPECT_EQ(to_string(compiled.problems[0]),
              "r.yaml:2:19: error: route \"r\": to: \"pager\" is not one of log, ticket, page\n"
              "      - {name: r, to: pager}\n"
              "                      ^");
}

TEST(Loader, LeavesOutWhatIsWrongAndWhatIsOff) {
    const CompiledRules compiled = compile_text(R"(
route:
  - {name: wrong, to: nobody}
  - {name: gone, mode: off, to: page}
  - {name: good, mode: shadow, to: page}
)");
    ASSERT_THAT(compiled.rules->routes, SizeIs(1));
    EXPECT_EQ(compiled.rules->rules[0].name, "good");
    EXPECT_EQ(compiled.rules->rules[0].mode, Mode::Shadow);
}

TEST(Loader, KnowsARuleAgainThatOnlyMoved) {
    const auto content = [](const char* text) {
        return compile_text(text).rules->rules[0].content;
    };
    const char* rule = "flapping:\n  - {name: f, start: 5, window: 1m}\n";

    EXPECT_EQ(content(rule), content("# moved\n\nflapping: [{window: 1m, name: g, start: 5, "
                                     "comment: why}]\n"));
    EXPECT_NE(content(rule), content("flapping:\n  - {name: f, start: 6, window: 1m}\n"));
}

TEST(Loader, SurvivesWhatIsNoRuleFile) {
    for (const char* text :
         {"", "- a\n", "inhibit: 7\n", "inhibit: [7]\n", "{", "a: &a [*a]\n",
          "route: [{name: [x]}]", "tables: [{name: t, file: nowhere.csv, key: k}]", "\xff\xfe",
          "pattern: [{}]"}) {
        (void)problems_of(text);
    }
}

TEST(Loader, EndsABombOfAliases) {
    std::string text = "a: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        text += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
        for (int j = 0; j < 8; ++j) {
            text += ", " + last;
        }
        text += "]\n";
    }
    text += "route:\n  - {name: r, to: page, receiver: *a11}\n";
    EXPECT_THAT(problems_of(text), Contains(HasSubstr("is nested too deep or has too many parts")));
}

TEST(Lint, WarnsOfWhatCannotMeanWhatItSays) {
    EXPECT_THAT(problems_of(R"(
inhibit:
  - {name: never, source: 'check="a", check="b"', target: check="c"}
route:
  - {name: all, to: page}
  - {name: late, match: check="x", to: log}
group:
  - {name: odd, match: {severity: sev1}, by: [cluster]}
)"),
                ElementsAre(HasSubstr("source can never match: check cannot be \"a\""),
                            HasSubstr("match can never match: severity is never \"sev1\""),
                            HasSubstr("is never asked: \"all\"")));
}

TEST(Lint, SaysNothingOfRulesThatAreFine) {
    EXPECT_THAT(problems_of(R"(
route:
  - {name: narrow, match: check="x", to: log}
  - {name: all, to: page}
dedup:
  - {name: d, match: check=~"up|down", identity: [resource], clear: check="up"}
)"),
                IsEmpty());
}

// Each example of the reference loads by itself.
TEST(Reference, HasOnlyExamplesThatLoad) {
    std::ifstream in("docs/reference/rules.md");
    const std::string page(std::istreambuf_iterator<char>(in), {});
    std::size_t examples = 0;
    for (std::size_t at = page.find("```yaml\n"); at != std::string::npos;
         at = page.find("```yaml\n", at + 1)) {
        const std::size_t begin = at + 8;
        const std::string text = page.substr(begin, page.find("```", begin) - begin);
        model::RulesRevision revision;
        revision.rules.push_back({"rules.yaml", text, model::kNoTime});
        revision.tables.push_back({"owners.csv", "resource,owner\ndb,team\n", model::kNoTime});
        revision.zones.push_back({"Europe/Berlin", {{model::from_unix_ms(0), {}}}});
        revision.zones.push_back({"America/New_York", {{model::from_unix_ms(0), {}}}});
        for (const Problem& problem : compile(revision).problems) {
            if (problem.level == Problem::Level::Error &&
                problem.error.message.find("table") == std::string::npos) {
                ADD_FAILURE() << to_string(problem) << "\n" << text;
            }
        }
        ++examples;
    }
    EXPECT_GE(examples, 15U);
}

}  // namespace
}  // namespace nocturne::rules
