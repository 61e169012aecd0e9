// How much may be on its way through the loop, and what it does to who sends more.
#include "engine/loop.hpp"

#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "store/store.hpp"
#include "tests/engine/deaf_outbox.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace nocturne::engine {
namespace {

// A loop whose core can be held up, as by a storm that it cannot follow.
class HeldLoop : public ::testing::Test {
   public:
    ~HeldLoop() override {
        release();
        loop_.reset();
    }

    void start(std::size_t inputs_max, std::size_t bytes_max) {
        store_ = *store::Store::open(folder_.path());
        LoopOptions options;
        options.queue_inputs_max = inputs_max;
        options.queue_bytes_max = bytes_max;
        loop_ = *Loop::start(*store_, outbox_, std::move(options));
        settle();
    }

    void hold() {
        std::promise<void> is_held;
        ASSERT_TRUE(loop_->query([&, released = release_.get_future().share()](const Core&) {
            is_held.set_value();
            released.wait();
        }));
        is_held.get_future().wait();
    }

    void release() {
        if (!std::exchange(is_released_, true)) {
            release_.set_value();
        }
    }

    // Sends an event with this weight, and waits until it is in the journal. False: not taken.
    bool send(std::size_t bytes) {
        model::Input::Body body =
            model::EventDecoder()
                .decode(R"({"resource":"n)" + std::to_string(++sent_) + R"(","check":"latency"})")
                .batch;
        std::promise<void> durable;
        if (!loop_->try_submit(body, bytes, [&](const auto&) { durable.set_value(); })) {
            return false;
        }
        durable.get_future().wait();
        return true;
    }

    // Until all was applied, and its room given back.
    void settle() {
        while (loop_->counters().queue_inputs > 0) {
            loop_->query_and_wait([](const Core&) {});
        }
    }

    std::size_t alerts() {
        std::size_t count = 0;
        loop_->query_and_wait([&](const Core& core) { count = core.state().alerts.size(); });
        return count;
    }

    const LoopCounters& counters() const { return loop_->counters(); }

   private:
    TemporaryFolder folder_;
    std::unique_ptr<store::Store> store_;
    DeafOutbox outbox_;
    std::unique_ptr<Loop> loop_;
    std::promise<void> release_;
    bool is_released_ = false;
    int sent_ = 0;
};

TEST_F(HeldLoop, WhatIsDurableAndNotYetAppliedTakesRoom) {
    start(3, 1U << 20);
    hold();

    EXPECT_TRUE(send(10));
    EXPECT_TRUE(send(10));
    EXPECT_TRUE(send(10));
    EXPECT_FALSE(send(10)) << "three are on their way, though all of them are in the journal";
    EXPECT_EQ(counters().refused_full, 1U);
    EXPECT_EQ(counters().queue_bytes, 30U);

    release();
    settle();
    EXPECT_EQ(alerts(), 3U);
    EXPECT_TRUE(send(10));
}

TEST_F(HeldLoop, IsFullByWeightToo) {
    start(1000, 100);
    hold();

    EXPECT_TRUE(send(60));
    EXPECT_FALSE(send(60));
    EXPECT_TRUE(send(40));

    release();
    settle();
    EXPECT_EQ(counters().queue_bytes, 0U);
    EXPECT_EQ(alerts(), 2U);
}

TEST_F(HeldLoop, TakesOneInputThatIsHeavierThanAllRoom) {
    start(1000, 100);
    hold();

    EXPECT_TRUE(send(5'000));
    EXPECT_FALSE(send(1));

    release();
    settle();
    EXPECT_TRUE(send(1));
}

}  // namespace
}  // namespace nocturne::engine
