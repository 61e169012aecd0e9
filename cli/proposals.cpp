#include "cli/proposals.hpp"

#include "model/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

namespace nocturne::cli {

namespace {

using topology::Precedence;
using topology::Relation;

constexpr std::array<std::string_view, 4> kSections{"inhibit", "dependency", "group", "precedence"};

constexpr const char* kHead =
    "# Proposed by `nocturne learn`: learned from time alone, to be judged by a person.\n"
    "# Each rule is in mode shadow: it counts what it would do, and does nothing.\n";

// A JSON text is a double-quoted YAML text.
std::string yaml_text(std::string_view text) {
    std::string out;
    model::append_json_text(out, text);
    return out;
}

std::string decimal(double value, int digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

std::string percent_of(double share) {
    return decimal(100 * share, 0) + " %";
}

std::string figures_of(const Precedence& pair) {
    return "learned: support " + std::to_string(pair.support) + " of " + std::to_string(pair.runs) +
           " (" + percent_of(pair.confidence) + "), lift " + decimal(pair.lift, 1) + ", explains " +
           percent_of(pair.explained) + " of the effect, delay " +
           model::format_duration(pair.delay) + " (" + model::format_duration(pair.delay_low) +
           " to " + model::format_duration(pair.delay_high) + "), on " +
           std::to_string(pair.places) + (pair.places == 1 ? " place" : " places");
}

std::string_view where(Relation relation) {
    switch (relation) {
        case Relation::Same: return "on the same node";
        case Relation::Dependent: return "on a dependent";
        case Relation::Dependency: return "on a dependency";
        default: return "on a sibling";
    }
}

std::string conditions(std::string_view first, std::string_view second, const Precedence& pair) {
    return "    " + std::string(first) + ": {check: " + yaml_text(pair.cause) + "}\n    " +
           std::string(second) + ": {check: " + yaml_text(pair.effect) + "}\n";
}

// A check's name as part of a rule's: these have one line and at most 200 bytes. Conditions keep
// the whole.
std::string in_one_line(const std::string& check) {
    constexpr std::size_t kBytesMax = 70;
    std::string line = check.substr(0, kBytesMax);
    while (line.size() < check.size() && !line.empty() &&
           (static_cast<unsigned char>(check[line.size()]) & 0xC0U) == 0x80U) {
        line.pop_back();  // not within a character
    }
    std::replace_if(
        line.begin(), line.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x20; },
        ' ');
    return line;
}

Proposal named_after(const Precedence& pair) {
    Proposal proposal;
    proposal.name = "learned: " + in_one_line(pair.cause) + " before " + in_one_line(pair.effect) +
                    " " + std::string(where(pair.relation));
    proposal.yaml = "  - name: " + yaml_text(proposal.name) +
                    "\n    comment: " + yaml_text(figures_of(pair)) + "\n    mode: shadow\n";
    return proposal;
}

// As evidence for who caused an incident. Small support counts for less than its lift.
Proposal precedence_of(const Precedence& pair) {
    constexpr double kLiftMin = 2;
    constexpr double kLiftMax = 100;
    const double lift = (static_cast<double>(pair.support) + 1) / (pair.expected + 1);
    Proposal proposal = named_after(pair);
    proposal.section = "precedence";
    proposal.yaml += "    cause: " + yaml_text(pair.cause) +
                     "\n    effect: " + yaml_text(pair.effect) +
                     "\n    where: " + std::string(topology::name_of(pair.relation)) +
                     "\n    lift: " + decimal(std::clamp(lift, kLiftMin, kLiftMax), 0) + "\n";
    return proposal;
}

Proposal proposal_of(const Precedence& pair) {
    Proposal proposal = named_after(pair);
    if (pair.relation == Relation::Same) {
        proposal.section = "inhibit";
        proposal.yaml += conditions("source", "target", pair) + "    equal: [resource]\n";
    } else if (pair.relation == Relation::Dependent) {
        proposal.section = "dependency";
        proposal.yaml += conditions("cause", "target", pair) + "    hops: 1\n";
    } else {
        const std::string checks = pair.cause == pair.effect ? yaml_text(pair.cause)
                                                             : "[" + yaml_text(pair.cause) + ", " +
                                                                   yaml_text(pair.effect) + "]";
        proposal.section = "group";
        proposal.yaml += "    match: {check: " + checks +
                         "}\n    distance: " + (pair.relation == Relation::Sibling ? "2" : "1") +
                         "\n    window: " + std::to_string(pair.window.count() / 60'000) + "m\n";
    }
    return proposal;
}

bool is_worth_a_look(const Precedence& pair, const ProposalLimits& limits) {
    return pair.support >= limits.support_min && pair.lift >= limits.lift_min &&
           pair.association >= limits.association_min && pair.order >= limits.order_min;
}

// What hides must explain most of what it hides.
bool is_worth_acting(const Precedence& pair, const ProposalLimits& limits) {
    const bool hides = pair.relation == Relation::Same || pair.relation == Relation::Dependent;
    return !hides || pair.explained >= limits.explained_min;
}

bool is_evidence(const Precedence& pair) {
    return pair.relation == Relation::Dependent || pair.relation == Relation::Dependency;
}

// ---- a rule file, line by line ----

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

bool is_blank_or_comment(const std::string& line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    return first == std::string::npos || line[first] == '#';
}

// A line that ends a section: another key, or the mark of a document.
bool begins_at_margin(const std::string& line) {
    return !is_blank_or_comment(line) && line[0] != ' ' &&
           !(line[0] == '-' && (line.size() == 1 || line[1] == ' '));
}

// Where a section's items go, and how far they are indented.
struct Section {
    std::size_t end = 0;  // the line after its last item
    std::size_t indent = 2;
};

Result<std::optional<Section>> find_section(const std::vector<std::string>& lines,
                                            const std::string& name) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with(name + ":")) {
            continue;
        }
        if (!is_blank_or_comment(lines[i].substr(name.size() + 1))) {
            return fail(ErrorCode::Invalid, "line " + std::to_string(i + 1) + ": section \"" +
                                                name +
                                                "\" is not a list of lines that begin with "
                                                "\"-\"; name another file with --into");
        }
        Section section{i + 1, 2};
        bool is_first = true;
        for (std::size_t j = i + 1; j < lines.size() && !begins_at_margin(lines[j]); ++j) {
            if (is_blank_or_comment(lines[j])) {
                continue;
            }
            section.end = j + 1;
            section.indent = is_first ? lines[j].find_first_not_of(' ') : section.indent;
            is_first = false;
        }
        return std::optional(section);
    }
    return std::optional<Section>();
}

