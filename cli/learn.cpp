// `nocturne learn`: what precedes what in recorded alerts, and the rules that it suggests.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/learning.hpp"
#include "cli/output.hpp"
#include "cli/proposals.hpp"
#include "cli/recorded_reading.hpp"
#include "cli/rules_reading.hpp"
#include "cli/terminal.hpp"
#include "cli/topology_files.hpp"
#include "engine/core.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"
#include "store/store.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;
using topology::Precedence;

constexpr std::string_view kOurs = "# Proposed by `nocturne learn`";

struct LearnOptions {
    std::vector<std::string> journal;
    std::vector<std::string> topology;
    std::string rules;
    std::string out;
    std::string into;
    std::vector<std::size_t> accept;
    std::uint64_t support_min = 5;
    double lift_min = 2;
    std::size_t limit = 30;
};

// ---- reading ----

// Of a journal whose beginning is gone the last snapshot has the graph and the rules.
Status begin_at_snapshot(store::Store& store, HistoryReader& reader) {
    NOCTURNE_TRY(const std::optional<store::Snapshot> snapshot, store.load_latest_snapshot());
    if (snapshot) {
        model::Reader in(snapshot->bytes);
        NOCTURNE_TRY(const engine::Core core, engine::Core::decode(in));
        reader.use(core.state().topology);
        reader.use(core.state().normaliser);
    }
    return {};
}

Status read_journal(const std::string& folder, HistoryReader& reader, Progress& progress) {
    NOCTURNE_TRY(const std::unique_ptr<store::Store> store, store::Store::open_read_only(folder));
    NOCTURNE_TRY(const model::Position first, store->first_position());
    NOCTURNE_TRY(const model::Position last, store->last_position());
    if (first > 1) {
        NOCTURNE_TRY_STATUS(begin_at_snapshot(*store, reader));
    }
    Status decoded;
    NOCTURNE_TRY_STATUS(store->read(first, [&](const store::Entry& entry) {
        const Result<model::Input::Body> body = model::decode_body(entry.bytes);
        if (!body) {
            decoded =
                fail(ErrorCode::Damaged, "journal position " + std::to_string(entry.position) +
                                             ": " + body.error().message);
            return false;
        }
        reader.take(*body, entry.at);
        progress.show(entry.position - first, last - first + 1,
                      std::to_string(reader.events()) + " events");
        return true;
    }));
    return decoded;
}

// Event files, with topology and rules from files.
bool read_files(const LearnOptions& options, HistoryReader& reader, Progress& progress) {
    const TopologyFiles topology =
        read_topology_files({options.topology.begin(), options.topology.end()});
    complain(topology.problems);
    if (!is_usable(topology)) {
        return false;
    }
    reader.apply(topology.change, model::from_unix_ms(0));
    if (!options.rules.empty()) {
        const RulesReading rules = read_rules({options.rules});
        for (const rules::Problem& problem : rules.problems) {
            complain(std::vector<Error>{problem.error});
        }
        if (!rules.is_usable()) {
            return false;
        }
        reader.take(model::Input::Body(rules.revision), model::from_unix_ms(0));
    }
    RecordedReading reading(progress);
    if (!reading.read(options.journal,
                      [&](const RecordedEvent& event) { reader.take(event.event, event.at); })) {
        return false;
    }
    if (reading.bad_lines() > 0) {
        complain(reading.summary());
    }
    return !reading.is_broken();
}

bool read_history(const LearnOptions& options, HistoryReader& reader, Progress& progress) {
    std::error_code error;
    const bool is_folder =
        options.journal.size() == 1 && fs::is_directory(options.journal.front(), error);
    if (!is_folder) {
        return read_files(options, reader, progress);
    }
    const Status read = read_journal(options.journal.front(), reader, progress);
    progress.clear();
    if (!read) {
        complain(to_string(read.error()));
    }
    return read.has_value();
}

