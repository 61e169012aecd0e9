// Sections tables, mask, normalise, dedup, heartbeat, pattern.
#include "model/suggestion.hpp"
#include "rules/section_readers.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kRowsMax = 1'000'000;

// One record of a CSV file (RFC 4180) from `at` on; `line` is moved on with it.
bool read_record(std::string_view text, std::size_t& at, std::uint32_t& line,
                 std::vector<std::string>& cells) {
    cells.clear();
    if (at >= text.size()) {
        return false;
    }
    std::string cell;
    bool quoted = false;
    for (; at < text.size(); ++at) {
        const char byte = text[at];
        if (quoted) {
            if (byte == '"' && at + 1 < text.size() && text[at + 1] == '"') {
                cell += '"';
                ++at;
            } else if (byte == '"') {
                quoted = false;
            } else {
                line += byte == '\n' ? 1U : 0U;
                cell += byte;
            }
        } else if (byte == '"' && cell.empty()) {
            quoted = true;
        } else if (byte == ',') {
            cells.push_back(std::exchange(cell, {}));
        } else if (byte == '\n') {
            ++at;
            break;
        } else if (byte != '\r') {
            cell += byte;
        }
    }
    cells.push_back(std::move(cell));
    ++line;
    return true;
}

void read_rows(const model::RuleFile& file, LookupTable& table, FileProblems& problems) {
    std::size_t at = 0;
    std::uint32_t line = 1;
    std::vector<std::string> cells;
    const auto mark = [](std::uint32_t number) {
        YAML::Mark place;
        place.pos = 0;
        place.line = static_cast<int>(number - 1);
        place.column = 0;
        return place;
    };
    if (!read_record(file.text, at, line, table.columns)) {
        problems.error(mark(1), "the table is empty; expected a line with the columns' names");
        return;
    }
    const auto updated = std::find(table.columns.begin(), table.columns.end(), "updated");
    const auto updated_at = static_cast<std::size_t>(updated - table.columns.begin());
    for (std::uint32_t begin = line; read_record(file.text, at, line, cells); begin = line) {
        if (cells.size() == 1 && cells.front().empty()) {
            continue;
        }
        if (cells.size() != table.columns.size()) {
            problems.error(mark(begin), "the row has " + std::to_string(cells.size()) +
                                            " cells, the header names " +
                                            std::to_string(table.columns.size()));
            continue;
        }
        if (table.rows.size() >= kRowsMax) {
            problems.error(mark(begin), "more than " + std::to_string(kRowsMax) + " rows");
            return;
        }
        LookupTable::Row row{cells, file.written};
        if (updated != table.columns.end() && !cells[updated_at].empty()) {
            const Result<model::Time> time = model::parse_time(cells[updated_at]);
            if (!time) {
                problems.error(mark(begin), "column updated: " + time.error().message);
                continue;
            }
            row.updated = *time;
        }
        table.rows.push_back(std::move(row));
    }
}

std::optional<std::uint32_t> find_column(MapReader& map, const YAML::Node& at,
                                         const LookupTable& table, const std::string& name) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), name);
    if (found == table.columns.end()) {
        const std::vector<std::string_view> names(table.columns.begin(), table.columns.end());
        map.wrong(at, "table \"" + table.name + "\" has no column \"" + name + "\"" +
                          (names.empty() ? "" : "; " + model::suggest(name, names)));
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(found - table.columns.begin());
}

std::optional<model::Expression> read_expression(MapReader& map, std::string_view key,
                                                 Need need = Need::Optional) {
    const std::optional<std::string> text = map.text(key, need);
    if (!text) {
        return std::nullopt;
    }
    Result<model::Expression> expression = model::Expression::make(*text);
    if (!expression) {
        map.wrong(key, expression.error().message);
        return std::nullopt;
    }
    return *std::move(expression);
}

// Whether a text may stand in the field; words have a place of their own.
void check_word(MapReader& map, const YAML::Node& at, const Field& field, const std::string& text) {
    const auto check = [&](const auto& words) {
        if (std::find(words.begin(), words.end(), text) == words.end()) {
            map.wrong(at, to_string(field) + ": \"" + text + "\" is not one of " + list_of(words));
        }
    };
    switch (field.part) {
        case Field::Part::Severity: check(model::kSeverityNames); break;
        case Field::Part::Status: check(model::kStatusNames); break;
        case Field::Part::Kind: check(model::kKindNames); break;
        default: break;
    }
}

