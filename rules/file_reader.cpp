#include "model/rules_revision.hpp"
#include "rules/rule_reader.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <set>

namespace nocturne::rules {

namespace {

constexpr std::size_t kBudgetMin = 1U << 20;
constexpr std::size_t kBudgetPerByte = 16;  // room for anchors that save typing
constexpr std::size_t kDepthMax = 16;       // of what the grammar knows

bool is_strange(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return (code < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || code == 0x7F;
}

void append_text(std::string& out, std::string_view text) {
    out += std::to_string(text.size()) + ":";
    out += text;
}

}  // namespace

std::string quote(std::string_view text) {
    constexpr std::size_t kShown = 64;
    std::string shown = "\"";
    for (const char byte : text.substr(0, kShown)) {
        shown += byte == '\n' ? ' ' : byte;
    }
    return shown + (text.size() > kShown ? "...\"" : "\"");
}

std::string found_at(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar: return quote(node.Scalar());
        case YAML::NodeType::Sequence: return "a list";
        case YAML::NodeType::Map: return "a map";
        default: return "nothing";
    }
}

FileReader::FileReader(const model::RuleFile& file, ProblemList& problems)
    : file_(file), problems_(problems),
      budget_(std::max(kBudgetMin, file.text.size() * kBudgetPerByte)) {}

bool FileReader::has_strange_bytes() {
    const std::string_view text = file_.text;
    const auto found = std::find_if(text.begin(), text.end(), is_strange);
    if (found == text.end()) {
        return false;
    }
    const auto at = static_cast<std::size_t>(found - text.begin());
    const std::string_view before = text.substr(0, at);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    problems_.error(
        {file_.name, static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
         static_cast<std::uint32_t>(at - line_start + 1)},
        "found a control character (byte " + std::to_string(static_cast<unsigned char>(*found)) +
            "), expected text in UTF-8");
    return true;
}

// What follows a document's end would be read by nobody. (YAML::LoadAll would read it, but never
// comes back from some broken files.)
bool FileReader::has_several_documents() {
    std::string_view rest = file_.text;
    bool has_begun = false;
    bool has_ended = false;
    for (std::uint32_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::size_t first = line.find_first_not_of(" \t\r");
        const bool is_mark = line.starts_with("---") || line.starts_with("...");
        const bool is_alone = is_mark && line.find_first_not_of(" \t\r", 3) != 3;
        if (is_alone) {
            has_ended = has_ended || has_begun || line.starts_with("...");
        } else if (first != std::string_view::npos && line[first] != '#' && line[0] != '%') {
            if (has_ended) {
                problems_.error({file_.name, number, static_cast<std::uint32_t>(first + 1)},
                                "found a second document, expected one in a file; leave out the "
                                "line --- or ... before it");
                return true;
            }
            has_begun = true;
        }
    }
    return false;
}

std::optional<YAML::Node> FileReader::parse() {
    if (file_.text.size() > kFileBytesMax) {
        problems_.error({file_.name, 1, 1}, std::to_string(file_.text.size()) +
                                                " bytes are too long for a rule file; at most " +
                                                "4 MiB");
        return std::nullopt;
    }
    if (has_strange_bytes() || has_several_documents()) {
        return std::nullopt;
    }
    try {
        YAML::Node root = YAML::Load(file_.text);
        return root.IsDefined() && !root.IsNull() ? std::optional(std::move(root)) : std::nullopt;
    } catch (const YAML::Exception& error) {
        Place place{file_.name, 1, 1};
        if (!error.mark.is_null()) {
            place.line = static_cast<std::uint32_t>(error.mark.line + 1);
            place.column = static_cast<std::uint32_t>(error.mark.column + 1);
        }
        problems_.error(std::move(place), "not YAML: " + error.msg);
    } catch (const std::exception& error) {
        problems_.error({file_.name, 1, 1}, std::string("not YAML: ") + error.what());
    }
    return std::nullopt;
}

Place FileReader::place_of(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) {
        return {file_.name, 1, 1};
    }
    return {file_.name, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
}

void FileReader::error(const YAML::Node& node, std::string message) {
    problems_.error(place_of(node), std::move(message));
}

void FileReader::warning(const YAML::Node& node, std::string message) {
    problems_.warning(place_of(node), std::move(message));
}

bool FileReader::pay(const YAML::Node& node) {
    const std::size_t price = 1 + node.Scalar().size();
    if (is_spent_) {
        return false;
    }
    if (price > budget_) {
        is_spent_ = true;
        error(node, "aliases make the file more than " + std::to_string(kBudgetPerByte) +
                        " times as long as it is written; the rest is not read");
        return false;
    }
    budget_ -= price;
    return true;
}

void FileReader::each_item(const YAML::Node& list, const std::string& about,
                           const std::function<void(const YAML::Node&)>& read) {
    if (list.size() > kListItemsMax && about != "") {
        error(list, about + ": " + std::to_string(list.size()) + " items are more than " +
                        std::to_string(kListItemsMax));
        return;
    }
    for (const YAML::Node& item : list) {
        if (!pay(item)) {
            return;
        }
        read(item);
    }
}

void FileReader::each_member(
    const YAML::Node& map, const std::string& about,
    const std::function<void(const std::string&, const YAML::Node&, const YAML::Node&)>& read) {
    std::set<std::string> seen;
    for (const auto& member : map) {
        if (!pay(member.first) || !pay(member.second)) {
            return;
        }
        const std::string start = about.empty() ? "" : about + ": ";
        if (!member.first.IsScalar()) {
            error(member.first,
                  start + "found " + found_at(member.first) + " as a key, expected a text");
        } else if (!seen.insert(member.first.Scalar()).second) {
            error(member.first,
                  start + quote(member.first.Scalar()) + " is given twice; leave one");
        } else {
            read(member.first.Scalar(), member.first, member.second);
        }
    }
}

namespace {

void append_node(std::string& out, const YAML::Node& node, std::size_t depth) {
    if (depth > kDepthMax) {
        return;
    }
    if (node.IsMap()) {
        // Only ever copied into place: assigning a YAML::Node would write into the document.
        std::map<std::string, YAML::Node> members;
        for (const auto& member : node) {
            members.emplace(member.first.Scalar(), member.second);
        }
        out += "{";
        for (const auto& [name, value] : members) {
            const bool is_apart =
                depth == 0 && (name == "name" || name == "comment" || name == "mode");
            if (!is_apart) {
                append_text(out, name);
                append_node(out, value, depth + 1);
            }
        }
        out += "}";
    } else if (node.IsSequence()) {
        out += "[";
        for (const YAML::Node& item : node) {
            append_node(out, item, depth + 1);
        }
        out += "]";
    } else {
        append_text(out, node.Scalar());
    }
}

}  // namespace

void FileReader::append_content(std::string& out, const YAML::Node& node) {
    append_node(out, node, 0);
}

}  // namespace nocturne::rules
