// Plugins under the loop: kills by the real clock, checkpoints, recovery, and a replay of the whole
// journal that gives the same bytes.
#include "engine/loop.hpp"
#include "engine/read_kills.hpp"
#include "store/store.hpp"
#include "tests/engine/deaf_outbox.hpp"
#include "tests/engine/plugin_story.hpp"
#include "tests/temporary_folder.hpp"

#include <limits>
#include <memory>

namespace nocturne::engine {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// Spins on the check "spin", counts in its state, and keeps a second count where nobody looks.
model::PluginFile restless() {
    return plugin_file("restless",
                       "wants = { writes = {'annotations'} }, on_event = function(event) "
                       "if event.check == 'spin' then while true do end end "
                       "hidden = hidden + 1 nocturne.state.n = (nocturne.state.n or 0) + 1 "
                       "nocturne.annotate('n', nocturne.state.n .. '/' .. hidden) end",
                       "enricher", "1.0.0", "local hidden = 0");
}

class PluginLoop : public testing::Test {
   protected:
    void start(LoopOptions options = {}) {
        options.plugin_run.ceiling.call_cpu_max = std::chrono::milliseconds(20);
        store_ = *store::Store::open(folder_.path());
        Result<std::unique_ptr<Loop>> loop = Loop::start(*store_, outbox_, std::move(options));
        NOCTURNE_ASSERT(loop.has_value());
        loop_ = *std::move(loop);
    }

    void stop() {
        loop_->stop();
        loop_.reset();
        store_.reset();
    }

    void event(const std::string& resource, const std::string& check) {
        ASSERT_TRUE(loop_->submit_and_wait(
            model::EventDecoder()
                .decode(R"({"resource":")" + resource + R"(","check":")" + check + "\"}")
                .batch));
    }

    // Waits until the kills that have happened are journaled and applied.
    void settle_kills(std::uint64_t count) {
        for (int i = 0; i < 20'000 && kills_applied() < count; ++i) {
            ::usleep(1000);
        }
        ASSERT_EQ(kills_applied(), count);
    }

    std::uint64_t kills_applied() {
        std::uint64_t kills = 0;
        loop_->query_and_wait([&](const Core& core) {
            for (const RackedPlugin& racked : core.state().plugins->all()) {
                kills += racked.current.tally.killed_time;
            }
        });
        return kills;
    }

    std::string live_bytes(model::Position* position = nullptr) {
        std::string bytes;
        loop_->query_and_wait([&](const Core& core) {
            model::Writer out;
            core.encode(out);
            bytes = out.take();
            if (position != nullptr) {
                *position = core.position();
            }
        });
        return bytes;
    }

    // The whole journal from its first input, as `nocturne replay --journal` does it.
    std::string replayed_bytes(model::Position last = std::numeric_limits<model::Position>::max()) {
        Core core({}, PluginRun::patient());
        core.foresee(*read_kills(*store_, 1));
        std::vector<model::Effect> effects;
        const Status read = store_->read(1, [&](const store::Entry& entry) {
            if (entry.position > last) {
                return false;
            }
            core.apply({entry.position, entry.at, *model::decode_body(entry.bytes)}, effects);
            return true;
        });
        NOCTURNE_ASSERT(read.has_value());
        model::Writer out;
        core.encode(out);
        return out.take();
    }

    std::string annotations(const std::string& resource) {
        std::string text;
        loop_->query_and_wait([&](const Core& core) {
            const AlertTable& alerts = core.state().alerts;
            for (Slot slot = 0; slot < alerts.bound(); ++slot) {
                if (alerts.is_used(slot) && alerts.text(alerts[slot].resource) == resource) {
                    text = alerts.text(alerts[slot].annotations);
                }
            }
        });
        return text;
    }

    TemporaryFolder folder_;
    DeafOutbox outbox_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Loop> loop_;
};

