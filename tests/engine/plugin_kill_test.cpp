// Kills, quarantine and checkpoints: what a plugin's faults do, and that a replay repeats them.
#include "tests/engine/plugin_story.hpp"

namespace nocturne::engine {
namespace {

using model::Reason;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Spins on the check "spin"; else it writes how often it was called.
model::PluginFile spinner() {
    return plugin_file("spinner",
                       "wants = { writes = {'annotations'} }, on_event = function(event) "
                       "if event.check == 'spin' then while true do end end "
                       "nocturne.state.n = (nocturne.state.n or 0) + 1 "
                       "nocturne.annotate('n', nocturne.state.n) end");
}

// Keeps its count where the host does not look.
model::PluginFile cheater() {
    return plugin_file("cheater",
                       "wants = { writes = {'annotations'} }, on_event = function(event) "
                       "n = n + 1 nocturne.annotate('n', n) end",
                       "enricher", "1.0.0", "local n = 0");
}

std::string bytes_of(const Core& core) {
    model::Writer out;
    core.encode(out);
    return out.take();
}

std::vector<std::string> topics_of(const std::vector<model::Effect>& effects) {
    std::vector<std::string> topics;
    for (const model::Effect& effect : effects) {
        topics.emplace_back(model::name_of(effect.topic));
    }
    return topics;
}

TEST(KilledPlugin, IsNotCalledUntilTheJournalHasItAndThenBeginsAnew) {
    PluginStory story;
    story.plugins({spinner()});

    story.fires("a", "c").fires("b", "spin").fires("d", "c");

    EXPECT_THAT(story.annotations("a"), HasSubstr(R"("n":1)"));
    EXPECT_NE(story.alert("b"), nullptr);  // the event goes on without it
    EXPECT_EQ(story.annotations("d").find("\"n\""), std::string::npos);  // suspended

    const std::vector<model::PluginKilled> kills = story.journal_kills();
    ASSERT_EQ(kills.size(), 1U);
    EXPECT_EQ(kills.front().plugin, "spinner");
    EXPECT_EQ(kills.front().handler, "on_event");
    EXPECT_EQ(kills.front().verdict, "killed_time");
    EXPECT_EQ(kills.front().position, 3U);

    story.fires("e", "c");
    EXPECT_THAT(story.annotations("e"), HasSubstr(R"("n":1)"));  // empty state
    EXPECT_EQ(story.tally("spinner").killed_time, 1U);
    EXPECT_THAT(story.turns("spinner"), ElementsAre("plugin_loaded", "plugin_was_killed"));
}

TEST(KilledPlugin, IsToldOfOnce) {
    PluginStory story;
    story.plugins({spinner()}).fires("b", "spin");

    EXPECT_EQ(story.core().take_kills().size(), 1U);
    EXPECT_THAT(story.core().take_kills(), IsEmpty());
}

TEST(KilledPlugin, ThatASnapshotSawIsToldOfAgainAfterIt) {
    PluginStory story;
    story.plugins({spinner()}).fires("b", "spin");
    const std::vector<model::PluginKilled> kills = story.core().take_kills();
    const std::string snapshot = story.snapshot();  // the journal never got it

    model::Reader in(snapshot);
    Result<Core> again = Core::decode(in, counting());
    ASSERT_TRUE(again) << again.error().message;

    EXPECT_EQ(again->take_kills(), kills);
}

// What the journal holds after a live run: the inputs of the story, and its kills where they came.
class KillJournal {
   public:
    void add(model::Input::Body body) {
        body_.push_back(std::move(body));
        apply(live_, effects_, body_.size());
        for (model::PluginKilled& kill : live_.take_kills()) {
            late_.push_back(std::move(kill));
        }
    }

    // The loop's kills come in only after other inputs were queued.
    void add_kills() {
        for (model::PluginKilled& kill : std::exchange(late_, {})) {
            add(std::move(kill));
        }
    }

    void event(const std::string& resource, const std::string& check) {
        add(model::EventDecoder()
                .decode(R"({"resource":")" + resource + R"(","check":")" + check + "\"}")
                .batch);
    }

