// What a team knows of its estate, as a rule: which of two checks comes first.
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <string>

namespace nocturne::engine {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCycle = R"(
services:
  - {name: queue, depends_on: [worker]}
  - {name: worker, depends_on: [queue]}
)";

std::string rule(const std::string& mode) {
    return "precedence:\n  - {name: swapping first, mode: " + mode +
           ", cause: swapping, effect: backlog, lift: 8}\n";
}

const model::Incident& one_night(Story& story, const std::string& mode) {
    story.topology(kCycle).rules(rule(mode));
    story.fires("queue", "backlog").fires("worker", "swapping").passes(std::chrono::seconds(5));
    return *story.open_incidents().at(0);
}

TEST(PrecedenceRule, IsEvidenceWithItsFileAndLine) {
    Story story;
    const model::Incident& incident = one_night(story, "on");

    ASSERT_EQ(incident.suspects.front().resource, "worker");
    EXPECT_THAT(incident.suspects.front().evidence,
                Contains(Field(&model::Evidence::text,
                               HasSubstr("(story.yaml:2 precedence \"swapping first\")"))));
}

TEST(PrecedenceRule, InShadowModeSaysNothing) {
    Story story;
    const model::Incident& incident = one_night(story, "shadow");

    for (const model::Suspect& suspect : incident.suspects) {
        EXPECT_THAT(suspect.evidence, Not(Contains(Field(&model::Evidence::name, "precedes"))));
    }
}

TEST(PrecedenceRule, IsThereAfterARestart) {
    Story story;
    story.topology(kCycle).rules(rule("on"));
    const std::string bytes = story.snapshot();
    model::Reader in(bytes);

    const Result<Core> restarted = Core::decode(in);

    ASSERT_TRUE(restarted.has_value());
    EXPECT_NE(
        restarted->state().precedences.find("swapping", "backlog", topology::Relation::Dependent),
        nullptr);
}

}  // namespace
}  // namespace nocturne::engine
