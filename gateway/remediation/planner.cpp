#include "gateway/remediation/planner.hpp"

#include "engine/deep_thread.hpp"
#include "engine/incident_scene.hpp"
#include "engine/plugin_loading.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

namespace nocturne::gateway {

using engine::IncidentScene;
using model::PlanProposed;
using Clock = std::chrono::steady_clock;
using Topic = model::Effect::Topic;

namespace {

constexpr std::size_t kIncidentsMax = 10'000;  // that wait to be looked at; more are passed over
// In a storm of incidents what changed last is looked at first, so many at a time, and then there
// is a pause of so many times their time: the engine is asked for copies.
constexpr std::size_t kLooksAtOnce = 32;
constexpr int kPausePerLook = 4;

struct Playbook {
    std::unique_ptr<plugins::Plugin> plugin;
    int faults = 0;  // in a row
    std::chrono::milliseconds rest{0};
    Clock::time_point rests_until{};
};

// What is in the engine about an incident.
struct Sight {
    std::unique_ptr<const IncidentScene> scene;  // nullptr: not known, or over
    std::vector<model::Run> runs;                // of the incident
};

// Whether the plans would do the same, in whatever words.
bool do_the_same(const model::Plan& a, const model::Plan& b) {
    return a.playbook == b.playbook && a.version == b.version && a.target == b.target &&
           a.steps == b.steps && a.preconditions == b.preconditions;
}

std::size_t weight_of(const PlanProposed& proposal) {
    constexpr std::size_t kStep = 1024;
    return sizeof(proposal) + proposal.plan.steps.size() * kStep + proposal.plan.prose.size();
}

bool calls_for_a_look(Topic topic) {
    return topic == Topic::IncidentOpened || topic == Topic::IncidentUpdated ||
           topic == Topic::IncidentReopened || topic == Topic::IncidentAcknowledged;
}

}  // namespace

class Planner::Inside {
   public:
    explicit Inside(PlannerOptions options) : options_(options) {}

    void deliver(const model::Effect& effect) {
        if (!calls_for_a_look(effect.topic) || !has_playbooks_.load(std::memory_order_relaxed)) {
            return;
        }
        const std::lock_guard lock(mutex_);
        if (due_.size() >= kIncidentsMax && due_.count(effect.subject) == 0) {
            ++passed_over_;
            return;
        }
        const bool was_idle = due_.empty();
        note_due(effect.subject);
        if (was_idle) {
            wake_.notify_one();
        }
    }

    Status start(engine::Loop& loop, const model::PluginsRevision& playbooks) {
        loop_ = &loop;
        NOCTURNE_TRY_STATUS(set_playbooks(playbooks));
        thread_ = engine::DeepThread([this] { work(); });
        return {};
    }

    // On a stack that their files cannot overflow. Each plan loads its file anew.
    Status set_playbooks(const model::PluginsRevision& revision) {
        Status status;
        std::vector<Playbook> playbooks;
        engine::run_deep([&] {
            const std::vector<plugins::PluginTable> tables = engine::parse_tables(revision);
            for (const model::PluginFile& file : revision.files) {
                auto plugin = engine::load_plugin(file, revision, tables, {});
                if (!plugin) {
                    status = fail(plugin.error());
                } else if ((*plugin)->manifest().kind != plugins::PluginKind::Playbook) {
                    status = fail(ErrorCode::Invalid,
                                  file.name + ": is no playbook; list it under plugins");
                } else {
                    playbooks.push_back({*std::move(plugin)});
                    continue;
                }
                return;
            }
        });
        if (!status) {
            return status;
        }
        has_playbooks_ = !playbooks.empty();
        {
            const std::lock_guard lock(playbooks_mutex_);
            playbooks_ = std::move(playbooks);
        }
        return look_at_all_open();
    }

    void stop() {
        if (!thread_.joinable()) {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            is_over_ = true;
            wake_.notify_one();
        }
        thread_.join();
        for (Question& question : questions_) {
            question.answer.set_value(fail(ErrorCode::Unavailable, "the daemon is stopping"));
        }
        questions_.clear();
    }

    Result<std::vector<PlanOffer>> plans_for(model::Id incident) {
        std::future<Result<std::vector<PlanOffer>>> answer;
        {
            const std::lock_guard lock(mutex_);
            if (is_over_) {
                return fail(ErrorCode::Unavailable, "the daemon is stopping");
            }
            answer = questions_.emplace_back(Question{incident, {}}).answer.get_future();
            wake_.notify_one();
        }
        return answer.get();
    }