std::string indented(const std::string& yaml, std::size_t indent) {
    std::string out;
    for (const std::string& line : lines_of(yaml)) {
        out += std::string(indent, ' ') + line.substr(2) + "\n";
    }
    return out;
}

}  // namespace

std::vector<Proposal> propose(std::span<const Precedence> pairs, const ProposalLimits& limits) {
    std::vector<Proposal> proposals;
    const auto add = [&](Proposal proposal, std::size_t pair) {
        proposal.number = proposals.size() + 1;
        proposal.pair = pair;
        proposals.push_back(std::move(proposal));
    };
    for (std::size_t i = 0; i < pairs.size() && proposals.size() < limits.most; ++i) {
        if (!is_worth_a_look(pairs[i], limits)) {
            continue;
        }
        if (is_worth_acting(pairs[i], limits)) {
            add(proposal_of(pairs[i]), i);
        }
        if (is_evidence(pairs[i])) {
            add(precedence_of(pairs[i]), i);
        }
    }
    return proposals;
}

std::string rule_file_of(std::span<const Proposal> proposals) {
    std::string out = kHead;
    for (const std::string_view section : kSections) {
        bool is_first = true;
        for (const Proposal& proposal : proposals) {
            if (proposal.section == section) {
                out += is_first ? "\n" + proposal.section + ":\n" : "";
                out += proposal.yaml;
                is_first = false;
            }
        }
    }
    return out;
}

Result<std::string> with_rule(const std::string& file, const Proposal& proposal) {
    const std::vector<std::string> lines = lines_of(file);
    NOCTURNE_TRY(const std::optional<Section> section, find_section(lines, proposal.section));
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (section && i == section->end) {
            out += indented(proposal.yaml, section->indent);
        }
        out += lines[i] + "\n";
    }
    if (!section) {
        out += (out.empty() ? "" : "\n") + proposal.section + ":\n" + proposal.yaml;
    } else if (section->end == lines.size()) {
        out += indented(proposal.yaml, section->indent);
    }
    return out;
}

}  // namespace nocturne::cli
