// Reloads, versions on trial, promotion and rollback.
#include "engine/plugin_precision.hpp"
#include "tests/engine/plugin_story.hpp"

namespace nocturne::engine {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

model::PluginFile counter(const std::string& name, const std::string& version = "1.0.0",
                          const std::string& more = "") {
    return plugin_file(name,
                       "wants = { writes = {'annotations'} }, on_event = function(event) "
                       "nocturne.state.n = (nocturne.state.n or 0) + 1 nocturne.annotate('" +
                           name + "', nocturne.state.n) end, " + more,
                       "enricher", version);
}

model::PluginsRevision with_trials(std::vector<model::PluginFile> files, const std::string& name) {
    model::PluginsRevision revision = plugins_of(std::move(files));
    revision.stances.push_back({name, "", true});
    return revision;
}

TEST(Reload, OfOnePluginLeavesTheStateOfTheOthersAlone) {
    PluginStory story;
    story.plugins({counter("a"), counter("b")}).fires("n1", "c").fires("n2", "c");

    story.plugins({counter("a"), counter("b", "2.0.0")}).fires("n3", "c");

    EXPECT_THAT(story.annotations("n3"), HasSubstr(R"("a":3)"));
    EXPECT_THAT(story.annotations("n3"), HasSubstr(R"("b":1)"));  // no migrate(): forgotten
}

TEST(Reload, HandsTheStateToTheNewVersionsMigrate) {
    PluginStory story;
    story.plugins({counter("a")}).fires("n1", "c").fires("n2", "c");

    story
        .plugins({counter("a", "2.0.0",
                          "migrate = function(state, version) state.n = state.n * 100 "
                          "return state end")})
        .fires("n3", "c");

    EXPECT_THAT(story.annotations("n3"), HasSubstr(R"("a":201)"));
}

TEST(Reload, WithOtherSettingsKeepsTheState) {
    const auto file =
        plugin_file("p", "parameters = { word = { type = 'string', default = 'x' } }, "
                         "wants = { writes = {'annotations'} }, "
                         "on_event = function(event, parameters) "
                         "nocturne.state.n = (nocturne.state.n or 0) + 1 "
                         "nocturne.annotate('p', parameters.word .. nocturne.state.n) end");
    PluginStory story;
    story.plugins({file}).fires("n1", "c");
    model::PluginsRevision revision = plugins_of({file});
    revision.values.push_back({"p", "word", "y", "", "nocturne.yaml:3:5"});

    story.plugins(revision).fires("n2", "c");

    EXPECT_THAT(story.annotations("n1"), HasSubstr(R"("p":"x1")"));
    EXPECT_THAT(story.annotations("n2"), HasSubstr(R"("p":"y2")"));
}

TEST(Reload, WithABrokenVersionLeavesTheOldOneRunning) {
    PluginStory story;
    story.plugins({counter("a")}).fires("n1", "c");
    model::PluginFile broken = counter("a", "2.0.0");
    broken.text += "\nthis is no Lua";

    story.apply(plugins_of({broken}));
    story.fires("n2", "c");

    EXPECT_THAT(story.annotations("n2"), HasSubstr(R"("a":2)"));
    ASSERT_EQ(story.rack().refused().size(), 1U);
    EXPECT_THAT(story.rack().refused().front().message, HasSubstr("plugins/a.lua:"));
    EXPECT_THAT(story.turns("a"), Contains("plugin_refused"));
}

TEST(Reload, RefusesAPlaybookAndSaysWhereItBelongs) {
    PluginStory story;
    story.apply(plugins_of(
        {plugin_file("p", "plan = function() return nil end", "playbook"), annotator("a", "1")}));
    story.fires("n1", "c");

    EXPECT_THAT(story.annotations("n1"), HasSubstr(R"("a":1)"));
    ASSERT_EQ(story.rack().refused().size(), 1U);
    EXPECT_THAT(
        story.rack().refused().front().message,
        HasSubstr("plugins/p.lua: is a playbook, and playbooks are not run with the plugins; "
                  "name it under `remediation: playbooks:` in nocturne.yaml"));
}

TEST(Reload, WithoutAPluginUnloadsIt) {
    PluginStory story;
    story.plugins({counter("a"), counter("b")});

    story.plugins({counter("b")}).fires("n1", "c");

    EXPECT_EQ(story.rack().all().size(), 1U);
    EXPECT_EQ(story.annotations("n1"), R"({"b":1})");
}

TEST(Trial, RunsBesideTheOldVersionAndChangesNothing) {
    PluginStory story;
    story.plugins(with_trials({annotator("a", "'old'")}, "a"));
    const auto fresh = annotator("a", "event.check == 'c' and 'old' or 'new'", "2.0.0");

    story.plugins(with_trials({fresh}, "a")).fires("n1", "c").fires("n2", "other");

    EXPECT_THAT(story.annotations("n2"), HasSubstr(R"("a":"old")"));
    const PluginComparison& comparison = story.plugin("a").comparison;
    EXPECT_EQ(comparison.calls, 2U);
    EXPECT_EQ(comparison.same, 1U);
    EXPECT_EQ(comparison.differ, 1U);
    ASSERT_EQ(comparison.examples.size(), 1U);
    EXPECT_EQ(comparison.examples.front().about, "n2 other");
    EXPECT_EQ(comparison.examples.front().before, "annotate a=old");
    EXPECT_EQ(comparison.examples.front().after, "annotate a=new");
    EXPECT_THAT(render_comparison(story.core(), "a").value_or(""), HasSubstr(R"("agreement":0.5)"));
}

// What a detector says of a metric: `score` is a Lua expression.
model::PluginFile scorer(const std::string& score, const std::string& version) {
    return plugin_file("d",
                       "wants = { events = {'metric'} }, series = function() return {} end, "
                       "on_sample = function(series, sample) return " +
                           score + " end",
                       "detector", version);
}

TEST(Trial, IsMeasuredByWhatPeopleFoundRight) {
    PluginStory story;
    story.plugins(with_trials({scorer("1", "1.0.0")}, "d"));
    story.plugins(with_trials({scorer("sample.resource == 'real' and 1 or 0", "2.0.0")}, "d"));
    const auto sample = [&](const std::string& resource) {
        story.event(R"({"kind":"metric","resource":")" + resource +
                    R"(","check":"latency","value":9})");
    };
    for (const char* resource : {"real", "quiet", "unknown"}) {
        sample(resource);
        story.passes(std::chrono::minutes(30));  // incidents of their own
    }
    const auto label = [&](const std::string& resource, const std::string& cause) {
        const model::Alert* alert = story.alert(resource);
        ASSERT_NE(alert, nullptr);
        story.apply(model::Command(model::LabelIncident{alert->incident, cause, "anna"}));
    };
    label("real", "db-1");
    label("quiet", "False alarm");

    const Precision precision = precision_of(story.state(), story.plugin("d").comparison);

    EXPECT_EQ(precision.before.right, 1U);
    EXPECT_EQ(precision.before.wrong, 1U);
    EXPECT_EQ(precision.before.unlabelled, 1U);
    EXPECT_EQ(precision.after.right, 1U);
    EXPECT_EQ(precision.after.wrong, 0U);
    const std::string json = render_comparison(story.core(), "d").value_or("");
    EXPECT_THAT(json, HasSubstr(R"("old":{"right":1,"wrong":1,"unlabelled":1,"precision":0.5})"));
    EXPECT_THAT(json, HasSubstr(R"("resource":"quiet","check":"latency","old":true,"new":false})"));
}