TEST_F(PluginLoop, JournalsAKillOnceAndAReplayRepeatsItWithoutTheClock) {
    start();
    ASSERT_TRUE(loop_->submit_and_wait(plugins_of({restless()})));
    event("a", "c");
    event("b", "spin");
    settle_kills(1);
    event("d", "c");

    EXPECT_THAT(*read_kills(*store_, 1), SizeIs(1));
    EXPECT_THAT(annotations("d"), HasSubstr("1/1"));  // empty state after the kill
    EXPECT_EQ(replayed_bytes(), live_bytes());
}

TEST_F(PluginLoop, RestartAndWholeReplayAgreeOnWhatACheatingPluginLost) {
    start();
    ASSERT_TRUE(loop_->submit_and_wait(plugins_of({restless()})));
    event("a", "c");
    event("b", "c");
    stop();

    start();
    event("d", "c");

    EXPECT_THAT(annotations("d"), HasSubstr("3/1"));  // its state came back, its secret did not
    EXPECT_EQ(replayed_bytes(), live_bytes());
}

TEST_F(PluginLoop, SnapshotWhileItRunsComesRightAfterACheckpoint) {
    LoopOptions options;
    options.snapshot_every_bytes = 1;
    start(options);
    ASSERT_TRUE(loop_->submit_and_wait(plugins_of({restless()})));
    for (int i = 0; i < 20; ++i) {
        event("n" + std::to_string(i), "c");
    }
    for (int i = 0; i < 10'000 && loop_->counters().snapshots < 2; ++i) {
        ::usleep(1000);
    }
    EXPECT_GE(loop_->counters().snapshots, 2U);
    // Each checkpoint asks for the next snapshot, so there is always one more to come.
    model::Position position = 0;
    const std::string live = live_bytes(&position);
    EXPECT_EQ(replayed_bytes(position), live);

    // From that snapshot, without the clean end that would take another.
    Result<std::optional<store::Snapshot>> snapshot = store_->load_latest_snapshot();
    ASSERT_TRUE(snapshot && *snapshot);
    model::Reader in((*snapshot)->bytes);
    Result<Core> core = Core::decode(in, PluginRun::patient());
    ASSERT_TRUE(core) << core.error().message;
    std::vector<model::Effect> effects;
    const model::Position last = *store_->last_position();
    ASSERT_TRUE(store_->read(core->position() + 1, [&](const store::Entry& entry) {
        if (entry.position > last) {
            return false;
        }
        core->apply({entry.position, entry.at, *model::decode_body(entry.bytes)}, effects);
        return true;
    }));
    model::Writer out;
    core->encode(out);
    EXPECT_EQ(out.bytes(), replayed_bytes(last));
}

TEST_F(PluginLoop, SnapshotOfAnotherVersionIsPassedOverForTheWholeJournal) {
    start();
    ASSERT_TRUE(loop_->submit_and_wait(plugins_of({restless()})));
    event("a", "c");
    stop();
    {
        const std::unique_ptr<store::Store> store = *store::Store::open(folder_.path());
        ASSERT_TRUE(store->save_snapshot(*store->last_position(), "\x04 of long ago"));
    }

    start();
    event("b", "c");

    EXPECT_THAT(loop_->recovery().problems, SizeIs(1));
    EXPECT_THAT(annotations("b"), HasSubstr("2/1"));
    EXPECT_EQ(replayed_bytes(), live_bytes());
}

TEST_F(PluginLoop, KillDoesNotWaitForAQueueThatIsFull) {
    LoopOptions options;
    options.queue_inputs_max = 1;
    start(options);
    ASSERT_TRUE(loop_->submit_and_wait(plugins_of({restless()})));

    for (int i = 0; i < 50; ++i) {
        model::EventBatch batch = model::EventDecoder()
                                      .decode(R"({"resource":"n)" + std::to_string(i) +
                                              R"(","check":")" + (i == 10 ? "spin" : "c") + "\"}")
                                      .batch;
        ASSERT_TRUE(loop_->submit(std::move(batch), 100, nullptr));
    }
    event("last", "c");
    settle_kills(1);

    EXPECT_EQ(replayed_bytes(), live_bytes());
}

}  // namespace
}  // namespace nocturne::engine