    void append_metrics(std::string& out) const {
        append_metric(out, "playbook_looks_total", "Times that playbooks looked at an incident.",
                      MetricType::Counter, looks_);
        append_metric(out, "playbook_looks_passed_over_total",
                      "Incidents that no playbook looked at, because too many waited.",
                      MetricType::Counter, passed_over_);
        append_metric(out, "playbook_plans_total", "Plans that playbooks proposed.",
                      MetricType::Counter, proposed_);
        append_metric(out, "playbook_faults_total",
                      "Calls of plan() that ended in an error or a kill.", MetricType::Counter,
                      faults_);
        append_metric(out, "playbook_rests_total",
                      "Playbooks that were left out for a while after faults in a row.",
                      MetricType::Counter, rests_);
    }

   private:
    struct Question {
        model::Id incident;
        std::promise<Result<std::vector<PlanOffer>>> answer;
    };

    // ---- our thread ----

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return is_over_ || !questions_.empty() || !due_.empty(); });
            if (is_over_) {
                return;
            }
            std::deque<Question> questions = std::exchange(questions_, {});
            const std::vector<model::Id> due = take_due();
            lock.unlock();
            const Clock::time_point begun = Clock::now();
            for (Question& question : questions) {
                question.answer.set_value(answer(question.incident));
            }
            for (const model::Id id : due) {
                look_at(id);
            }
            const auto taken = std::chrono::floor<std::chrono::milliseconds>(Clock::now() - begun);
            lock.lock();
            if (!due.empty()) {
                wake_.wait_for(lock, std::max(options_.look_every, taken * kPausePerLook),
                               [&] { return is_over_ || !questions_.empty(); });
            }
        }
    }

    Status look_at_all_open() {
        const bool was_asked = loop_->query_and_wait([&](const engine::Core& core) {
            const std::lock_guard lock(mutex_);
            for (const model::Id id : engine::open_incidents(core)) {
                note_due(id);
            }
            wake_.notify_one();
        });
        return was_asked ? Status()
                         : Status(fail(ErrorCode::Unavailable, "the engine is stopping"));
    }

    // The lock is held.
    void note_due(model::Id incident) {
        const auto [number, is_new] = due_.emplace(incident, next_due_);
        if (!is_new) {
            by_due_.erase(std::exchange(number->second, next_due_));
        }
        by_due_.emplace(next_due_++, incident);
    }

    // The lock is held.
    std::vector<model::Id> take_due() {
        std::vector<model::Id> taken;
        while (taken.size() < kLooksAtOnce && !by_due_.empty()) {
            const auto last = std::prev(by_due_.end());
            taken.push_back(last->second);
            due_.erase(last->second);
            by_due_.erase(last);
        }
        return taken;
    }

    // The lock on the playbooks is held.
    IncidentScene::Wanted wanted() const {
        IncidentScene::Wanted wanted{false, false};
        for (const Playbook& playbook : playbooks_) {
            const plugins::Manifest& manifest = playbook.plugin->manifest();
            wanted.changes = wanted.changes || manifest.wants.changes;
            wanted.past = wanted.past || manifest.wants.history || manifest.playbook.when.seen;
        }
        return wanted;
    }

    Sight see(model::Id incident) {
        Sight sight;
        loop_->query_and_wait([&](const engine::Core& core) {
            sight.scene = IncidentScene::of(core, incident, wanted());
            sight.runs = engine::runs_of(core, incident);
        });
        return sight;
    }

    Result<std::vector<PlanOffer>> answer(model::Id incident) {
        const std::lock_guard lock(playbooks_mutex_);
        const Sight sight = see(incident);
        if (!sight.scene) {
            return fail(ErrorCode::NotFound, "the incident is not known, or over");
        }
        std::vector<PlanOffer> offers;
        for (Playbook& playbook : playbooks_) {
            offers.push_back(ask(playbook, *sight.scene));
        }
        return offers;
    }

    void look_at(model::Id incident) {
        ++looks_;
        std::vector<PlanProposed> proposals;
        {
            const std::lock_guard lock(playbooks_mutex_);
            if (playbooks_.empty()) {
                return;
            }
            const Sight sight = see(incident);
            if (!sight.scene) {
                return;
            }
            for (Playbook& playbook : playbooks_) {
                PlanOffer offer = ask(playbook, *sight.scene);
                if (offer.proposal && is_new(offer.proposal->plan, sight)) {
                    proposals.push_back(*std::move(offer.proposal));
                }
            }
        }
        for (PlanProposed& proposal : proposals) {
            ++proposed_;
            const std::size_t bytes = weight_of(proposal);
            loop_->submit(std::move(proposal), bytes, nullptr);
        }
    }

    // Who was told of a plan is not told again only because an alert more has come; who said no is
    // not asked again.
    bool is_new(const model::Plan& plan, const Sight& sight) const {
        const auto speaks_against = [&](const model::Run& run) {
            const auto pause = run.state == model::RunState::Refused
                                   ? options_.ask_gates_again_after
                                   : options_.propose_again_after;
            return !model::is_finished(run.state) || run.state == model::RunState::Rejected ||
                   std::max(run.proposed_at, run.ended_at) + pause > sight.scene->now();
        };
        return std::none_of(sight.runs.begin(), sight.runs.end(), [&](const model::Run& run) {
            return do_the_same(run.plan, plan) && speaks_against(run);
        });
    }

    PlanOffer ask(Playbook& playbook, const IncidentScene& scene) {
        plugins::Plugin& plugin = *playbook.plugin;
        PlanOffer offer{plugin.manifest().name, std::nullopt, ""};
        if (!plugin.is_for(scene.sight(), scene, &offer.why_not)) {
            return offer;
        }
        if (Clock::now() < playbook.rests_until) {
            offer.why_not = "it failed too often, and rests";
            return offer;
        }
        const plugins::PlanAnswer& answer = plugin.plan(scene.sight(), scene);
        if (answer.verdict != plugins::Verdict::Ok) {
            offer.why_not = "it failed: " + answer.message;
            note_fault(playbook, answer);
            return offer;
        }
        playbook.faults = 0;
        playbook.rest = std::chrono::milliseconds(0);
        offer.why_not = answer.why_not;
        if (answer.plan) {
            offer.proposal = plugin.propose(*answer.plan);
        }
        return offer;
    }

    void note_fault(Playbook& playbook, const plugins::PlanAnswer& answer) {
        ++faults_;
        logger()->warn("playbook failed name={} error=\"{}\"", playbook.plugin->manifest().name,
                       printable(answer.message, 500));
        if (++playbook.faults < options_.faults_max) {
            return;
        }
        ++rests_;
        playbook.faults = 0;
        playbook.rest = std::clamp(playbook.rest * 2, options_.rest, options_.rest_max);
        playbook.rests_until = Clock::now() + playbook.rest;
        logger()->warn("playbook rests name={} for={}", playbook.plugin->manifest().name,
                       model::format_duration(playbook.rest));
    }

    const PlannerOptions options_;
    engine::Loop* loop_ = nullptr;

    std::atomic<bool> has_playbooks_{false};
    std::mutex playbooks_mutex_;  // held while they are called
    std::vector<Playbook> playbooks_;

    std::atomic<std::uint64_t> looks_{0};
    std::atomic<std::uint64_t> passed_over_{0};
    std::atomic<std::uint64_t> proposed_{0};
    std::atomic<std::uint64_t> faults_{0};
    std::atomic<std::uint64_t> rests_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    // What is to be looked at, and the order in which it changed.
    std::map<model::Id, std::uint64_t> due_;
    std::map<std::uint64_t, model::Id> by_due_;
    std::uint64_t next_due_ = 0;
    std::deque<Question> questions_;
    bool is_over_ = false;
    engine::DeepThread thread_;
};

Planner::Planner(PlannerOptions options) : inside_(std::make_unique<Inside>(options)) {}

Planner::~Planner() {
    stop();
}

void Planner::deliver(const model::Effect& effect, const engine::Core&) {
    inside_->deliver(effect);
}

Status Planner::start(engine::Loop& loop, const model::PluginsRevision& playbooks) {
    return inside_->start(loop, playbooks);
}

Status Planner::set_playbooks(const model::PluginsRevision& playbooks) {
    return inside_->set_playbooks(playbooks);
}

void Planner::stop() {
    inside_->stop();
}

Result<std::vector<PlanOffer>> Planner::plans_for(model::Id incident) {
    return inside_->plans_for(incident);
}

void Planner::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