// ---- printing ----

struct Lesson {
    const topology::AlertHistory& history;
    std::uint64_t events;
    const topology::Mined& mined;
    std::vector<Precedence> pairs;  // that are shown
    std::vector<Proposal> proposals;
};

// "3", or "3,4" when the pair makes two rules.
std::string numbers_of(const Lesson& lesson, std::size_t pair) {
    std::string numbers;
    for (const Proposal& proposal : lesson.proposals) {
        if (proposal.pair == pair) {
            numbers += (numbers.empty() ? "" : ",") + std::to_string(proposal.number);
        }
    }
    return numbers;
}

std::string one_decimal(double value) {
    const auto tenths = static_cast<std::uint64_t>(std::min(value, 1e6) * 10 + 0.5);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string render_table(const Lesson& lesson, std::size_t limit) {
    using Align = Table::Align;
    Table table({{"rule", Align::Right},
                 {"cause"},
                 {"effect"},
                 {"where"},
                 {"support", Align::Right},
                 {"of", Align::Right},
                 {"explains", Align::Right},
                 {"lift", Align::Right},
                 {"delay", Align::Right},
                 {"within"}});
    for (std::size_t i = 0; i < lesson.pairs.size() && i < limit; ++i) {
        const Precedence& pair = lesson.pairs[i];
        table.add({numbers_of(lesson, i), sanitise(pair.cause), sanitise(pair.effect),
                   std::string(topology::name_of(pair.relation)), std::to_string(pair.support),
                   std::to_string(pair.runs), percent(pair.explained), one_decimal(pair.lift),
                   model::format_duration(pair.delay),
                   model::format_duration(pair.delay_low) + " to " +
                       model::format_duration(pair.delay_high)});
    }
    const Terminal terminal = this_terminal();
    return table.render(terminal.out, terminal.width);
}

void print_lesson(const Lesson& lesson, const LearnOptions& options) {
    if (lesson.pairs.empty()) {
        print("nothing learned: no two checks in " + std::to_string(lesson.history.size()) +
              " alerts come together often enough (--min-support " +
              std::to_string(options.support_min) + ", --min-lift " +
              one_decimal(options.lift_min) + ")\n");
        return;
    }
    print("What tends to come before what, in " + std::to_string(lesson.history.size()) +
          " alerts; a tendency, no proof of a cause.\n\n");
    print(render_table(lesson, options.limit));
    if (lesson.pairs.size() > options.limit) {
        print("and " + std::to_string(lesson.pairs.size() - options.limit) +
              " more (--limit 0 shows all)\n");
    }
    if (lesson.proposals.empty()) {
        print("\nNo rule is proposed.\n");
        return;
    }
    print("\n" + std::to_string(lesson.proposals.size()) +
          (lesson.proposals.size() == 1 ? " rule is" : " rules are") +
          " proposed, by the numbers on the left. --out FILE writes them all,\n"
          "--accept N --into FILE puts one into your rules; in mode shadow, which does nothing.\n");
}

void write_pair(model::JsonWriter& out, const Precedence& pair, const std::string& proposals) {
    const auto count = [](auto value) { return static_cast<std::uint64_t>(value); };
    out.begin_object().member("cause", pair.cause).member("effect", pair.effect);
    out.member("relation", topology::name_of(pair.relation));
    out.member("support", pair.support).member("runs", pair.runs).member("expected", pair.expected);
    out.member("lift", pair.lift).member("confidence", pair.confidence);
    out.member("explained", pair.explained).member("order", pair.order);
    out.member("association", pair.association).member("places", count(pair.places));
    out.member("window_ms", count(pair.window.count()));
    out.key("delay_ms").begin_object().member("median", count(pair.delay.count()));
    out.member("low", count(pair.delay_low.count()));
    out.member("high", count(pair.delay_high.count())).end_object();
    out.key("proposals").raw("[" + proposals + "]").end_object();
}

void print_json(const Lesson& lesson) {
    model::JsonWriter out;
    out.begin_object().member("events", lesson.events);
    out.member("alerts", static_cast<std::uint64_t>(lesson.history.size()));
    out.member("forgotten", static_cast<std::uint64_t>(lesson.history.forgotten()));
    out.member("checks_passed_over", static_cast<std::uint64_t>(lesson.mined.checks_passed_over));
    out.member("places_passed_over", static_cast<std::uint64_t>(lesson.mined.places_passed_over));
    out.key("pairs").begin_array();
    for (std::size_t i = 0; i < lesson.pairs.size(); ++i) {
        write_pair(out, lesson.pairs[i], numbers_of(lesson, i));
    }
    out.end_array().key("proposals").begin_array();
    for (const Proposal& proposal : lesson.proposals) {
        out.begin_object().member("number", static_cast<std::uint64_t>(proposal.number));
        out.member("section", proposal.section).member("name", proposal.name);
        out.member("yaml", proposal.yaml).end_object();
    }
    out.end_array().end_object();
    print(out.take() + "\n");
}

void tell_bounds(const Lesson& lesson) {
    if (lesson.history.forgotten() > 0) {
        complain("the oldest " + std::to_string(lesson.history.forgotten()) +
                 " alerts were left out: the newest " + std::to_string(lesson.history.size()) +
                 " are looked at");
    }
    if (lesson.mined.checks_passed_over > 0) {
        complain("the rarest " + std::to_string(lesson.mined.checks_passed_over) +
                 " checks were left out");
    }
    if (lesson.mined.places_passed_over > 0) {
        complain(std::to_string(lesson.mined.places_passed_over) +
                 " nodes or pairs of nodes were left out: comparing them would take too long");
    }
}

// ---- writing ----

std::string text_of_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Whole or not at all; a link stays a link, and who may read the file stays as it was.
bool write_file(const fs::path& name, const std::string& text) {
    std::error_code error;
    const fs::path target = fs::canonical(name, error);
    const bool is_there = !error;
    const fs::path& path = is_there ? target : name;
    fs::path draft = path;
    draft += ".new";
    {
        std::ofstream file(draft, std::ios::binary);
        file << text;
        if (!file.flush()) {
            complain(draft.string() + ": cannot be written");
            return false;
        }
    }
    if (is_there) {
        fs::permissions(draft, fs::status(path, error).permissions(), error);
    }
    error.clear();
    fs::rename(draft, path, error);
    if (error) {
        complain(path.string() + ": cannot be written: " + error.message());
        return false;
    }
    return true;
}

// Refuses a text that the loader refuses.
bool is_sound(const std::string& name, const std::string& text) {
    model::RulesRevision revision;
    revision.rules.push_back({name, text, model::kNoTime});
    const rules::CompiledRules compiled = rules::compile(revision);
    for (const rules::Problem& problem : compiled.problems) {
        if (problem.level == rules::Problem::Level::Error) {
            complain(rules::to_string(problem));
        }
    }
    return !rules::has_errors(compiled.problems);
}

int write_out(const Lesson& lesson, const std::string& out) {
    if (fs::exists(out) && !text_of_file(out).starts_with(kOurs)) {
        complain(out +
                 ": is there and was not written by `nocturne learn`; name another file, or "
                 "use --accept N --into " +
                 out);
        return kFindings;
    }
    const std::string text = rule_file_of(lesson.proposals);
    if (!is_sound(out, text) || !write_file(out, text)) {
        return kFindings;
    }
    complain(std::to_string(lesson.proposals.size()) + " proposals written to " + out +
             ", each in mode shadow");
    return kOk;
}

int accept(const Lesson& lesson, const LearnOptions& options) {
    std::string text = fs::exists(options.into) ? text_of_file(options.into) : "";
    for (const std::size_t number : options.accept) {
        if (number == 0 || number > lesson.proposals.size()) {
            complain("there is no proposal " + std::to_string(number) + "; there are " +
                     std::to_string(lesson.proposals.size()));
            return kFindings;
        }
        Result<std::string> with = with_rule(text, lesson.proposals[number - 1]);
        if (!with) {
            complain(options.into + ": " + with.error().message);
            return kFindings;
        }
        text = *std::move(with);
    }
    if (!is_sound(options.into, text) || !write_file(options.into, text)) {
        complain(options.into + " stays as it was");
        return kFindings;
    }
    for (const std::size_t number : options.accept) {
        print("accepted: " + sanitise(lesson.proposals[number - 1].name) + "\n");
    }
    print(options.into + " has it in mode shadow: after a reload it counts what it would do. Set "
                         "\"mode: on\" when you trust it.\n");
    return kOk;
}

// ---- the command ----

std::vector<Precedence> shown(const topology::Mined& mined, const LearnOptions& options) {
    std::vector<Precedence> pairs;
    std::copy_if(mined.pairs.begin(), mined.pairs.end(), std::back_inserter(pairs),
                 [&](const Precedence& pair) {
                     return pair.support >= options.support_min && pair.lift >= options.lift_min;
                 });
    return pairs;
}

int learn(const LearnOptions& options, Format format) {
    Progress progress(this_terminal().is_err);
    HistoryReader reader;
    const bool is_read = read_history(options, reader, progress);
    if (!is_read && reader.events() == 0) {
        return kFindings;
    }
    const topology::Mined mined = reader.mine([&](double share) {
        progress.show(static_cast<std::uint64_t>(share * 1000), 1000, "learning");
    });
    progress.clear();
    Lesson lesson{reader.history(), reader.events(), mined, shown(mined, options), {}};
    lesson.proposals = propose(lesson.pairs);
    tell_bounds(lesson);
    int code = is_read ? kOk : kFindings;
    if (!options.accept.empty()) {
        return std::max(code, accept(lesson, options));
    }
    if (format == Format::Json) {
        print_json(lesson);
    } else {
        print_lesson(lesson, options);
    }
    if (!options.out.empty()) {
        code = std::max(code, write_out(lesson, options.out));
    }
    return code;
}

}  // namespace

