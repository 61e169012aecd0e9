// `nocturne rank`: the suspects of one set of recorded events, or of a folder of cases.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/incident_page.hpp"
#include "cli/json_text.hpp"
#include "cli/learning.hpp"
#include "cli/metric_alerts.hpp"
#include "cli/output.hpp"
#include "cli/ranking.hpp"
#include "cli/recorded_reading.hpp"
#include "cli/topology_files.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kThreads = 2;
constexpr std::size_t kSuspectsShown = 10;

struct RankOptions {
    std::vector<std::string> topology;
    std::vector<std::string> events;
    std::vector<std::string> changes;
    std::optional<std::string> metrics;  // of --cases: empty, each case has its own
    std::string cases;
    std::string out;
    bool strict = false;
};

// Events as one batch, samples aside, and the time of the last arrival.
struct Gathered {
    model::EventBatch batch;
    MetricAlerts metrics;
    model::Time at = model::from_unix_ms(0);
    model::Time first_alert = model::kNoTime;

    void take(const RecordedEvent& event) {
        at = std::max(at, event.at);
        if (event.event.kind == model::Kind::Metric) {
            metrics.add(event.event);
            return;
        }
        batch.add(event.event);
        const bool fires = event.event.kind == model::Kind::Alert &&
                           event.event.status == model::EventStatus::Firing;
        if (fires && (first_alert == model::kNoTime || event.at < first_alert)) {
            first_alert = event.at;
        }
    }
};

// ---- one ----

// The answer before its reasons.
std::string verdict_of(const model::Ranking& ranking) {
    const model::Suspect& first = ranking.suspects.front();
    if (!ranking.doubt.empty()) {
        return sanitise(ranking.doubt);
    }
    return "Most likely cause: " + sanitise(first.resource) + ", with a confidence of " +
           percent(ranking.confidence).erase(0, percent(ranking.confidence).find_first_not_of(' '));
}

int rank_one(const RankOptions& options, Format format) {
    const TopologyFiles topology =
        read_topology_files({options.topology.begin(), options.topology.end()});
    complain(topology.problems);
    if (!is_usable(topology)) {
        return kFindings;
    }
    const Terminal terminal = this_terminal();
    Progress progress(terminal.is_err);
    RecordedReading reading(progress);
    Gathered gathered;
    std::vector<std::string> files = options.events;
    files.insert(files.end(), options.changes.begin(), options.changes.end());
    if (options.metrics) {
        files.push_back(*options.metrics);
    }
    if (!reading.read(files, [&](const RecordedEvent& event) { gathered.take(event); })) {
        return kFindings;
    }
    gathered.metrics.add_alerts(gathered.batch, gathered.first_alert);
    const model::Ranking ranking =
        rank_events(topology.change, std::move(gathered.batch), gathered.at);
    const std::string json = render_ranking(ranking);
    if (format == Format::Json || (format == Format::Auto && !terminal.is_out)) {
        print(json + "\n");
    } else if (ranking.suspects.empty()) {
        print("no suspects: nothing in these events alerts\n");
    } else {
        const Result<boost::json::value> value = parse_json(json);
        print(verdict_of(ranking) + "\n\n");
        print(render_suspects(list_of(*value, "ranking"), kSuspectsShown, page_options()));
    }
    if (reading.bad_lines() > 0) {
        complain(reading.summary());
    }
    const bool is_wrong = !topology.problems.empty() || reading.is_broken() ||
                          (options.strict && reading.bad_lines() > 0);
    return is_wrong ? kFindings : kOk;
}

// ---- many ----

struct Case {
    std::string name;  // "petshop/petshop-low-01", relative to the folder of cases
    fs::path folder;
    fs::path events;
};