std::vector<Lookup> read_lookups(MapReader& map, Compilation& compilation, std::string& used) {
    std::vector<Lookup> lookups;
    map.each("lookup", [&](const YAML::Node& item) {
        if (!item.IsMap()) {
            map.wrong(item, "lookup: expected e.g. {table: owners, by: [resource], set: {owner: "
                            "owner}}");
            return;
        }
        MapReader reader(map.problems(), item, map.what() + ": lookup");
        Lookup lookup;
        const std::string name = reader.text("table", Need::Required).value_or("");
        const auto found = compilation.tables.find(name);
        if (found == compilation.tables.end()) {
            reader.wrong("table", "no table \"" + name +
                                      "\" before this rule; name one in the section tables");
            return;
        }
        lookup.table = found->second;
        const LookupTable& table = compilation.set.tables[lookup.table];
        used += "table " + name + " " + model::to_string(model::fingerprint_of(table.name)) +
                std::to_string(table.rows.size());
        for (const LookupTable::Row& row : table.rows) {
            for (const std::string& cell : row.cells) {
                used.append(cell).push_back('\0');
            }
        }
        lookup.by = reader.fields("by", Need::Required);
        if (lookup.by.size() != table.key.size()) {
            reader.wrong("by", "names " + std::to_string(lookup.by.size()) +
                                   " fields, the table's key has " +
                                   std::to_string(table.key.size()) + " columns");
        }
        reader.each_member("set", [&](const std::string& field, const YAML::Node& value) {
            if (const auto column = find_column(reader, value, table, value.Scalar())) {
                lookup.set.emplace_back(parse_field(field), *column);
            }
        });
        reader.finish();
        lookups.push_back(std::move(lookup));
    });
    return lookups;
}

std::optional<Emit> read_emit(MapReader& map, std::string_view key, const Emit& otherwise,
                              Need need) {
    const YAML::Node node = map.node(key);
    if (!node.IsDefined()) {
        return need == Need::Required ? std::optional(otherwise) : std::nullopt;
    }
    if (!node.IsMap()) {
        map.wrong(node, std::string(key) + ": expected e.g. {check: LinkDown, severity: major}");
        return std::nullopt;
    }
    Emit emit = otherwise;
    MapReader reader(map.problems(), node, map.what() + ": " + std::string(key));
    const auto take = [&](std::string_view name, TextTemplate& to) {
        if (auto text = reader.text_template(name)) {
            to = *std::move(text);
        }
    };
    take("resource", emit.resource);
    take("check", emit.check);
    take("summary", emit.summary);
    emit.severity = reader.severity("severity").value_or(emit.severity);
    emit.status = reader.word("status", model::kStatusNames, emit.status);
    reader.each_member("labels", [&](const std::string& name, const YAML::Node& value) {
        if (auto text = reader.template_in(value, name)) {
            std::erase_if(emit.labels, [&](const auto& label) { return label.first == name; });
            emit.labels.emplace_back(name, *std::move(text));
        }
    });
    reader.finish();
    return emit;
}

std::string kebab(std::string_view name) {
    std::string out;
    for (const char byte : name) {
        const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') || byte == '_';
        if (is_plain) {
            out += byte;
        } else if (!out.empty() && out.back() != '-') {
            out += '-';
        }
    }
    return out.empty() ? "pattern" : out;
}

// Which keys a type of pattern uses, beside by, emit, consume and keys_max.
struct PatternKeys {
    PatternRule::Type type;
    std::vector<std::string_view> required;
    std::vector<std::string_view> optional;
};

const PatternKeys& keys_of(PatternRule::Type type) {
    using Type = PatternRule::Type;
    static const std::vector<PatternKeys> keys{
        {Type::Single, {"match"}, {}},
        {Type::First, {"match", "window"}, {}},
        {Type::Count, {"match", "window", "count"}, {}},
        {Type::Thresholds, {"match", "window", "count", "window_low"}, {"count_low", "emit_then"}},
        {Type::Pair, {"match", "then"}, {"window", "emit_then"}},
        {Type::PairWithin, {"match", "then", "window"}, {"emit_then"}},
        {Type::Sequence, {"match", "then", "window"}, {"unless"}},
        {Type::Absence, {"match", "window"}, {}},
        {Type::EventGroup, {"members", "window"}, {}},
        {Type::Calendar, {"cron"}, {"zone"}},
    };
    return keys[static_cast<std::size_t>(type)];
}

void check_pattern_keys(MapReader& map, PatternRule::Type type) {
    static constexpr std::array<std::string_view, 11> kTypeKeys{
        "match",     "window", "count",   "window_low", "count_low", "then",
        "emit_then", "unless", "members", "cron",       "zone"};
    const PatternKeys& keys = keys_of(type);
    const std::string name(kPatternTypeNames[static_cast<std::size_t>(type)]);
    for (const std::string_view key : keys.required) {
        if (!map.has(key)) {
            map.wrong(key, "is missing; a pattern of type " + name + " needs it");
        }
    }
    for (const std::string_view key : kTypeKeys) {
        const bool is_used =
            std::find(keys.required.begin(), keys.required.end(), key) != keys.required.end() ||
            std::find(keys.optional.begin(), keys.optional.end(), key) != keys.optional.end();
        if (map.has(key) && !is_used) {
            map.wrong(key, "a pattern of type " + name + " does not use it");
        }
    }
}

}  // namespace

