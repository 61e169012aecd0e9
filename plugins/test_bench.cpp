#include "plugins/test_bench.hpp"

#include "model/json_writer.hpp"
#include "plugins/event_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nocturne::plugins {

namespace {

constexpr model::Time kFirstNow = model::from_unix_ms(1'767'225'600'000);  // 2026-01-01

// Restarts of long tests: they take 0.2 ms.
constexpr std::size_t kEachCall = 1000;
constexpr std::size_t kThenEvery = 10;

constexpr std::array<std::string_view, 5> kWishes{"annotate", "set_label", "set_resource",
                                                  "set_severity", "emit"};

std::string answer_of(const CallResult& result) {
    if (result.verdict != Verdict::Ok) {
        return std::string(name_of(result.verdict)) + ": " + result.message;
    }
    if (!result.was_called) {
        return "was not called";
    }
    std::string text;
    if (result.score) {
        model::JsonWriter number;
        text += "score " + number.number(*result.score).take();
    }
    for (const Wish& wish : result.wishes) {
        text +=
            (text.empty() ? "" : ", ") + std::string(kWishes[static_cast<std::size_t>(wish.what)]);
        text += wish.name.empty() ? "" : " " + wish.name;
        text += wish.value.empty() ? "" : " = " + wish.value;
    }
    for (const model::EventView& event : result.emitted.events()) {
        text += " " + json_of(event);
    }
    return text.empty() ? "nothing" : text;
}

}  // namespace

TestBench::TestBench(const Options& options) : options_(options) {}

TestBench::~TestBench() {
    unload();
}

// ---- the plugin ----

void TestBench::unload() {
    if (plugin_ == nullptr) {
        return;
    }
    if (options_.coverage != nullptr) {
        options_.coverage->add(*plugin_);
    }
    log_ += plugin_->take_log();
    plugin_.reset();
}

Status TestBench::load(std::string_view file, std::vector<PluginSetting> settings) {
    NOCTURNE_TRY(PluginSource source, (*options_.find)(file));
    unload();
    source_ = std::move(source);
    settings_ = std::move(settings);
    return load_again({});
}

Status TestBench::load_again(std::string_view state) {
    Plugin::Options options;
    options.counting = Counting::Instructions;
    options.settings = settings_;
    options.tables = tables_;
    options.covers_lines = options_.coverage != nullptr;
    NOCTURNE_TRY(std::unique_ptr<Plugin> plugin, Plugin::load(*source_, std::move(options)));
    if (!state.empty()) {
        NOCTURNE_TRY_STATUS(plugin->restore_state(state));
    }
    unload();
    plugin_ = std::move(plugin);
    return {};
}

Status TestBench::restart() {
    if (plugin_ == nullptr) {
        return load("", {});
    }
    return load_again(plugin_->save_state());
}

Status TestBench::add_table(PluginTable table) {
    std::erase_if(tables_, [&](const PluginTable& one) { return one.name == table.name; });
    tables_.push_back(std::move(table));
    return plugin_ == nullptr ? Status() : restart();
}

// ---- calls ----

Status TestBench::make_ready() {
    if (plugin_ == nullptr) {
        return load("", {});
    }
    return restarts_now() ? restart() : Status();
}

Result<const CallResult*> TestBench::call(const Call& call) {
    NOCTURNE_TRY_STATUS(make_ready());
    const CallResult& result = call();
    NOCTURNE_TRY_STATUS(note(answer_of(result)));
    if (result.verdict != Verdict::Ok) {
        return fail(ErrorCode::Invalid,
                    result.message + (result.traceback.empty() ? "" : "\n" + result.traceback));
    }
    return &result;
}

bool TestBench::restarts_now() const {
    return options_.between == Between::Restart &&
           (answers_.size() < kEachCall || answers_.size() % kThenEvery == 0);
}

Status TestBench::note(std::string answer) {
    answers_.push_back(std::move(answer));
    const std::size_t index = answers_.size() - 1;
    if (options_.expected == nullptr || index >= options_.expected->size() ||
        answers_[index] == (*options_.expected)[index]) {
        return {};
    }
    return fail(ErrorCode::Invalid,
                "the plugin keeps what it knows outside of nocturne.state: this call, the " +
                    std::to_string(index + 1) + ". of the test, gave " +
                    printable((*options_.expected)[index], 300) +
                    "; with the plugin saved and loaded anew before each call it gives " +
                    printable(answers_[index], 300));
}

Result<const CallResult*> TestBench::event(const model::EventView& event) {
    return call([&]() -> const CallResult& { return plugin_->on_event(event, world); });
}

Result<const CallResult*> TestBench::sample(const model::EventView& event) {
    return call([&]() -> const CallResult& { return plugin_->on_sample(event, world); });
}

Result<const CallResult*> TestBench::incident(const IncidentSight& incident) {
    return call([&]() -> const CallResult& { return plugin_->on_incident(incident, world); });
}

Result<TestBench::Planned> TestBench::plan(const IncidentSight& incident) {
    NOCTURNE_TRY_STATUS(make_ready());
    if (plugin_->manifest().kind != PluginKind::Playbook) {
        return fail(ErrorCode::Invalid, "t.plan is for playbooks; this is " +
                                            std::string(name_of(plugin_->manifest().kind)) + " \"" +
                                            plugin_->manifest().name + "\"");
    }
    Planned planned;
    if (plugin_->is_for(incident, world, &planned.why_not)) {
        const PlanAnswer& answer = plugin_->plan(incident, world);
        if (answer.verdict != Verdict::Ok) {
            return fail(ErrorCode::Invalid,
                        answer.message + (answer.traceback.empty() ? "" : "\n" + answer.traceback));
        }
        planned.why_not = answer.why_not;
        if (answer.plan) {
            planned.proposed = plugin_->propose(*answer.plan);
        }
    }
    NOCTURNE_TRY_STATUS(note(planned.proposed ? "plan " + model::hash_of(planned.proposed->plan)
                                              : "no plan: " + planned.why_not));
    return planned;
}

std::string TestBench::take_log() {
    if (plugin_ != nullptr) {
        log_ += plugin_->take_log();
    }
    return std::exchange(log_, {});
}

// ---- time ----

model::Time TestBench::now() {
    if (!has_time_) {
        (void)set_now(kFirstNow);
    }
    return world.now();
}

void TestBench::see(model::Time time) {
    (void)set_now(time);
}

bool TestBench::set_now(model::Time time) {
    if (has_time_ && time < world.now()) {
        return false;
    }
    has_time_ = true;
    world.set_now(time);
    return true;
}

}  // namespace nocturne::plugins
