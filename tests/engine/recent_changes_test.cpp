#include "engine/recent_changes.hpp"

#include <gmock/gmock.h>

#include <string>

namespace nocturne::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::Time at(std::int64_t seconds) {
    return model::from_unix_ms(seconds * 1000);
}

std::vector<std::string> on(const RecentChanges& changes, std::vector<std::string_view> names) {
    std::vector<std::string> what;
    for (const Change* change : changes.on(std::move(names))) {
        what.push_back(change->what);
    }
    return what;
}

TEST(RecentChanges, AreFoundByTheirResourceTheLatestToArriveFirst) {
    RecentChanges changes;
    changes.add({at(10), "db", "one", ""}, at(0));
    changes.add({at(30), "web", "two", ""}, at(0));
    changes.add({at(20), "db", "three", ""}, at(0));

    EXPECT_THAT(on(changes, {"db"}), ElementsAre("three", "one"));
    EXPECT_THAT(on(changes, {"web", "db", "web"}), ElementsAre("three", "two", "one"));
    EXPECT_THAT(on(changes, {"none"}), IsEmpty());
}

TEST(RecentChanges, AreForgottenWhenTheyAreOldAndAreNotGivenUpThen) {
    RecentChanges changes;
    changes.add({at(10), "db", "one", ""}, at(0));
    changes.add({at(20), "web", "two", ""}, at(0));

    EXPECT_EQ(changes.add({at(30), "db", "three", ""}, at(15)), 0U);

    EXPECT_THAT(on(changes, {"db"}), ElementsAre("three"));
    EXPECT_THAT(on(changes, {"web"}), ElementsAre("two"));
    EXPECT_EQ(changes.all().size(), 2U);
}

TEST(RecentChanges, GiveUpTheOldestAtTheirBound) {
    RecentChanges changes;
    for (std::size_t i = 0; i < RecentChanges::kRememberedMax; ++i) {
        EXPECT_EQ(changes.add({at(10), "n" + std::to_string(i % 3), std::to_string(i), ""}, at(0)),
                  0U);
    }

    EXPECT_EQ(changes.add({at(10), "n0", "last", ""}, at(0)), 1U);

    EXPECT_EQ(changes.all().size(), RecentChanges::kRememberedMax);
    EXPECT_EQ(on(changes, {"n0"}).front(), "last");
    EXPECT_EQ(on(changes, {"n0"}).back(), "3");
    EXPECT_EQ(on(changes, {"n1"}).back(), "1");
}

}  // namespace
}  // namespace nocturne::engine