std::uint32_t Compilation::zone(MapReader& map, std::string_view key, std::string& used) {
    const std::string name = map.text(key).value_or("UTC");
    if (const auto found = zones.find(name); found != zones.end()) {
        return found->second;
    }
    for (const model::ZoneTable& zone : revision.zones) {
        if (zone.name == name) {
            for (const model::ZoneOffset& entry : zone.offsets) {
                used += std::to_string(model::to_unix_ms(entry.at)) + "+" +
                        std::to_string(entry.offset.count()) + ",";
            }
            set.zones.push_back(zone);
            const auto place = static_cast<std::uint32_t>(set.zones.size() - 1);
            zones.emplace(name, place);
            return place;
        }
    }
    map.wrong(key, "\"" + name +
                       "\" is no time zone that this machine knows; expected e.g. "
                       "Europe/Berlin");
    return 0;
}

void read_table(MapReader& map, const std::string& name, Compilation& compilation) {
    LookupTable table;
    table.name = name;
    table.place = map.problems().place_of(map.map().Mark());
    const std::string file = map.text("file", Need::Required).value_or("");
    const std::vector<std::string> key = map.texts("key", Need::Required);
    table.expires = map.duration("expires");
    map.finish();
    const std::string path =
        (std::filesystem::path(map.problems().file()).parent_path() / file).string();
    const auto found =
        std::find_if(compilation.revision.tables.begin(), compilation.revision.tables.end(),
                     [&](const model::RuleFile& each) { return each.name == path; });
    if (found == compilation.revision.tables.end()) {
        map.wrong("file", "\"" + path + "\" cannot be read");
    } else {
        FileProblems problems(path, found->text);
        read_rows(*found, table, problems);
        for (const Problem& problem : problems.take()) {
            map.wrong("file", to_string(problem.error));
        }
    }
    for (const std::string& column : key) {
        if (const auto place = find_column(map, map.map(), table, column)) {
            table.key.push_back(*place);
        }
    }
    for (std::uint32_t row = 0; row < table.rows.size(); ++row) {
        std::vector<std::string> values;
        for (const std::uint32_t column : table.key) {
            values.push_back(table.rows[row].cells[column]);
        }
        table.by_key.insert_or_assign(std::move(values), row);  // the last row counts
    }
    compilation.tables.emplace(name, static_cast<std::uint32_t>(compilation.set.tables.size()));
    compilation.set.tables.push_back(std::move(table));
}

bool read_mask(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    static constexpr std::array<std::string_view, 2> kWith{"remove", "token"};
    MaskRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.fields = map.fields("fields", Need::Required);
    rule.pattern = read_expression(map, "pattern");
    rule.with = map.word("with", kWith, MaskRule::With::Remove);
    for (const Field& field : rule.fields) {
        if (field.part == Field::Part::Severity || field.part == Field::Part::Status ||
            field.part == Field::Part::Kind) {
            map.wrong("fields", to_string(field) + " is a word of ours and says nothing personal");
        }
    }
    compilation.set.masks.push_back(std::move(rule));
    return true;
}

bool read_normalise(MapReader& map, RuleIndex index, Compilation& compilation, std::string& used) {
    NormaliseRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    map.each("extract", [&](const YAML::Node& item) {
        if (!item.IsMap()) {
            map.wrong(item, "extract: expected e.g. {from: summary, regex: '(?P<host>\\S+)'}");
            return;
        }
        MapReader reader(map.problems(), item, map.what() + ": extract");
        const auto from = reader.text("from", Need::Required);
        auto expression = read_expression(reader, "regex", Need::Required);
        reader.finish();
        if (from && expression) {
            rule.extracts.push_back({parse_field(*from), *std::move(expression)});
        }
    });
    rule.lookups = read_lookups(map, compilation, used);
    map.each_member("map", [&](const std::string& field, const YAML::Node& value) {
        if (!value.IsMap()) {
            map.wrong(value, "map: expected e.g. {severity: {from: labels.priority, values: {high: "
                             "major}}}");
            return;
        }
        MapReader reader(map.problems(), value, map.what() + ": map: " + field);
        Translate translate;
        translate.to = parse_field(field);
        translate.from = parse_field(reader.text("from", Need::Required).value_or(""));
        reader.each_member("values", [&](const std::string& from, const YAML::Node& to) {
            const std::string word = to.IsScalar() ? to.Scalar() : "";
            check_word(reader, to, translate.to, word);
            translate.values.emplace(from, word);
        });
        translate.otherwise = reader.text("default");
        if (translate.otherwise) {
            check_word(reader, value["default"], translate.to, *translate.otherwise);
        }
        reader.finish();
        rule.translates.push_back(std::move(translate));
    });
    map.each_member("set", [&](const std::string& field, const YAML::Node& value) {
        if (auto text = map.template_in(value, field)) {
            const Field to = parse_field(field);
            if (text->names().empty()) {
                check_word(map, value, to, text->text());
            }
            rule.assigns.push_back({to, *std::move(text)});
        }
    });
    rule.removes = map.fields("remove");
    rule.drops = map.flag("drop", false);
    rule.is_last = map.flag("last", false);
    if (rule.lookups.empty() && rule.translates.empty() && rule.assigns.empty() &&
        rule.removes.empty() && !rule.drops && !rule.is_last) {
        map.wrong(map.map(), "does nothing; expected set, map, lookup, remove, drop or last");
    }
    compilation.set.normalises.push_back(std::move(rule));
    return true;
}