TEST(Trial, PromotedTakesTheOldOnesPlaceAndRolledBackGivesItBack) {
    PluginStory story;
    story.plugins(with_trials({annotator("a", "'old'")}, "a"));
    story.plugins(with_trials({annotator("a", "'new'", "2.0.0")}, "a"));

    story.apply(model::Command(model::PromotePlugin{"a", "anna"})).fires("n1", "c");
    EXPECT_THAT(story.annotations("n1"), HasSubstr(R"("a":"new")"));
    EXPECT_FALSE(story.plugin("a").trial.has_value());

    story.apply(model::Command(model::RollbackPlugin{"a", "anna"})).fires("n2", "c");
    EXPECT_THAT(story.annotations("n2"), HasSubstr(R"("a":"old")"));
    EXPECT_THAT(story.turns("a"), Contains("plugin_rolled_back"));
}

TEST(Trial, ThatWasRolledBackDoesNotBeginAgainWithTheSameFile) {
    PluginStory story;
    story.plugins(with_trials({annotator("a", "'old'")}, "a"));
    story.plugins(with_trials({annotator("a", "'new'", "2.0.0")}, "a"));
    story.apply(model::Command(model::RollbackPlugin{"a", "anna"}));

    story.plugins(with_trials({annotator("a", "'new'", "2.0.0"), annotator("b", "1")}, "a"));

    EXPECT_FALSE(story.plugin("a").trial.has_value());
    story.fires("n1", "c");
    EXPECT_THAT(story.annotations("n1"), HasSubstr(R"("a":"old")"));
}

TEST(Trial, ThatSpinsIsKilledAloneAndTheOldVersionGoesOn) {
    PluginStory story;
    story.plugins(with_trials({annotator("a", "'old'")}, "a"));
    story.plugins(with_trials(
        {plugin_file("a", "on_event = function() while true do end end", "enricher", "2.0.0")},
        "a"));

    story.fires("n1", "c");
    const std::vector<model::PluginKilled> kills = story.journal_kills();
    story.fires("n2", "c");

    EXPECT_EQ(kills.size(), 1U);
    EXPECT_THAT(story.annotations("n2"), HasSubstr(R"("a":"old")"));
    EXPECT_EQ(story.plugin("a").trial->tally.killed_time, 1U);
    EXPECT_EQ(story.tally("a").killed_time, 0U);
}

TEST(Mode, SetByAnOperatorHoldsOverAReload) {
    PluginStory story;
    story.plugins({annotator("a", "'x'")});

    story.apply(model::Command(model::SetPluginMode{"a", "shadow", "anna"}));
    story.plugins({annotator("a", "'y'", "2.0.0")}).fires("n1", "c");

    EXPECT_THAT(story.annotations("n1"), testing::Not(HasSubstr("\"a\"")));
    EXPECT_EQ(story.tally("a").would_have, 1U);
}

TEST(Snapshot, BringsBackPluginsTrialsAndTheirBooks) {
    PluginStory story;
    story.plugins(with_trials({counter("a"), annotator("b", "1")}, "b"));
    story.plugins(with_trials({counter("a"), annotator("b", "2", "2.0.0")}, "b"));
    story.fires("n1", "c").fires("n2", "c");

    const std::string snapshot = story.snapshot();
    model::Reader in(snapshot);
    Result<Core> again = Core::decode(in, counting());
    ASSERT_TRUE(again) << again.error().message;
    model::Writer out;
    again->encode(out);

    EXPECT_EQ(out.bytes(), snapshot);
    EXPECT_TRUE(again->state().plugins->all()[1].trial.has_value());
}

}  // namespace
}  // namespace nocturne::engine
