#include "cli/incident_page.hpp"

#include "cli/json_text.hpp"
#include "cli/tree.hpp"
#include "model/severity.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

// Beyond the first three, who is hardly a suspect is only counted.
constexpr std::size_t kSuspectsAtLeast = 3;
constexpr double kWorthTelling = 0.02;

constexpr std::size_t kBlindNameWidthMax = 40;
constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kNameWidthMin = 20;  // what is left of a line is for names
constexpr std::size_t kSuspectsInPage = 3;
// In a list of pages, of suspects only as many as it takes to be this sure, at most three.
constexpr double kSureInBlock = 0.6;
constexpr std::size_t kChangesMax = 10;
constexpr std::size_t kBlindSpotsMax = 10;
constexpr std::size_t kTimelineFirst = 4;
constexpr std::size_t kTimelineLast = 8;
constexpr std::size_t kTextWidth = 100;  // of lines of prose, where the terminal has no limit
constexpr std::string_view kIndent = "      ";

bool is_over(std::string_view state) {
    return state == "resolved" || state == "merged";
}

std::string count_of(std::size_t count, const std::string& word) {
    return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

class IncidentPage {
   public:
    IncidentPage(const json::value& incident, const PageOptions& options)
        : incident_(incident), options_(options), palette_(options.palette) {}

    std::string render() {
        write_headline();
        write_suspects();
        write_tree();
        if (options_.length == PageOptions::Length::Whole) {
            write_blind_spots();
            write_changes();
            write_notes();
            write_timeline();
            write_next();
            write_run();
        }
        return std::move(out_);
    }

   private:
    void write_headline() {
        const std::string severity = text_of(incident_, "severity");
        std::string loud = severity;
        std::transform(loud.begin(), loud.end(), loud.begin(), [](char letter) {
            return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
        });
        const std::string state = text_of(incident_, "state");
        out_ += palette_.severity(severity, loud) + "  " +
                palette_.paint(Style::Bold, text_of(incident_, "id")) + "  " +
                palette_.paint(is_over(state) ? Style::Green : Style::Plain, state) + "  " +
                palette_.paint(Style::Bold, text_of(incident_, "title")) + "\n";
        out_ += "  " + span() + ", " + count_of(alert_count(), "alert") + ", " +
                text_of(incident_, "firing_count") + " still firing\n";
        if (const std::string into = text_of(incident_, "merged_into"); !into.empty()) {
            out_ += "  merged into " + into + "\n";
        }
        if (const std::string cause = text_of(incident_, "cause"); !cause.empty()) {
            out_ += "  cause, as labelled: " + palette_.paint(Style::Bold, cause) + "\n";
        }
    }

    // "since 02:13:05 UTC (3m ago)", or "02:13:05 to 02:20:11 UTC (7m06s)".
    std::string span() const {
        const model::Time opened = time_of(incident_, "opened_at");
        const model::Time resolved = time_of(incident_, "resolved_at");
        if (resolved == model::kNoTime) {
            const std::string age = options_.length == PageOptions::Length::Whole
                                        ? " (" + ago(opened, options_.now) + ")"
                                        : "";
            return "since " + short_time(opened, options_.now) + " UTC" + age;
        }
        return short_time(opened, options_.now) + " to " + short_time(resolved, options_.now) +
               " UTC (" + model::format_duration(resolved - std::min(opened, resolved)) + ")";
    }

    std::size_t alert_count() const {
        return std::max(
            static_cast<std::size_t>(std::max(number_of(incident_, "alert_count"), 0.0)),
            list_of(incident_, "alerts").size());
    }

    static std::size_t count_likely(const json::array& suspects) {
        double share = 0;
        std::size_t count = 0;
        while (count < std::min(suspects.size(), kSuspectsInPage) && share < kSureInBlock) {
            share += number_of(suspects[count++], "score");
        }
        return count;
    }

    void write_suspects() {
        const json::array& suspects = list_of(incident_, "suspects");
        if (suspects.empty()) {
            return;
        }
        const bool whole = options_.length == PageOptions::Length::Whole;
        title("Suspects, and how likely each is");
        if (const std::string doubt = text_of(incident_, "doubt"); !doubt.empty()) {
            out_ += palette_.paint(Style::Yellow, "  " + doubt) + "\n";
        }
        out_ +=
            render_suspects(suspects, whole ? kSuspectsInPage : count_likely(suspects), options_);
    }

    // From the first suspect to what it makes alert.
    void write_tree() {
        const json::array& suspects = list_of(incident_, "suspects");
        if (suspects.empty()) {
            return;
        }
        std::vector<Branch> branches;
        for (const json::value& path : list_of(suspects.front(), "paths")) {
            Branch& branch = branches.emplace_back();
            for (const json::value& node : list_of(path, "nodes")) {
                branch.nodes.push_back(node.is_string() ? sanitise(node.get_string()) : "?");
            }
            branch.leaf = text_of(path, "symptom");
        }
        const std::vector<std::string> lines =
            draw_tree(branches, [&](const std::string& node, const std::string& leaf) {
                return label_of(node, leaf);
            });
        if (lines.size() < 2) {
            return;  // a suspect that hurts only itself needs no tree
        }
        title("How it spread, if " + text_of(suspects.front(), "resource") + " is the cause");
        for (const std::string& line : lines) {
            out_ += "  " + line + "\n";
        }
    }

    // Of a node without an alert of this incident.
    std::string elsewhere(const std::string& node) const {
        for (const json::value& suspect : list_of(incident_, "suspects")) {
            const std::string incident = text_of(suspect, "incident");
            if (!incident.empty() && text_of(suspect, "resource") == node) {
                return "alerts in " + incident;
            }
        }
        return "silent";
    }

    std::string label_of(const std::string& node, const std::string& leaf) {
        const auto found = worst_alerts().find(node);
        if (found == worst_alerts().end()) {
            return leaf.empty() ? node + palette_.paint(Style::Dim, "  (" + elsewhere(node) + ")")
                                : node + "  " + leaf;
        }
        const auto& [severity, check] = found->second;
        return node + "  " + palette_.severity(severity, "● " + (leaf.empty() ? check : leaf));
    }

    // The worst alert of each resource: its severity and check.
    const std::map<std::string, std::pair<std::string, std::string>>& worst_alerts() {
        if (!worst_alerts_.empty()) {
            return worst_alerts_;
        }
        for (const json::value& alert : list_of(incident_, "alerts")) {
            const auto told = std::pair(text_of(alert, "severity"), text_of(alert, "check"));
            auto [place, is_new] = worst_alerts_.try_emplace(text_of(alert, "resource"), told);
            if (!is_new && rank_of(told.first) > rank_of(place->second.first)) {
                place->second = told;
            }
        }
        return worst_alerts_;
    }

    static int rank_of(std::string_view severity) {
        const auto found =
            std::find(model::kSeverityNames.begin(), model::kSeverityNames.end(), severity);
        return static_cast<int>(found - model::kSeverityNames.begin());
    }

    void write_changes() {
        const json::array& changes = list_of(incident_, "changes");
        if (changes.empty()) {
            return;
        }
        title("Changes");
        Table table({{"TIME"}, {"RESOURCE"}, {"WHAT"}, {"SUMMARY"}});
        for (std::size_t i = 0; i < std::min(changes.size(), kChangesMax); ++i) {
            table.add({"  " + short_time(time_of(changes[i], "time"), options_.now),
                       text_of(changes[i], "resource"), text_of(changes[i], "what"),
                       text_of(changes[i], "summary")});
        }
        write_rows(table);
        write_more(changes.size(), kChangesMax);
    }

    // Where nobody would tell, whatever the suspects say.
    void write_blind_spots() {
        const json::array& blind = list_of(incident_, "blind_spots");
        if (blind.empty()) {
            return;
        }
        title("Blind spots");
        Table table({{""}, {""}});
        for (std::size_t i = 0; i < std::min(blind.size(), kBlindSpotsMax); ++i) {
            const model::Time heard = time_of(blind[i], "heard_at");
            table.add(
                {"  " + cut(text_of(blind[i], "resource"), kBlindNameWidthMax),
                 palette_.paint(Style::Yellow, "nothing heard from " + text_of(blind[i], "source") +
                                                   " since " + short_time(heard, options_.now) +
                                                   " (" + ago(heard, options_.now) + ")")});
        }
        write_rows(table);
        write_more(blind.size(), kBlindSpotsMax);
    }

    // What plugins said of it, each plugin's together.
    void write_notes() {
        const json::array& notes = list_of(incident_, "notes");
        if (notes.empty()) {
            return;
        }
        title("Notes");
        Table table({{""}, {""}, {""}});
        for (const json::value& note : notes) {
            table.add(
                {"  " + text_of(note, "plugin"), text_of(note, "name"), text_of(note, "value")});
        }
        write_rows(table);
    }

    void write_timeline() {
        const json::array& timeline = list_of(incident_, "timeline");
        if (timeline.empty()) {
            return;
        }
        title("Timeline");
        Table table({{"AT"}, {"REASON"}, {"WHAT"}});
        const bool is_long = timeline.size() > kTimelineFirst + kTimelineLast + 1;
        for (std::size_t i = 0; i < timeline.size(); ++i) {
            if (is_long && i == kTimelineFirst) {
                const std::size_t hidden = timeline.size() - kTimelineFirst - kTimelineLast;
                table.add({"  ...", std::to_string(hidden) + " more", ""});
                i += hidden - 1;
                continue;
            }
            const json::value& entry = timeline[i];
            const std::string text = text_of(entry, "text");
            table.add({"  " + short_time(time_of(entry, "at"), options_.now),
                       text_of(entry, "reason"), text.empty() ? text_of(entry, "subject") : text});
        }
        write_rows(table);
        if (const double dropped = number_of(incident_, "timeline_dropped"); dropped > 0) {
            out_ += "  and " + text_of(incident_, "timeline_dropped") + " that were not kept\n";
        }
    }

    void write_next() {
        const std::string id = text_of(incident_, "id");
        const std::string state = text_of(incident_, "state");
        const json::array& suspects = list_of(incident_, "suspects");
        const std::string suspect = suspects.empty() ? "" : text_of(suspects.front(), "resource");
        title("Next");
        if (state == "open" || state == "reopened") {
            command("ack " + id, "you are on it");
        }
        command("alerts --incident " + id + (is_over(state) ? " --all" : ""), "all its alerts");
        if (!suspect.empty()) {
            command("impact " + quote(suspect), "who is hurt when it fails");
        }
        if (text_of(incident_, "cause").empty()) {
            command("label " + id + " " + (suspect.empty() ? "CAUSE" : quote(suspect)),
                    "what it was in the end");
        }
    }

    // What a playbook would do, or does, and what people can say to it.
    void write_run() {
        const json::value* run = object_of(incident_, "run");
        if (run == nullptr) {
            return;
        }
        const std::string id = text_of(*run, "id");
        const std::string state = text_of(*run, "state");
        const std::string question = text_of(*run, "question");
        const bool is_waiting = state == "awaiting_approval";
        title("Plan");
        const std::string about = id + " (" + text_of(*run, "playbook") + ", risk " +
                                  text_of(*run, "risk") + ") " + in_words(state) + ": " +
                                  text_of(*run, "summary") +
                                  (question.empty() ? "" : "; it asks: " + question);
        for (const std::string& line :
             wrap(about, options_.width > 2 ? options_.width - 2 : kTextWidth)) {
            out_ += "  " + line + "\n";
        }
        out_ += "  nocturne " +
                (is_waiting         ? "approve " + id + " --hash " + text_of(*run, "hash")
                 : question.empty() ? "runs show " + id
                                    : "runs settle " + id + " done|failed|again|abandon") +
                "\n";
    }

    static std::string in_words(std::string state) {
        if (state == "awaiting_approval" || state == "needs_person") {
            return state == "needs_person" ? "needs a person" : "awaits approval";
        }
        std::replace(state.begin(), state.end(), '_', ' ');
        return "is " + state;
    }

    void command(const std::string& words, const std::string& why) {
        constexpr std::size_t kWidth = 48;
        out_ +=
            "  " + pad("nocturne " + words, kWidth) + "  " + palette_.paint(Style::Dim, why) + "\n";
    }

    // For a shell: what is more than letters, digits and ._- stands in quotes.
    static std::string quote(const std::string& word) {
        const auto is_plain = [](char letter) {
            return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                   (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' ||
                   letter == '-';
        };
        if (std::all_of(word.begin(), word.end(), is_plain) && !word.starts_with('-')) {
            return word;
        }
        std::string quoted = word.starts_with('-') ? "-- '" : "'";
        for (const char letter : word) {
            quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
        }
        return quoted + "'";
    }

    void title(const std::string& text) { out_ += "\n" + palette_.paint(Style::Bold, text) + "\n"; }

    // Without the head of the table.
    void write_rows(const Table& table) {
        const std::string text = table.render(palette_, options_.width);
        out_ += text.substr(text.find('\n') + 1);
    }

    void write_more(std::size_t all, std::size_t shown) {
        if (all > shown) {
            out_ += "  and " + std::to_string(all - shown) + " more\n";
        }
    }

    const json::value& incident_;
    const PageOptions& options_;
    const Palette& palette_;
    std::string out_;
    std::map<std::string, std::pair<std::string, std::string>> worst_alerts_;
};

std::string kind_in_words(const std::string& kind) {
    return kind == "infrastructure" ? "an infrastructure fault"
           : kind == "change"       ? "a bad change"
           : kind == "data"         ? "a fault in its data"
                                    : "load from outside";
}

// The sentence, what of the evidence it leaves out, and the kind of cause.
std::vector<std::string> words_of(const json::value& suspect) {
    std::vector<std::string> words{text_of(suspect, "reason")};
    for (const json::value& evidence : list_of(suspect, "evidence")) {
        const std::string name = text_of(evidence, "name");
        const double score = number_of(evidence, "score");
        if (std::abs(score) > 0.01 &&
            (name == "blamed" || name == "off_path" || name == "forward" || name == "past")) {
            words.push_back((score < 0 ? "against it: " : "for it: ") + text_of(evidence, "text"));
        }
    }
    if (const std::string incident = text_of(suspect, "incident"); !incident.empty()) {
        words.push_back("its own alerts are in " + incident + ": look there first");
    }
    const std::string kind = text_of(suspect, "kind");
    if (!kind.empty() && kind != "unknown") {
        words.push_back("looks like " + kind_in_words(kind) + ": " +
                        text_of(suspect, "kind_reason"));
    }
    return words;
}

}  // namespace

std::string render_incident_page(const json::value& incident, const PageOptions& options) {
    return IncidentPage(incident, options).render();
}

std::string render_suspects(const json::array& suspects, std::size_t suspects_max,
                            const PageOptions& options) {
    std::size_t shown = std::min(suspects.size(), suspects_max);
    while (shown > kSuspectsAtLeast && number_of(suspects[shown - 1], "score") < kWorthTelling) {
        --shown;
    }
    const std::size_t limit = options.width > 0 ? options.width : kTextWidth;
    const std::size_t beside = 3 + 2 + 2 + kBarWidth + 2 + 5;  // rank, gaps, bar, percent
    const std::size_t name_max = std::max(limit, beside + kNameWidthMin) - beside;
    std::size_t name_width = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        name_width = std::max(name_width,
                              std::min(name_max, display_width(text_of(suspects[i], "resource"))));
    }
    const std::size_t room = limit > kIndent.size() + 20 ? limit - kIndent.size() : 20;
    std::string out;
    for (std::size_t i = 0; i < shown; ++i) {
        const json::value& suspect = suspects[i];
        const double score = number_of(suspect, "score");
        std::string rank = std::to_string(i + 1);
        rank.insert(0, rank.size() < 3 ? 3 - rank.size() : 0, ' ');
        out += rank + "  " + pad(cut(text_of(suspect, "resource"), name_max), name_width) + "  " +
               options.palette.paint(i == 0 ? Style::Red : Style::Dim, bar(score, kBarWidth)) +
               "  " + percent(score) +
               (flag_of(suspect, "silent") && text_of(suspect, "reason").empty()
                    ? options.palette.paint(Style::Dim, "  raised no alert itself")
                    : "") +
               "\n";
        for (const std::string& text : words_of(suspect)) {
            for (const std::string& line : wrap(text, room)) {
                out += std::string(kIndent) + line + "\n";
            }
        }
    }
    if (suspects.size() > shown) {
        out += "  and " + std::to_string(suspects.size() - shown) + " more with smaller scores\n";
    }
    return out;
}

}  // namespace nocturne::cli
