#include "topology/walk_words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nocturne::topology {

using model::Symptom;

namespace {

std::string count_of(std::size_t count, const char* thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string clock_of(model::Time time) {
    return model::format_time(time).substr(11, 8);
}

std::string number(const char* format, double value) {
    char text[48];
    std::snprintf(text, sizeof(text), format, value);
    return text;
}

// "14 times normal", or how many deviations off it is.
std::string how_far(const Symptom& symptom) {
    const double normal = symptom.baseline;
    const double ratio = normal > 0 && symptom.excess != 0 ? 1 + symptom.excess / normal : 0;
    if (ratio > 100) {
        return ", more than 100 times normal";
    }
    if (ratio >= 1.5) {
        return ", " + number(ratio < 10 ? "%.1f" : "%.0f", ratio) + " times normal";
    }
    if (ratio > 0 && ratio <= 0.67) {
        return ", down to " + number("%.0f", 100 * ratio) + " % of normal";
    }
    return symptom.deviation > 0
               ? ", " + number("%.3g", symptom.deviation) + " deviations off normal"
               : "";
}

// "since 12:52:28", or from when to when.
std::string when(const Symptom& symptom) {
    const std::string begun = clock_of(symptom.first_seen);
    return symptom.ended == model::kNoTime ? "since " + begun
                                           : "from " + begun + " to " + clock_of(symptom.ended);
}

// "a, b and c", or "a, b, c and 4 more".
std::string list_of(const std::vector<std::string>& names, std::size_t total) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += i == 0 ? "" : i + 1 == total ? " and " : ", ";
        text += names[i];
    }
    return total > names.size() ? text + " and " + std::to_string(total - names.size()) + " more"
                                : text;
}

std::string percent(double share) {
    return number("%.0f", 100 * share) + " %";
}

std::string span_of(model::Duration span) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
    return seconds < 120    ? std::to_string(seconds) + " s"
           : seconds < 7200 ? std::to_string(seconds / 60) + " min"
                            : std::to_string(seconds / 3600) + " h";
}

std::string how(Blame::Way way) {
    switch (way) {
        case Blame::Way::Dependency: return ", which it depends on";
        case Blame::Way::Surge: return ", whose calls to it surged";
        case Blame::Way::CallingSide: return ", whose calls to others are in trouble too";
    }
    return {};
}

}  // namespace

std::size_t WalkWords::alerts_elsewhere() const {
    return graph_.alert_count() - (graph_[node_].is_elsewhere() ? 0 : graph_[node_].symptom_count);
}

// The nodes next to it on the paths that go further, once each.
std::string WalkWords::through() const {
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> names;
    for (const std::vector<Local>& path : reach_.paths) {
        if (path.size() > 2) {
            const std::string& name = graph_.name_of(path[1]);
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(name);
            }
        }
    }
    const std::size_t total = names.size();
    names.resize(std::min(names.size(), kNamed));
    return list_of(names, total);
}

std::string WalkWords::own() const {
    if (!graph_[node_].alerts()) {
        return {};
    }
    const auto symptoms = graph_.symptoms(node_);
    const Symptom& worst = *symptoms.front().symptom;
    const bool is_over = worst.ended != model::kNoTime;
    std::string text = std::string(worst.check) + (is_over ? " was " : " is ") +
                       std::string(model::name_of(worst.severity)) + how_far(worst) + ", " +
                       when(worst);
    if (symptoms.size() == 2 && symptoms[1].symptom->check != worst.check &&
        is_over == (symptoms[1].symptom->ended != model::kNoTime)) {
        text += std::string(is_over ? ", and so was " : ", and so is ") +
                std::string(symptoms[1].symptom->check);
    } else if (symptoms.size() > 1) {
        text += "; " + count_of(symptoms.size() - 1, "more alert") + " on it";
    }
    return text;
}

std::string WalkWords::blamed() const {
    const Blame blame = walk_.blamed_on(node_);
    if (blame.on == kNoLocal) {
        return {};
    }
    return graph_.name_of(blame.on) + how(blame.way) + ", may explain " +
           (blame.share > 0.95 ? "all" : percent(blame.share)) + " of its worst alert";
}