void add_learn(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "learn", "Find which alerts precede which, and propose rules for a person to accept");
    auto options = std::make_shared<LearnOptions>();
    command
        ->add_option("--journal", options->journal,
                     "the data folder of a daemon (it may run), or NDJSON files, .gz too")
        ->option_text("DIR|FILE...")
        ->required();
    command->add_option("--topology", options->topology, "the service graph, for event files")
        ->option_text("FILE...");
    command
        ->add_option("--rules", options->rules,
                     "rules whose normalising comes first, for event files")
        ->option_text("PATH");
    command->add_option("--min-support", options->support_min, "leave out pairs seen less often")
        ->capture_default_str();
    command->add_option("--min-lift", options->lift_min, "leave out pairs nearer to chance")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--limit", options->limit, "rows to print; 0: all")->capture_default_str();
    command->add_option("--out", options->out, "write all proposals as a rule file")
        ->option_text("FILE");
    CLI::Option* accepted = command
                                ->add_option("--accept", options->accept,
                                             "put these proposals into the rules of --into")
                                ->option_text("N...");
    CLI::Option* into =
        command->add_option("--into", options->into, "the rule file to add to; made when missing")
            ->option_text("FILE");
    accepted->needs(into);
    into->needs(accepted);
    auto format = add_format(*command);
    command->footer("Nothing is switched on: accepted rules are in mode shadow. docs/learning.md "
                    "has the formulas.");
    command->callback([&chosen, options, format] {
        if (options->limit == 0) {
            options->limit = SIZE_MAX;
        }
        chosen = [options, format] { return learn(*options, *format); };
    });
}

}  // namespace nocturne::cli