    std::vector<model::PluginKilled> kills() const {
        std::vector<model::PluginKilled> all;
        for (const model::Input::Body& body : body_) {
            if (const auto* kill = std::get_if<model::PluginKilled>(&body)) {
                all.push_back(*kill);
            }
        }
        return all;
    }

    void apply(Core& core, std::vector<model::Effect>& effects, std::size_t position) const {
        Result<model::Input::Body> body =
            model::decode_body(model::encode_body(body_[position - 1]));
        NOCTURNE_ASSERT(body.has_value());
        core.apply({position,
                    model::from_unix_ms(Story::kStart + static_cast<std::int64_t>(position) * 1000),
                    *std::move(body)},
                   effects);
    }

    std::size_t size() const { return body_.size(); }

    const Core& live() const { return live_; }

    const std::vector<model::Effect>& effects() const { return effects_; }

   private:
    std::vector<model::Input::Body> body_;
    std::vector<model::PluginKilled> late_;
    Core live_{model::Settings(), counting()};
    std::vector<model::Effect> effects_;
};

KillJournal night_with_a_kill() {
    KillJournal journal;
    journal.add(plugins_of({spinner(), cheater()}));
    journal.event("a", "c");
    journal.event("b", "spin");
    journal.event("d", "c");
    journal.add_kills();
    journal.event("e", "c");
    journal.event("f", "spin");
    journal.add_kills();
    journal.event("g", "c");
    return journal;
}

TEST(Kill, IsRepeatedByAReplayThatNeverCallsThePluginThere) {
    const KillJournal journal = night_with_a_kill();
    ASSERT_EQ(journal.kills().size(), 2U);

    // Without a limit, the calls that were killed would never come back.
    PluginRun endless = PluginRun::patient();
    endless.ceiling.call_cpu_max = std::chrono::hours(1);
    Core replayed({}, endless);
    replayed.foresee(journal.kills());
    std::vector<model::Effect> effects;
    for (std::size_t i = 1; i <= journal.size(); ++i) {
        journal.apply(replayed, effects, i);
    }

    EXPECT_EQ(effects, journal.effects());
    EXPECT_EQ(bytes_of(replayed), bytes_of(journal.live()));
    EXPECT_THAT(replayed.take_kills(), IsEmpty());
}

TEST(Kill, IsRepeatedFromASnapshotCutAnywhere) {
    const KillJournal journal = night_with_a_kill();

    for (std::size_t cut = 1; cut < journal.size(); ++cut) {
        // A snapshot is taken right after a checkpoint, so that the cheater is as it comes back.
        Core first({}, counting());
        first.foresee(journal.kills());
        std::vector<model::Effect> ignored;
        for (std::size_t i = 1; i <= cut; ++i) {
            journal.apply(first, ignored, i);
        }
        const std::string snapshot = bytes_of(first);
        model::Reader in(snapshot);
        Result<Core> second = Core::decode(in, counting());
        ASSERT_TRUE(second) << second.error().message;
        EXPECT_EQ(bytes_of(*second), snapshot) << "cut at " << cut;
    }
}

TEST(Checkpoint, TakesFromEveryCoreWhatAPluginKeepsOutsideOfItsState) {
    KillJournal journal;
    journal.add(plugins_of({cheater()}));
    journal.event("a", "c");
    journal.event("b", "c");
    Core live({}, counting());
    std::vector<model::Effect> effects;
    for (std::size_t i = 1; i <= 3; ++i) {
        journal.apply(live, effects, i);
    }
    const std::string snapshot = bytes_of(live);
    model::Reader in(snapshot);
    Result<Core> recovered = Core::decode(in, counting());
    ASSERT_TRUE(recovered);

    // Without a checkpoint the two part ways: the live one counts on, the recovered one anew.
    journal.event("x", "c");
    Core parted = *std::move(recovered);
    journal.apply(parted, effects, 4);
    journal.apply(live, effects, 4);
    EXPECT_NE(bytes_of(parted), bytes_of(live));

    // With one, as the loop journals it at each start, they are the same again from there on.
    KillJournal checked;
    checked.add(plugins_of({cheater()}));
    checked.event("a", "c");
    checked.event("b", "c");
    Core before({}, counting());
    for (std::size_t i = 1; i <= 3; ++i) {
        checked.apply(before, effects, i);
    }
    const std::string at_stop = bytes_of(before);
    model::Reader again(at_stop);
    Result<Core> restarted = Core::decode(again, counting());
    ASSERT_TRUE(restarted);
    checked.add(model::Checkpoint{});
    checked.event("x", "c");
    for (std::size_t i = 4; i <= checked.size(); ++i) {
        checked.apply(*restarted, effects, i);
    }
    EXPECT_EQ(bytes_of(*restarted), bytes_of(checked.live()));
}

TEST(Quarantine, ComesAfterThreeKillsAndIsTold) {
    PluginStory story;
    story.plugins({spinner()});

    for (int i = 0; i < 3; ++i) {
        story.fires("a" + std::to_string(i), "spin");
        story.journal_kills();
    }

    EXPECT_THAT(story.topics(), Contains("plugin.quarantined"));
    EXPECT_TRUE(story.plugin("spinner").current.breaker.is_open());
    story.fires("quiet", "spin");
    EXPECT_EQ(story.tally("spinner").calls, 3U);
    EXPECT_THAT(render_plugins(story.core()), HasSubstr(R"("state":"quarantined")"));
    std::string effect;
    for (const model::Effect& one : story.all_effects()) {
        effect = one.topic == model::Effect::Topic::PluginQuarantined ? "told" : effect;
    }
    EXPECT_EQ(effect, "told");
}

TEST(Quarantine, OfErrorsTakesThirtyInTenMinutes) {
    PluginStory story;
    story.plugins({plugin_file("bad", "on_event = function(event) error('no') end")});

    for (int i = 0; i < 29; ++i) {
        story.fires("a" + std::to_string(i), "c");
    }
    EXPECT_FALSE(story.plugin("bad").current.breaker.is_open());

    story.fires("last", "c");
    EXPECT_TRUE(story.plugin("bad").current.breaker.is_open());
    EXPECT_THAT(topics_of(story.all_effects()), Contains("plugin.quarantined"));
}

TEST(Quarantine, EndsOnProbationAndComesBackTwiceAsLongAtAFault) {
    PluginStory story;
    story.plugins({spinner()});
    for (int i = 0; i < 3; ++i) {
        story.fires("a" + std::to_string(i), "spin");
        story.journal_kills();
    }
    const model::Time first = story.plugin("spinner").current.breaker.until();
    EXPECT_EQ(first - story.now(), std::chrono::minutes(1));

    story.passes(std::chrono::seconds(61));
    EXPECT_EQ(story.plugin("spinner").current.breaker.state(), PluginBreaker::State::Probing);
    EXPECT_THAT(topics_of(story.all_effects()), Contains("plugin.released"));

    story.fires("again", "spin");
    story.journal_kills();
    EXPECT_EQ(story.plugin("spinner").current.breaker.until() - story.now(),
              std::chrono::minutes(2));
}

TEST(Quarantine, IsOverAfterTwentyGoodCallsOnProbation) {
    PluginStory story;
    story.plugins({spinner()});
    for (int i = 0; i < 3; ++i) {
        story.fires("a" + std::to_string(i), "spin");
        story.journal_kills();
    }
    story.passes(std::chrono::seconds(61));

    for (int i = 0; i < 20; ++i) {
        story.fires("b" + std::to_string(i), "c");
    }

    EXPECT_EQ(story.plugin("spinner").current.breaker.state(), PluginBreaker::State::Closed);
    EXPECT_THAT(story.turns("spinner"), Contains("plugin_recovered"));
}

TEST(Quarantine, EndsWhenAnOperatorSaysSo) {
    PluginStory story;
    story.plugins({spinner()});
    for (int i = 0; i < 3; ++i) {
        story.fires("a" + std::to_string(i), "spin");
        story.journal_kills();
    }

    story.apply(model::Command(model::ReleasePlugin{"spinner", "anna"}));

    EXPECT_THAT(story.topics(), ElementsAre("plugin.released"));
    EXPECT_THAT(story.turns("spinner"), Contains("plugin_released"));
    story.fires("d", "c");
    EXPECT_THAT(story.annotations("d"), HasSubstr(R"("n":1)"));
}

}  // namespace
}  // namespace nocturne::engine
