// The history of incidents: idempotent, queried by state and time, in pages.
#include "story.hpp"

#include <gmock/gmock.h>

namespace nocturne::store {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

IncidentRecord incident(int number, std::string state) {
    IncidentRecord record;
    record.id = "I" + std::to_string(number) + "-0";
    record.opened_at = model::from_unix_ms(1'000'000 + number * 1'000);
    record.updated_at = record.opened_at;
    record.resolved_at =
        state == "resolved" ? model::from_unix_ms(2'000'000 + number * 1'000) : model::kNoTime;
    record.state = std::move(state);
    record.severity = "major";
    record.title = "checkout is slow";
    record.json = R"({"id":")" + record.id + "\"}";
    return record;
}

std::vector<std::string> ids_of(Store& store, const HistoryQuery& query) {
    std::vector<std::string> ids;
    const auto records = store.list_incidents(query);
    EXPECT_TRUE(records) << to_string(records.error());
    for (const IncidentRecord& record : *records) {
        ids.push_back(record.id);
    }
    return ids;
}

}  // namespace

TEST(History, FindsAnIncidentAsItWasLastWritten) {
    const Folder folder;
    const auto store = open_store(folder);
    expect_ok(store->append({}, {{}, {incident(1, "open"), incident(2, "open")}}));
    IncidentRecord over = incident(1, "resolved");
    over.title = "";

    expect_ok(store->append({}, {{}, {over}}));
    expect_ok(store->append({}, {{}, {over}}));
    const auto found = store->find_incident("I1-0");

    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->state, "resolved");
    EXPECT_EQ((*found)->opened_at, over.opened_at);
    EXPECT_EQ((*found)->resolved_at, over.resolved_at);
    EXPECT_EQ((*found)->title, "");
    EXPECT_EQ((*found)->json, over.json);
    EXPECT_THAT(ids_of(*store, {}), ElementsAre("I2-0", "I1-0"));
}

TEST(History, HasNothingUnderAnUnknownId) {
    const Folder folder;
    const auto found = open_store(folder)->find_incident("I7-0");

    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
}

TEST(History, ListsByStateAndTimeNewestFirst) {
    const Folder folder;
    const auto store = open_store(folder);
    Extras extras;
    for (int number = 1; number <= 6; ++number) {
        extras.history.push_back(incident(number, number % 2 == 0 ? "open" : "resolved"));
    }
    expect_ok(store->append(entries_from(1, 1), extras));

    HistoryQuery open;
    open.state = "open";
    EXPECT_THAT(ids_of(*store, open), ElementsAre("I6-0", "I4-0", "I2-0"));
    HistoryQuery range;
    range.since = model::from_unix_ms(1'002'000);
    range.until = model::from_unix_ms(1'005'000);
    EXPECT_THAT(ids_of(*store, range), ElementsAre("I4-0", "I3-0", "I2-0"));
    HistoryQuery unknown;
    unknown.state = "merged";
    EXPECT_THAT(ids_of(*store, unknown), IsEmpty());
}

TEST(History, GoesOnPageByPageEvenWhenTimesAreTheSame) {
    const Folder folder;
    const auto store = open_store(folder);
    Extras extras;
    for (int number = 1; number <= 5; ++number) {
        extras.history.push_back(incident(number, "open"));
        extras.history.back().opened_at = model::from_unix_ms(1'000'000);
    }
    expect_ok(store->append({}, extras));

    HistoryQuery page;
    page.limit = 2;
    EXPECT_THAT(ids_of(*store, page), ElementsAre("I5-0", "I4-0"));
    page.before = "I4-0";
    EXPECT_THAT(ids_of(*store, page), ElementsAre("I3-0", "I2-0"));
    page.before = "I2-0";
    EXPECT_THAT(ids_of(*store, page), ElementsAre("I1-0"));
}

}  // namespace nocturne::store
