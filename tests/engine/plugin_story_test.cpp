// Plugins in the pipeline: what enrichers and detectors do to events, alerts and incidents.
#include "tests/engine/plugin_story.hpp"

#include "engine/view.hpp"
#include "engine/why.hpp"

namespace nocturne::engine {
namespace {

using model::Reason;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A detector that scores 0.9 for a value above 10.
model::PluginFile spike(const std::string& name = "spike", const std::string& extra = "") {
    return plugin_file(
        name,
        extra + " wants = { events = {'metric'} }, series = function() return {} end, "
                "on_sample = function(series, sample) return sample.value > 10 and 0.9 or 0.1 end",
        "detector");
}

// ---- enrichers ----

TEST(Enricher, AnnotatesAnAlertAndWhyNamesItsFile) {
    PluginStory story;
    story.plugins({annotator("owner", "'team-' .. event.resource")});

    story.fires("db-1", "DiskFull");

    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("owner":"team-db-1")"));
    EXPECT_THAT(story.decisions("db-1"),
                Contains("annotated_by_plugin by plugins/owner.lua enricher \"owner\""));
    EXPECT_THAT(render_why(story.core(), "db-1").value_or(""), HasSubstr("plugins/owner.lua"));
    EXPECT_EQ(story.tally("owner").acted, 1U);
}

TEST(Enricher, ThatChangesWhatAnAlertIsChangesItsIdentity) {
    PluginStory story;
    story.plugins({plugin_file("names", "wants = { writes = {'labels', 'resource', 'severity'} }, "
                                        "on_event = function(event) nocturne.set_resource('db') "
                                        "nocturne.set_label('shard', event.resource) "
                                        "nocturne.set_severity('minor') end")});

    story.fires("db-1", "DiskFull").fires("db-1", "DiskFull").fires("db-2", "DiskFull");

    ASSERT_NE(story.alert("db"), nullptr);
    EXPECT_EQ(story.alert("db-1"), nullptr);
    EXPECT_EQ(story.state().alerts.size(), 2U);  // told apart by the label
    EXPECT_EQ(story.alert("db")->severity, model::Severity::Minor);
    EXPECT_EQ(story.alert("db")->count, 2U);
    EXPECT_EQ(story.count(Reason::ChangedByPlugin), 3U);
}

TEST(Enrichers, GoInTheOrderOfTheirNamesAndSeeWhatCameBefore) {
    PluginStory story;
    story.plugins({annotator("z-last", "(event.annotations['a-first'] or 'none') .. '!'"),
                   annotator("a-first", "event.annotations['z-last'] or 'seen'")});

    story.fires("db-1", "DiskFull");

    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("a-first":"seen")"));
    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("z-last":"seen!")"));
}

TEST(Enricher, InShadowChangesNothingAndIsOnTheRecord) {
    PluginStory story;
    story.plugins({plugin_file("quiet", "mode = 'shadow', wants = { writes = {'annotations'} }, "
                                        "on_event = function() nocturne.annotate('a', 'b') end")});

    story.fires("db-1", "DiskFull");

    EXPECT_THAT(story.annotations("db-1"), Not(HasSubstr("\"a\"")));
    EXPECT_EQ(story.tally("quiet").would_have, 1U);
    EXPECT_THAT(story.decisions("db-1"),
                Contains("plugin_would_act by plugins/quiet.lua enricher \"quiet\""));
}

TEST(Enricher, InSuggestMayAnnotateButNotChange) {
    PluginStory story;
    story.plugins(
        {plugin_file("s", "mode = 'suggest', wants = { writes = {'annotations', 'severity'} }, "
                          "on_event = function() nocturne.annotate('a', 'b') "
                          "nocturne.set_severity('info') end")});

    story.fires("db-1", "DiskFull");

    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("a":"b")"));
    EXPECT_EQ(story.alert("db-1")->severity, model::Severity::Critical);
    EXPECT_EQ(story.tally("s").would_have, 1U);
}

TEST(Enricher, ThatFailsLeavesTheEventToTheOthers) {
    PluginStory story;
    story.plugins({plugin_file("bad", "on_event = function(event) local x = nil + 1 end"),
                   annotator("good", "'here'")});

    story.fires("db-1", "DiskFull");

    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("good":"here")"));
    EXPECT_EQ(story.tally("bad").errors, 1U);
    EXPECT_THAT(story.plugin("bad").current.last_fault.message, HasSubstr("plugins/bad.lua:2"));
    EXPECT_THAT(render_plugin(story.core(), "bad").value_or(""), HasSubstr("plugins/bad.lua:2"));
}

TEST(Enricher, SeesTheGraphAndTheChangesOfTheTime) {
    PluginStory story;
    story.topology("services: [{name: web, depends_on: [db], owner: shop}]");
    story.event(R"({"kind":"change","resource":"db","check":"deploy","summary":"v7"})");
    story.plugins({plugin_file(
        "context",
        "wants = { graph = true, changes = true, writes = {'annotations'} }, "
        "on_event = function(event) "
        "for _, node in ipairs(nocturne.graph.dependencies(event.resource)) do "
        "for _, change in ipairs(nocturne.changes(node.name or node)) do "
        "nocturne.annotate('last_change', change.what .. ' ' .. change.summary) end end end")});

    story.fires("web", "Latency");

    EXPECT_THAT(story.annotations("web"), HasSubstr(R"("last_change":"deploy v7")"));
}

TEST(Enricher, SeesTheChangesOfANodeByAnyOfItsNamesTheLatestFirst) {
    PluginStory story;
    story.topology("services: [{name: db, aliases: [db.example.net]}, {name: web}]");
    for (const auto& [resource, what] :
         {std::pair("db", "one"), {"web", "other"}, {"db.example.net", "two"}, {"db", "three"}}) {
        story.passes(std::chrono::seconds(1));
        story.event(R"({"kind":"change","resource":")" + std::string(resource) + R"(","check":")" +
                    what + "\"}");
    }
    story.plugins(
        {plugin_file("changes", "wants = { changes = true, writes = {'annotations'} }, "
                                "on_event = function(event) local all = '' "
                                "for _, change in ipairs(nocturne.changes(event.resource)) do "
                                "all = all .. change.what .. ' ' end "
                                "nocturne.annotate('changes', all .. '.') end")});