bool read_dedup(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    DedupRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.identity = map.fields("identity", Need::Required);
    if (map.has("clear")) {
        rule.clears = map.condition("clear");
    }
    compilation.set.dedups.push_back(std::move(rule));
    return true;
}

bool read_heartbeat(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    HeartbeatRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.by = map.fields("by");
    if (rule.by.empty()) {
        rule.by.push_back(parse_field("source"));
    }
    rule.every = map.duration("every", Need::Required).value_or(std::chrono::minutes(5));
    rule.expect = map.texts("expect");
    if (!rule.expect.empty() && rule.by.size() > 1) {
        map.wrong("expect", "works with one field in by");
    }
    rule.covers = map.condition("covers");
    rule.severity = map.severity("severity").value_or(model::Severity::Major);
    compilation.set.heartbeats.push_back(std::move(rule));
    return true;
}

bool read_pattern(MapReader& map, RuleIndex index, Compilation& compilation, std::string& used) {
    using Type = PatternRule::Type;
    PatternRule rule;
    rule.rule = index;
    rule.type = map.word("type", kPatternTypeNames, Type::Single, Need::Required);
    check_pattern_keys(map, rule.type);
    rule.match = map.condition("match");
    rule.by = map.fields("by");
    rule.window = map.duration("window").value_or(model::Duration{});
    rule.count = map.number("count", 1, 1, 10'000);
    rule.window_low = map.duration("window_low").value_or(model::Duration{});
    rule.count_low = map.number("count_low", 0, 0, 10'000);
    rule.then = map.condition("then");
    rule.unless = map.condition("unless");
    rule.consumes = map.flag("consume", false);
    rule.keys_max = map.number("keys_max", 100'000, 1, 10'000'000);
    map.each("members", [&](const YAML::Node& item) {
        if (!item.IsMap()) {
            map.wrong(item, "members: expected e.g. {match: check=\"a\", count: 2}");
            return;
        }
        MapReader reader(map.problems(), item, map.what() + ": members");
        PatternRule::Member member;
        member.match = reader.condition("match", Need::Required);
        member.count = reader.number("count", 1, 1, 10'000);
        reader.finish();
        rule.members.push_back(std::move(member));
    });
    if (rule.type == Type::EventGroup && map.has("members") && rule.members.empty()) {
        map.wrong("members", "expected at least one");
    }
    if (const auto cron = map.text("cron")) {
        if (Result<Schedule> schedule = Schedule::parse_cron(*cron)) {
            rule.schedule = *schedule;
        } else {
            map.wrong("cron", schedule.error().message);
        }
    }
    rule.zone = compilation.zone(map, "zone", used);
    const std::string& name = compilation.set.rules[index].name;
    Emit otherwise;
    otherwise.resource = *TextTemplate::parse("{resource}");
    otherwise.check = *TextTemplate::parse(kebab(name));
    std::string summary;
    for (const char byte : name) {
        summary.append(byte == '{' || byte == '}' ? 2 : 1, byte);
    }
    otherwise.summary = *TextTemplate::parse(summary);
    rule.emit = read_emit(map, "emit", otherwise, Need::Required);
    Emit then = rule.emit.value_or(otherwise);
    rule.emit_then = read_emit(map, "emit_then", then, Need::Optional);
    if (rule.emit_then && rule.emit && !map.map()["emit_then"]["status"].IsDefined() &&
        rule.emit_then->check.text() == rule.emit->check.text()) {
        rule.emit_then->status = model::EventStatus::Resolved;  // of the same, it is the end
    }
    if (rule.type == Type::Calendar && (!rule.emit || rule.emit->resource.text() == "{resource}")) {
        map.wrong("emit", "needs resource: the clock has none of its own");
    }
    compilation.set.patterns.push_back(std::move(rule));
    return true;
}

}  // namespace nocturne::rules