std::optional<fs::path> file_in(const fs::path& folder, const std::string& name) {
    for (const std::string& candidate : {name, name + ".gz"}) {
        if (fs::is_regular_file(folder / candidate)) {
            return folder / candidate;
        }
    }
    return std::nullopt;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> folders;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory() && !name.starts_with('_') && !name.starts_with('.')) {
            folders.push_back(entry.path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

// Cases in the folder, and in the folders of sets one level below it.
void find_cases(const fs::path& folder, const std::string& prefix, std::vector<Case>& cases) {
    for (const fs::path& inner : folders_in(folder)) {
        const std::string name = prefix + inner.filename().string();
        if (const std::optional<fs::path> events = file_in(inner, "events.jsonl")) {
            cases.push_back({name, inner, *events});
        } else if (prefix.empty()) {
            find_cases(inner, name + "/", cases);
        }
    }
}

// What came of a case, in texts for people.
struct Outcome {
    std::vector<std::string> failures;  // there is no ranking to rely on
    std::vector<std::string> notes;     // there is one, made of what was right
};

// What a case tells of itself: when the incident began, and where the samples before it lie.
struct AboutCase {
    std::optional<model::Time> start;
    std::optional<fs::path> baseline;
};

AboutCase read_about(const fs::path& folder) {
    AboutCase about;
    std::ifstream file(folder / "case.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Result<boost::json::value> value = parse_json(text);
    if (!value) {
        return about;  // it need not be there
    }
    if (const auto start = model::parse_time(text_of(*value, "incident_start"))) {
        about.start = *start;
    }
    if (const std::string baseline = text_of(*value, "baseline"); !baseline.empty()) {
        about.baseline = folder.parent_path() / baseline;
    }
    return about;
}

void read_samples(const fs::path& path, Outcome& outcome,
                  const std::function<void(const RecordedEvent&)>& take) {
    Result<RecordedEvents> samples = RecordedEvents::open(
        {path.string()}, [&](const std::string& line) { outcome.notes.push_back(line); });
    if (!samples) {
        outcome.failures.push_back(to_string(samples.error()));
        return;
    }
    RecordedEvent sample;
    while (samples->next(sample)) {
        take(sample);
    }
}

void add_metric_alerts(const Case& one, Gathered& gathered, Outcome& outcome) {
    const std::optional<fs::path> metrics = file_in(one.folder, "metrics.jsonl");
    if (!metrics) {
        outcome.notes.push_back(one.folder.string() + ": no metrics.jsonl[.gz], by alerts alone");
        return;
    }
    const AboutCase about = read_about(one.folder);
    read_samples(*metrics, outcome,
                 [&](const RecordedEvent& sample) { gathered.metrics.add(sample.event); });
    if (about.baseline) {
        read_samples(*about.baseline, outcome, [&](const RecordedEvent& sample) {
            gathered.metrics.add_baseline(sample.event);
        });
    }
    gathered.metrics.add_alerts(gathered.batch, about.start.value_or(gathered.first_alert));
}

Outcome rank_case(const Case& one, const fs::path& out, bool with_metrics) {
    Outcome outcome;
    const TopologyFiles topology = read_topology_files({one.folder / "topology.yaml"});
    const bool usable = is_usable(topology);
    for (const Error& problem : topology.problems) {
        (usable ? outcome.notes : outcome.failures).push_back(to_string(problem));
    }
    Result<RecordedEvents> events = RecordedEvents::open(
        {one.events.string()}, [&](const std::string& line) { outcome.notes.push_back(line); });
    if (!events) {
        outcome.failures.push_back(to_string(events.error()));
        return outcome;
    }
    Gathered gathered;
    HistoryReader history;
    history.apply(topology.change, model::from_unix_ms(0));
    RecordedEvent event;
    while (events->next(event)) {
        gathered.take(event);
        history.take(event.event, event.at);
    }
    for (const Error& failure : events->failures()) {
        outcome.failures.push_back(to_string(failure));
    }
    if (with_metrics) {
        add_metric_alerts(one, gathered, outcome);
    }
    const model::Ranking ranking =
        rank_events(topology.change, std::move(gathered.batch), gathered.at);
    const fs::path target = out / (one.name + ".json");
    const topology::Mined mined = history.mine();
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    std::ofstream file(target, std::ios::binary);
    file << render_ranking(ranking, &mined.pairs) << "\n";
    if (!file.flush()) {
        outcome.failures.push_back(target.string() + ": cannot be written");
    }
    if (ranking.suspects.empty()) {
        outcome.notes.push_back(one.events.string() +
                                ": nothing in it alerts, the ranking is empty");
    }
    return outcome;
}

// Takes cases from a list until it is empty; several threads run it.
class CaseRun {
   public:
    CaseRun(std::vector<Case> cases, fs::path out, bool with_metrics)
        : cases_(std::move(cases)), out_(std::move(out)), with_metrics_(with_metrics) {}

    int run() {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < kThreads; ++i) {
            threads.emplace_back([this] { work(); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        progress_.clear();
        complain(std::to_string(cases_.size() - failed_.size()) + " of " +
                 std::to_string(cases_.size()) + " cases ranked, written to " + out_.string());
        std::sort(noted_.begin(), noted_.end());
        for (const std::string& noted : noted_) {
            complain("ranked all the same: " + noted);
        }
        std::sort(failed_.begin(), failed_.end());
        for (const std::string& failed : failed_) {
            complain("failed: " + failed);
        }
        return failed_.empty() ? kOk : kFindings;
    }

   private:
    void work() {
        for (std::size_t i = next_++; i < cases_.size(); i = next_++) {
            Outcome outcome;
            try {
                outcome = rank_case(cases_[i], out_, with_metrics_);
            } catch (
                const std::exception& error) {  // a full disk, no memory: the other cases go on
                outcome.failures.emplace_back(error.what());
            }
            const std::lock_guard lock(mutex_);
            if (!outcome.failures.empty()) {
                failed_.push_back(cases_[i].name + ": " + first_of(outcome.failures));
            } else if (!outcome.notes.empty()) {
                noted_.push_back(cases_[i].name + ": " + first_of(outcome.notes));
            }
            progress_.show(++done_, cases_.size(), cases_[i].name);
        }
    }

    static std::string first_of(const std::vector<std::string>& texts) {
        return texts.front() +
               (texts.size() > 1 ? " (and " + std::to_string(texts.size() - 1) + " more)" : "");
    }

    const std::vector<Case> cases_;
    const fs::path out_;
    const bool with_metrics_;
    std::atomic<std::size_t> next_{0};
    std::mutex mutex_;
    std::size_t done_ = 0;             // guarded by mutex_
    std::vector<std::string> noted_;   // guarded by mutex_
    std::vector<std::string> failed_;  // guarded by mutex_
    Progress progress_{this_terminal().is_err};
};

int rank_cases(const RankOptions& options) {
    std::vector<Case> cases;
    if (!fs::is_directory(options.cases)) {
        complain(options.cases + ": no such folder");
        return kFindings;
    }
    find_cases(options.cases, "", cases);
    if (cases.empty()) {
        complain(options.cases +
                 ": no cases; expected folders with topology.yaml and events.jsonl[.gz]");
        return kFindings;
    }
    return CaseRun(std::move(cases), options.out, options.metrics.has_value()).run();
}

// Either --cases and --out, or --topology and --events.
void check_usage(const RankOptions& options) {
    const bool one =
        !options.topology.empty() || !options.events.empty() || !options.changes.empty();
    if (options.cases.empty() != options.out.empty()) {
        throw CLI::RequiredError(options.out.empty() ? "--out with --cases" : "--cases with --out");
    }
    if (!options.cases.empty() && one) {
        throw CLI::ExcludesError("--cases", "--topology, --events or --changes");
    }
    if (options.metrics && options.cases.empty() == options.metrics->empty()) {
        throw CLI::ValidationError(
            "--metrics", options.cases.empty() ? "needs a FILE" : "takes no FILE with --cases");
    }
    if (options.cases.empty() && (options.topology.empty() || options.events.empty())) {
        throw CLI::RequiredError("--topology and --events, or --cases and --out");
    }
}

}  // namespace

void add_rank(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "rank", "Name the suspects of what recorded events show, as one incident");
    auto options = std::make_shared<RankOptions>();
    command->add_option("--topology", options->topology, "the service graph, YAML")
        ->option_text("FILE");
    command->add_option("--events", options->events, "NDJSON, .gz too; - is standard input")
        ->option_text("FILE...");
    command->add_option("--changes", options->changes, "more events, of kind change")
        ->option_text("FILE...");
    command
        ->add_option("--metrics", options->metrics,
                     "samples (NDJSON, kind metric): what is off normal counts beside the alerts; "
                     "with --cases no FILE, each case has its own")
        ->expected(0, 1)
        ->option_text("[FILE]");
    command
        ->add_option("--cases", options->cases,
                     "a folder of cases, or of sets of cases; needs --out")
        ->option_text("DIR");
    command->add_option("--out", options->out, "where <case>.json or <set>/<case>.json are written")
        ->option_text("DIR");
    command->add_flag("--strict", options->strict, "exit 1 when a line is bad");
    auto format = add_format(*command, Format::Auto);
    command->footer("Without --format: a table on a terminal, JSON elsewhere.");
    command->callback([&chosen, options, format] {
        check_usage(*options);
        chosen = [options, format] {
            return options->cases.empty() ? rank_one(*options, *format) : rank_cases(*options);
        };
    });
}

}  // namespace nocturne::cli
