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
#include <set>
#include <utility>

namespace nocturne::gateway {

using engine::IncidentScene;
using model::PlanProposed;
using Clock = std::chrono::steady_clock;
using Topic = model::Effect::Topic;
using Rest = std::chrono::milliseconds;

namespace {

constexpr std::size_t kIncidentsMax = 10'000;  // that wait to be looked at; more are passed over
// In a storm of incidents what changed last is looked at first, so many at a time, and then there
// is a pause of so many times their time: the engine is asked for copies.
constexpr std::size_t kLooksAtOnce = 32;
constexpr int kPausePerLook = 4;
constexpr Rest kForever = Rest::max();

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

// Incidents in an order: each is in it once, where it was put last.
template <typename Order>
class Agenda {
   public:
    [[nodiscard]] bool is_empty() const { return in_order_.empty(); }

    [[nodiscard]] bool is_full_for(model::Id incident) const {
        return orders_.size() >= kIncidentsMax && orders_.count(incident) == 0;
    }

    void put(model::Id incident, Order order) {
        const auto [known, is_new] = orders_.emplace(incident, order);
        if (!is_new) {
            in_order_.erase({std::exchange(known->second, order), incident});
        }
        in_order_.emplace(order, incident);
    }

    // Not empty.
    [[nodiscard]] Order first() const { return in_order_.begin()->first; }

    model::Id take_first() { return take(in_order_.begin()); }

    model::Id take_last() { return take(std::prev(in_order_.end())); }

   private:
    using InOrder = std::set<std::pair<Order, model::Id>>;

    model::Id take(typename InOrder::iterator place) {
        const model::Id incident = place->second;
        in_order_.erase(place);
        orders_.erase(incident);
        return incident;
    }

    std::map<model::Id, Order> orders_;
    InOrder in_order_;
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
        if (due_.is_full_for(effect.subject)) {
            ++passed_over_;
            return;
        }
        const bool was_idle = due_.is_empty();
        due_.put(effect.subject, next_due_++);
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
            wait_for_work(lock);
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

    void wait_for_work(std::unique_lock<std::mutex>& lock) {
        const auto is_work = [&] { return is_over_ || !questions_.empty() || !due_.is_empty(); };
        if (later_.is_empty()) {
            wake_.wait(lock, is_work);
        } else {
            wake_.wait_until(lock, later_.first(), is_work);
        }
        while (!later_.is_empty() && later_.first() <= Clock::now()) {
            due_.put(later_.take_first(), next_due_++);
        }
    }

    Status look_at_all_open() {
        const bool was_asked = loop_->query_and_wait([&](const engine::Core& core) {
            const std::lock_guard lock(mutex_);
            for (const model::Id id : engine::open_incidents(core)) {
                due_.put(id, next_due_++);
            }
            wake_.notify_one();
        });
        return was_asked ? Status()
                         : Status(fail(ErrorCode::Unavailable, "the engine is stopping"));
    }

    // The lock is held.
    std::vector<model::Id> take_due() {
        std::vector<model::Id> taken;
        while (taken.size() < kLooksAtOnce && !due_.is_empty()) {
            taken.push_back(due_.take_last());
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
        Rest rest = kForever;  // until the next look, if nothing calls for one before
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
                if (!offer.proposal) {
                    continue;
                }
                const Rest left = rest_of(offer.proposal->plan, sight.runs);
                rest = std::min(rest, left == Rest(0) ? options_.ask_gates_again_after : left);
                if (left == Rest(0)) {
                    proposals.push_back(*std::move(offer.proposal));
                }
            }
        }
        if (rest < kForever) {
            look_later(incident, rest);
        }
        for (PlanProposed& proposal : proposals) {
            ++proposed_;
            const std::size_t bytes = weight_of(proposal);
            loop_->submit(std::move(proposal), bytes, nullptr);
        }
    }

    void look_later(model::Id incident, Rest rest) {
        const std::lock_guard lock(mutex_);
        if (later_.is_full_for(incident)) {
            ++passed_over_;
            return;
        }
        later_.put(incident, Clock::now() + rest);
    }

    // How long the plan is held back from now. Who was told of it is not told again only because an
    // alert more has come; who said no is not asked again.
    Rest rest_of(const model::Plan& plan, const std::vector<model::Run>& runs) const {
        Rest longest{0};
        Rest pause = options_.ask_gates_again_after;  // after the last refusal
        model::Time refused_at = model::kNoTime;
        for (const model::Run& run : runs) {
            if (!do_the_same(run.plan, plan)) {
                continue;
            }
            const model::Time at = std::max(run.proposed_at, run.ended_at);
            if (run.state == model::RunState::Rejected) {
                return kForever;
            }
            if (run.state == model::RunState::Refused) {
                pause = refused_at == model::kNoTime
                            ? pause
                            : std::min(pause * 2, options_.propose_again_after);
                refused_at = std::max(refused_at, at);
            } else if (model::is_finished(run.state)) {
                longest = std::max(longest, left_of(at, options_.propose_again_after));
            } else {
                longest = options_.propose_again_after;
            }
        }
        return refused_at == model::kNoTime ? longest
                                            : std::max(longest, left_of(refused_at, pause));
    }

    Rest left_of(model::Time from, Rest pause) const {
        return std::max(Rest(0), from + pause - loop_->now());
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
    Agenda<std::uint64_t> due_;  // what is to be looked at, as it changed
    std::uint64_t next_due_ = 0;
    Agenda<Clock::time_point> later_;  // what is to be looked at again, and when
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
