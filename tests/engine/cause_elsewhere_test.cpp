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

TEST(CauseElsewhere, IsNotSaidOfAnIncidentThatIsOver) {
    Story story;
    story.topology(kShop);
    story.fires("pay", "error_ratio").passes(std::chrono::minutes(1));
    const model::Id first = incident_of(story, "pay")->id;
    story.clears("pay", "error_ratio").passes(std::chrono::minutes(40));
    story.fires("pay", "error_ratio").passes(std::chrono::seconds(5));
    ASSERT_NE(incident_of(story, "pay")->id, first);

    EXPECT_THAT(*render_incident(story.core(), first),
                Not(HasSubstr(R"("resource":"pay","incident")")));
}

TEST(CauseElsewhere, IsSeenWhenItGetsWorse) {
    Story story;
    story.topology(kShop);
    story.fires("search", "latency", "major").passes(std::chrono::seconds(60));
    story.event(R"({"resource":"shop","check":"latency","severity":"critical",
                    "labels":{"slo":"true"}})");
    story.fires("pay", "latency", "warning").passes(std::chrono::seconds(5));
    ASSERT_EQ(first_suspect(story, "shop"), "search");

    story.fires("pay", "latency", "critical").passes(std::chrono::seconds(5));

    EXPECT_EQ(first_suspect(story, "shop"), "pay");
}

TEST(CauseElsewhere, LeavesAnIncidentItsOwnAlertsOnANodeWhereAnotherStandsToo) {
    Story story;
    story.topology(kShop);
    story.fires("pay", "latency").fires("pay", "disk").fires("shop", "latency");
    story.passes(std::chrono::seconds(5));
    const model::Id page = incident_of(story, "shop")->id;
    const model::Incident* before = incident_of(story, "shop");
    const model::Id disk = story.state().alerts[before->alerts[1]].id;
    story.apply(model::Command(model::SplitIncident{page, {disk}, "anna"}));
    story.passes(std::chrono::seconds(5));
    ASSERT_THAT(story.incidents(), SizeIs(2));

    EXPECT_EQ(incident_of(story, "shop")->title, "pay: 2 alerts on 2 nodes");
    EXPECT_THAT(incident_of(story, "shop")->suspects.front().reason,
                HasSubstr("explains 1 of 1 other alert"));
}

// A shop on a hundred things that all ail, each a problem of its own: more than the walk is told.
std::string a_shop_on_a_hundred(bool is_turned_round) {
    std::string services;
    std::string names;
    for (int i = 0; i < 100; ++i) {
        const std::string name = "d" + std::to_string(i);
        services.append("  - {name: ").append(name).append("}\n");
        names.insert(is_turned_round ? 0 : names.size(), name + ", ");
    }
    return "services:\n" + services + "  - {name: shop, depends_on: [" + names + "]}\n";
}

void let_all_ail(Story& story) {
    for (int i = 0; i < 100; ++i) {
        story.fires("d" + std::to_string(i), "errors", i % 3 == 0 ? "minor" : "major");
        story.passes(std::chrono::seconds(1));
    }
}

std::vector<std::pair<std::string, double>> suspects_of(const model::Incident& incident) {
    std::vector<std::pair<std::string, double>> suspects;
    for (const model::Suspect& suspect : incident.suspects) {
        suspects.emplace_back(suspect.resource, suspect.score);
    }
    return suspects;
}

TEST(CauseElsewhere, HangsOnNoOrderOfDeclarationsWhereThereAreTooMany) {
    Story story;
    Story other;
    story.topology(a_shop_on_a_hundred(false));
    other.topology(a_shop_on_a_hundred(true));
    for (Story* each : {&story, &other}) {
        let_all_ail(*each);
        each->fires("shop", "errors").passes(std::chrono::seconds(5));
    }

    EXPECT_EQ(suspects_of(*incident_of(story, "shop")), suspects_of(*incident_of(other, "shop")));
}

TEST(CauseElsewhere, HangsOnNoRestartWhereThereAreTooMany) {
    Story story;
    story.topology(a_shop_on_a_hundred(false));
    let_all_ail(story);
    model::Writer before;
    story.core().encode(before);
    model::Reader in(before.bytes());
    Core restarted = *Core::decode(in);
    const model::Position position = restarted.position();
    const model::Time now = story.now();

    story.fires("shop", "errors");
    std::vector<model::Effect> effects;
    restarted.apply({position + 1, now,
                     model::EventDecoder()
                         .decode(R"({"resource":"shop","check":"errors","severity":"critical"})")
                         .batch},
                    effects);

    const model::Id page = incident_of(story, "shop")->id;
    EXPECT_EQ(suspects_of(*incident_of(story, "shop")),
              suspects_of(restarted.state().incidents[restarted.state().incidents.find(page)]));
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
