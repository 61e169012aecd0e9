#include "plugins/raw_check.hpp"

#include "plugins/sandbox.hpp"

#include <utility>

namespace nocturne::plugins {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kUnloadPatience{5};

constexpr const char* kNeighbourSource = R"(
local seen = {}
function on_event(event)
  seen[#seen % 16 + 1] = ("%s/%s"):format(event.resource, event.check):upper()
  table.sort(seen)
  return select(2, pcall(error, seen[1])):find("/", 1, true) ~= nil and LEFTOVER == nil
end
return true)";

struct Job {
    std::string source;
    std::string name;
    int calls = 0;
    Limits limits;
    std::shared_ptr<const model::EventBatch> event;
    RawRun run;

    void operator()(WatchedThread& thread) {
        std::optional<Sandbox> sandbox;
        sandbox.emplace(Sandbox::Options{limits, Counting::Instructions});
        run.load = sandbox->load(thread, source, name);
        const bool has_handler = sandbox->has_global("on_event");
        for (int i = 0; i < calls && (has_handler || run.load.verdict != Verdict::Ok); ++i) {
            run.calls.push_back(call(thread, *sandbox));
        }
        const steady_clock::time_point before = steady_clock::now();
        sandbox.reset();
        run.unload = steady_clock::now() - before;
    }

    // What did not load is not called.
    Outcome call(WatchedThread& thread, Sandbox& sandbox) const {
        if (run.load.verdict == Verdict::Ok) {
            sandbox.collect_if_full();
            return sandbox.call_global(thread, "on_event", event->events().front());
        }
        Outcome refused;
        refused.verdict = Verdict::Refused;
        refused.message = "not called: it was not loaded";
        return refused;
    }
};

}  // namespace

// A plugin without fault that lives beside those that are checked.
class RawCheck::Neighbour {
   public:
    void look(WatchedThread& thread, const model::EventView& event) {
        is_well = false;
        if (!sandbox_) {
            sandbox_.emplace(Sandbox::Options{Limits{}, Counting::LibrarySteps});
            (void)sandbox_->load(thread, kNeighbourSource, "plugin/neighbour.lua");
        }
        is_well =
            sandbox_->call_global(thread, "on_event", event).returned == Outcome::Returned::True;
    }

    bool is_well = false;

   private:
    std::optional<Sandbox> sandbox_;
};

RawCheck::RawCheck(Limits limits, model::EventBatch event)
    : limits_(limits), event_(std::make_shared<const model::EventBatch>(std::move(event))),
      watchdog_(std::make_shared<Watchdog>()), worker_(std::make_unique<Worker>(watchdog_)),
      neighbour_(std::make_shared<Neighbour>()) {}

RawCheck::~RawCheck() = default;

RawRun RawCheck::run(const std::string& source, const std::string& name, int calls) {
    auto job = std::make_shared<Job>(Job{source, name, calls, limits_, event_, {}});
    const auto patience =
        (limits_.load_cpu_max + limits_.call_cpu_max * calls) * limits_.wall_factor +
        kUnloadPatience;
    if (worker_->run([job](WatchedThread& thread) { (*job)(thread); }, patience) ==
        Worker::Ended::Stuck) {
        worker_ = std::make_unique<Worker>(watchdog_);
        neighbour_ = std::make_shared<Neighbour>();
        RawRun stuck;
        stuck.load.verdict = Verdict::KilledTime;
        stuck.load.message = "its thread is stuck; a fresh one has taken over";
        return stuck;
    }
    const auto look = [neighbour = neighbour_, event = event_](WatchedThread& thread) {
        neighbour->look(thread, event->events().front());
    };
    job->run.is_neighbour_well =
        worker_->run(look, kUnloadPatience) == Worker::Ended::Done && neighbour_->is_well;
    return std::move(job->run);
}

}  // namespace nocturne::plugins