    story.fires("db", "Latency").fires("none", "Latency");

    EXPECT_THAT(story.annotations("db"), HasSubstr(R"("changes":"three two one .")"));
    EXPECT_THAT(story.annotations("none"), HasSubstr(R"("changes":".")"));
}

TEST(Enricher, OverwritesAnAnnotationOfThatNameAndNoOther) {
    PluginStory story;
    // Names of one length with one end: what tells them apart is their beginning.
    story.plugins({plugin_file("many", "wants = { writes = {'annotations'} }, on_event = "
                                       "function(event) for i = 1, 9 do "
                                       "nocturne.annotate(i .. '_common_end', i) end end"),
                   plugin_file("more", "wants = { writes = {'annotations'} }, on_event = "
                                       "function(event) "
                                       "nocturne.annotate('7_common_end', 'mine') end")});

    story.fires("n", "c");

    EXPECT_EQ(story.annotations("n"),
              R"({"1_common_end":1,"2_common_end":2,"3_common_end":3,"4_common_end":4,)"
              R"("5_common_end":5,"6_common_end":6,"7_common_end":"mine","8_common_end":8,)"
              R"("9_common_end":9})");
}

// ---- emitted events ----

TEST(Emitted, AlertIsAnAlertOfItsOwnAndNamesItsPlugin) {
    PluginStory story;
    story.plugins(
        {plugin_file("twin", "wants = { writes = {'events'}, match = 'check=\"DiskFull\"' }, "
                             "on_event = function(event) nocturne.emit{ resource = 'host', "
                             "check = 'HostInDanger', severity = 'major' } end")});

    story.fires("db-1", "DiskFull");

    ASSERT_NE(story.alert("host"), nullptr);
    EXPECT_THAT(story.decisions("host"),
                Contains("emitted_by_plugin by plugins/twin.lua enricher \"twin\""));
}

TEST(Emitted, LoopEndsAtItsDepthAndIsCounted) {
    PluginStory story;
    story.plugins(
        {plugin_file("loop", "wants = { writes = {'events'} }, on_event = function(event) "
                             "nocturne.emit{ resource = event.resource .. 'x', check = 'c' } "
                             "end")});

    story.fires("n", "c");

    EXPECT_NE(story.alert("nx"), nullptr);
    EXPECT_NE(story.alert("nxx"), nullptr);  // shown to plugins, too: it would have led to nxxx
    EXPECT_EQ(story.alert("nxxx"), nullptr);
    EXPECT_EQ(story.count(Reason::EmitTooDeep), 1U);
    EXPECT_EQ(story.tally("loop").calls, 3U);
}

TEST(Emitted, FloodOfOneEventIsBounded) {
    PluginStory story;
    std::vector<model::PluginFile> floods;
    for (const char* name : {"f1", "f2", "f3", "f4", "f5", "f6"}) {
        floods.push_back(plugin_file(
            name, "wants = { writes = {'events'} }, on_event = function(event) for i = 1, 15 do "
                  "nocturne.emit{ resource = '" +
                      std::string(name) + "' .. i, check = 'c' } end end"));
    }
    story.plugins(std::move(floods));

    story.fires("n", "c");

    EXPECT_EQ(story.state().alerts.size(), 65U);
    EXPECT_GT(story.count(Reason::EmitTooMany), 0U);
}

// ---- detectors ----

TEST(Detector, RaisesAnAnomalyOnceAndClearsItAfterTenQuietSamples) {
    PluginStory story;
    story.plugins({spike()});

    story.metric("db-1", 3).metric("db-1", 50).metric("db-1", 60);

    ASSERT_NE(story.alert("db-1"), nullptr);
    const model::Alert& alert = *story.alert("db-1");
    EXPECT_EQ(story.state().alerts.text(alert.check), "latency_anomaly");
    EXPECT_EQ(alert.count, 2U);
    EXPECT_THAT(std::string(story.state().alerts.text(alert.summary)), HasSubstr("on db-1"));
    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("detector":"spike")"));
    EXPECT_THAT(story.decisions("db-1"),
                Contains("anomaly_detected by plugins/spike.lua detector \"spike\""));
    EXPECT_EQ(story.incidents().size(), 1U);

    for (int i = 0; i < 9; ++i) {
        story.metric("db-1", 3);
    }
    EXPECT_TRUE(story.alert("db-1")->is_burning());
    story.metric("db-1", 3);
    EXPECT_FALSE(story.alert("db-1")->is_burning());
    EXPECT_EQ(story.count(Reason::AnomalyCleared), 1U);
}

TEST(Detectors, OfOneMetricShareItsAlert) {
    PluginStory story;
    story.plugins(
        {spike("fast"),
         plugin_file("slow",
                     "wants = { events = {'metric'} }, series = function() return {} end, "
                     "on_sample = function(series, sample) return 0.8 end",
                     "detector")});

    story.metric("db-1", 50);
    for (int i = 0; i < 10; ++i) {
        story.metric("db-1", 3);
    }

    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_TRUE(story.alert("db-1")->is_burning());  // the other one still holds it
}

TEST(Detector, InSuggestRaisesAlertsOfSeverityInfo) {
    PluginStory story;
    story.plugins({spike("spike", "mode = 'suggest',")});

    story.metric("db-1", 50);

    EXPECT_EQ(story.alert("db-1")->severity, model::Severity::Info);
    EXPECT_THAT(story.incidents(), IsEmpty());
}

TEST(Detector, AnomaliesAreEnriched) {
    PluginStory story;
    story.plugins({spike(), annotator("owner", "'shop'")});

    story.metric("db-1", 50);

    EXPECT_THAT(story.annotations("db-1"), HasSubstr(R"("owner":"shop")"));
}

// ---- incidents ----

TEST(Notes, OfAPluginLandOnTheIncidentWhenItOpens) {
    PluginStory story;
    story.plugins(
        {plugin_file("runbook", "wants = { writes = {'annotations'} }, "
                                "on_incident = function(incident) "
                                "nocturne.annotate('runbook', 'https://wiki/disk') end")});

    story.fires("db-1", "DiskFull");

    ASSERT_EQ(story.incidents().size(), 1U);
    const model::Incident& incident = *story.incidents().front();
    ASSERT_EQ(incident.notes.size(), 1U);
    EXPECT_EQ(incident.notes.front().plugin, "runbook");
    EXPECT_EQ(incident.notes.front().value, "https://wiki/disk");
    EXPECT_THAT(render_incident(story.core(), incident.id).value_or(""),
                HasSubstr(R"("notes":[{"plugin":"runbook","name":"runbook")"));
    EXPECT_EQ(incident.timeline.back().reason, Reason::NotedByPlugin);
    EXPECT_EQ(incident.timeline.back().text, "runbook: runbook=https://wiki/disk");
    EXPECT_EQ(story.tally("runbook").calls, 1U);
}

TEST(Notes, AreAskedForAgainOnlyWhenTheFirstSuspectChanges) {
    PluginStory story;
    story.topology("services: [{name: web, depends_on: [db]}]");
    story.plugins({plugin_file("count", "wants = { writes = {'annotations'} }, "
                                        "on_incident = function(incident) "
                                        "nocturne.annotate('asked', true) end")});

    story.fires("web", "Latency").fires("web", "Errors").fires("web", "Saturation");
    const std::uint64_t calls = story.tally("count").calls;
    story.passes(std::chrono::seconds(5));
    story.fires("db", "DiskFull").passes(std::chrono::seconds(5));

    EXPECT_LE(calls, 2U);
    EXPECT_GT(story.tally("count").calls, 0U);
    EXPECT_LE(story.tally("count").calls, 3U);
}

// ---- many ----

TEST(Enrichers, TwentyOfThemAllHaveTheirSay) {
    PluginStory story;
    std::vector<model::PluginFile> files;
    for (int i = 0; i < 20; ++i) {
        files.push_back(annotator("e" + std::to_string(i), "event.check"));
    }
    story.plugins(std::move(files));

    story.fires("db-1", "DiskFull");

    for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(story.annotations("db-1"), HasSubstr("\"e" + std::to_string(i) + "\""));
    }
}

}  // namespace
}  // namespace nocturne::engine