std::string WalkWords::off_path() const {
    return reach_.climbed.slo < 0.01
               ? "what users feel does not depend on it, as far as the graph knows"
           : reach_.climbed.slo < 0.35 ? "what users feel depends on it only from afar"
                                       : "what users feel depends on it only through others";
}

std::string WalkWords::explains() const {
    if (reach_.climbed.nodes == 0) {
        return {};
    }
    std::string text = graph_[node_].alerts() ? "" : "raised no alert itself, but ";
    text += "explains " + std::to_string(reach_.climbed.alerts) + " of " +
            count_of(alerts_elsewhere(), graph_[node_].alerts() ? "other alert" : "alert");
    const std::string way = through();
    return way.empty() ? text : text + ", through " + way;
}

std::string WalkWords::missing() const {
    if (reach_.missed.count == 0) {
        return {};
    }
    const std::string which = reach_.missed.names.empty()
                                  ? count_of(reach_.missed.count, "node")
                                  : list_of(reach_.missed.names, reach_.missed.count);
    return "no alert on " + which + ", which it would have hurt";
}

std::string WalkWords::first() const {
    return reach_.climbed.after >= reach_.climbed.before
               ? "began before " + std::to_string(reach_.climbed.after) + " of the " +
                     count_of(reach_.climbed.nodes, "node") + " that it explains"
               : "began after " + std::to_string(reach_.climbed.before) + " of the " +
                     count_of(reach_.climbed.nodes, "node") + " that it explains";
}

std::string WalkWords::precedes() const {
    const auto tell = [&](const KnownOrder& order, bool node_first) {
        const KnownPrecedence& known = *order.known;
        const std::string& first = graph_.name_of(node_first ? node_ : order.other);
        const std::string& second = graph_.name_of(node_first ? order.other : node_);
        return known.cause + " on " + first + " is known to come before " + known.effect + " on " +
               second + ", " + number("%.0f", known.lift) + " times as often as by chance (" +
               known.says + ")";
    };
    std::string text;
    if (const KnownOrder order = walk_.precedes(node_); order.known != nullptr) {
        text = tell(order, true);
    }
    if (const KnownOrder order = walk_.is_preceded(node_); order.known != nullptr) {
        text += (text.empty() ? "" : "; but ") + tell(order, false);
    }
    return text;
}

std::string WalkWords::change() const {
    const FollowedChange followed = walk_.change_before(node_);
    return followed.change == nullptr
               ? ""
               : span_of(followed.delay) + " after " + followed.change->what +
                     (followed.change->summary.empty() ? "" : " " + followed.change->summary);
}

std::string WalkWords::part(Part part) const {
    switch (part) {
        case Part::Near: return graph_[node_].alerts() ? "it alerts" : "what depends on it alerts";
        case Part::Own: return own();
        case Part::Blamed: return blamed();
        case Part::Explains: return explains();
        case Part::Forward:
            return "calls to several of those that it calls are in trouble: the fault may lie on "
                   "its side";
        case Part::OffPath: return off_path();
        case Part::Missing: return missing();
        case Part::Silent: return "raised no alert itself";
        case Part::First: return first();
        case Part::Precedes: return precedes();
        case Part::Change: return change();
        case Part::Past: {
            const PastCause& past = graph_[node_].told->past;
            return "was the cause on " + model::format_time(past.at).substr(0, 10) + ", when " +
                   percent(past.likeness) + " of the alerts were the same";
        }
        case Part::Count: break;
    }
    return {};
}

std::string WalkWords::sentence() const {
    std::string text = own();
    if (const std::string changed = change(); !changed.empty()) {
        text += (text.empty() ? "" : ", ") + changed;
    }
    for (const std::string& more : {explains(), missing()}) {
        if (!more.empty()) {
            text += (text.empty() ? "" : "; ") + more;
        }
    }
    return text;
}

}  // namespace nocturne::topology
