// A cause whose alerts are another incident's: the page that users open has it all the same.
#include "engine/state.hpp"
#include "engine/view.hpp"
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace nocturne::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kShop = R"(
services:
  - {name: shop, depends_on: [search, pay]}
  - {name: search}
  - {name: pay}
)";

const model::Incident* incident_of(const Story& story, std::string_view resource) {
    const model::Alert* alert = story.alert(resource);
    return alert == nullptr
               ? nullptr
               : &story.state().incidents[story.state().incidents.find(alert->incident)];
}

std::string first_suspect(const Story& story, std::string_view resource) {
    const model::Incident* incident = incident_of(story, resource);
    return incident == nullptr || incident->suspects.empty() ? ""
                                                             : incident->suspects.front().resource;
}

// Search is a little slow, as on any night. Then users get errors, and only then pay tells why.
Story a_night_with_a_late_cause() {
    Story story;
    story.topology(kShop);
    story.fires("search", "latency", "minor").passes(std::chrono::seconds(60));
    story.event(R"({"resource":"shop","check":"error_ratio","severity":"critical",
                    "labels":{"slo":"true"}})");
    story.passes(std::chrono::seconds(20));
    story.fires("pay", "error_ratio").fires("pay", "deadlock");
    return story;
}

TEST(CauseElsewhere, IsFirstOnThePageThatUsersOpen) {
    Story story = a_night_with_a_late_cause();
    ASSERT_NE(incident_of(story, "shop")->id, incident_of(story, "pay")->id);
    EXPECT_EQ(incident_of(story, "shop")->id, incident_of(story, "search")->id);

    story.passes(std::chrono::seconds(5));

    EXPECT_EQ(first_suspect(story, "shop"), "pay");
    EXPECT_EQ(first_suspect(story, "pay"), "pay");
    EXPECT_THAT(incident_of(story, "shop")->alerts, SizeIs(2)) << "its alerts stay where they are";
    const std::string there =
        model::format_id(model::kIncidentPrefix, incident_of(story, "pay")->id);
    EXPECT_THAT(*render_incident(story.core(), incident_of(story, "shop")->id),
                HasSubstr(R"({"resource":"pay","incident":")" + there + R"(","score":)"));
    EXPECT_THAT(*render_incident(story.core(), incident_of(story, "pay")->id),
                Not(HasSubstr(R"("resource":"pay","incident")")));
}

TEST(CauseElsewhere, RanksAgainOnceAndNotWithoutEnd) {
    Story story = a_night_with_a_late_cause();
    story.passes(std::chrono::seconds(5));
    const std::uint64_t before = story.state().counters.rankings;

    story.passes(std::chrono::minutes(5));

    EXPECT_EQ(story.state().counters.rankings, before);
}

TEST(CauseElsewhere, TwoFaultsThatOneCallerFeelsKeepAPageEach) {
    Story story;
    story.topology(R"(
services:
  - {name: shop, depends_on: [cart, mail]}
  - {name: cart, depends_on: [cart-db]}
  - {name: cart-db, type: database}
  - {name: mail, depends_on: [mail-db]}
  - {name: mail-db, type: database}
)");
    story.fires("cart-db", "lock_wait").fires("mail-db", "lock_wait");
    story.fires("cart", "error_ratio").fires("mail", "error_ratio").fires("shop", "error_ratio");

    story.passes(std::chrono::seconds(5));

    ASSERT_NE(incident_of(story, "cart")->id, incident_of(story, "mail")->id);
    EXPECT_EQ(first_suspect(story, "cart"), "cart-db");
    EXPECT_EQ(first_suspect(story, "mail"), "mail-db");
}

TEST(CauseElsewhere, IsTheSameAfterARestartInBetween) {
    Story story = a_night_with_a_late_cause();
    model::Writer before;
    story.core().encode(before);
    model::Reader in(before.bytes());
    Core restarted = *Core::decode(in);

    story.passes(std::chrono::seconds(5));
    std::vector<model::Effect> effects;
    while (restarted.next_deadline() <= story.now()) {
        restarted.apply({restarted.position() + 1,
                         std::max(restarted.now(), restarted.next_deadline()), model::Tick{}},
                        effects);
    }

    const Slot page = restarted.state().incidents.find(incident_of(story, "shop")->id);
    ASSERT_NE(page, kNoSlot);
    EXPECT_EQ(restarted.state().incidents[page].suspects.front().resource, "pay");
}

}  // namespace
}  // namespace nocturne::engine
