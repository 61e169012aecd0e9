// Lookup tables: the section `tables`, and the CSV that it names.
#include "model/time.hpp"
#include "rules/compilation.hpp"
#include "rules/csv.hpp"

#include <algorithm>
#include <filesystem>

namespace nocturne::rules {

namespace {

constexpr std::string_view kUpdated = "updated";

// Where the rows are kept while they are read.
struct TableText {
    LookupTable& table;
    const model::RuleFile& file;
    ProblemList& problems;
};

bool read_header(const CsvRow& header, TableText& to) {
    bool is_well = true;
    const auto wrong = [&](const std::string& message) {
        to.problems.error({to.file.name, header.line, 1}, message);
        is_well = false;
    };
    if (header.cells.size() > kTableColumnsMax) {
        wrong(std::to_string(header.cells.size()) + " columns are more than " +
              std::to_string(kTableColumnsMax));
    }
    for (const std::string& column : header.cells) {
        std::vector<std::string>& known = to.table.columns;
        if (column.empty()) {
            wrong("a column has no name; expected a header line, e.g. resource,owner");
        } else if (std::find(known.begin(), known.end(), column) != known.end()) {
            wrong("column " + quote(column) + " is given twice; rename one");
        }
        known.push_back(column);
    }
    return is_well;
}

void read_row(CsvRow row, TableText& to) {
    const Place place{to.file.name, row.line, 1};
    if (row.cells.size() != to.table.columns.size()) {
        to.problems.error(place, "found " + std::to_string(row.cells.size()) + " cells, expected " +
                                     std::to_string(to.table.columns.size()) + " as in the header");
        return;
    }
    model::Time updated = to.file.written;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        if (to.table.columns[i] != kUpdated || row.cells[i].empty()) {
            continue;
        }
        const Result<model::Time> time = model::parse_time(row.cells[i]);
        if (!time) {
            to.problems.error(place, "updated: " + time.error().message);
            return;
        }
        updated = *time;
    }
    std::vector<std::string> key;
    for (const std::uint32_t column : to.table.key) {
        key.push_back(row.cells[column]);
    }
    const auto number = static_cast<std::uint32_t>(to.table.rows.size());
    if (!to.table.by_key.insert_or_assign(std::move(key), number).second) {
        to.problems.warning(place, "the key of this row stands in an earlier one too; this counts");
    }
    to.table.rows.push_back({std::move(row.cells), updated});
}

// The places of the key columns; false when one is not there.
bool find_key(MapReader& in, const std::vector<std::string>& key, LookupTable& table) {
    const std::vector<std::string_view> columns(table.columns.begin(), table.columns.end());
    bool is_well = true;
    for (const std::string& name : key) {
        const auto found = std::find(columns.begin(), columns.end(), name);
        if (found == columns.end()) {
            in.wrong("key", "the file has no column " + quote(name) + "; " +
                                nearest(name, columns, "it has"));
            is_well = false;
        } else {
            table.key.push_back(static_cast<std::uint32_t>(found - columns.begin()));
        }
    }
    return is_well;
}

}  // namespace

std::string table_name(std::string_view rule_file, std::string_view path) {
    const std::filesystem::path folder = std::filesystem::path(rule_file).parent_path();
    return (folder / path).lexically_normal().string();
}

void Compilation::read_table(FileReader& file, const YAML::Node& node) {
    std::string name;
    if (node.IsMap() && node["name"] && node["name"].IsScalar()) {
        name = node["name"].Scalar();
    }
    MapReader in(file, node, table_keys(), name.empty() ? "table" : "table " + quote(name));
    if (!in.is_map() || !claim_name("table", in, name, file)) {
        return;
    }
    LookupTable table;
    table.name = name;
    table.place = file.place_of(node);
    std::vector<std::string> key;
    in.texts("key", key);
    in.duration("expires", table.expires);
    const std::optional<std::string> path = in.text_of("file");
    const std::uint32_t place = static_cast<std::uint32_t>(set_.tables.size());
    tables_[name] = place;  // with problems, too: rules that use it are not told about them again
    set_.tables.push_back(table);
    table_contents_.emplace_back();
    if (!path) {
        return;
    }
    const std::string wanted = table_name(file.name(), *path);
    const auto text = std::find_if(revision_.tables.begin(), revision_.tables.end(),
                                   [&](const model::RuleFile& one) { return one.name == wanted; });
    if (text == revision_.tables.end()) {
        in.wrong("file", wanted + " is not there");
        return;
    }
    if (text->text.size() > kTableBytesMax) {
        in.wrong("file", std::to_string(text->text.size()) +
                             " bytes are too long for a table; at most 16 MiB");
        return;
    }
    std::vector<CsvRow> rows =
        parse_csv(text->text, text->name, kTableRowsMax + 1, problems_);  // and the header
    TableText to{table, *text, problems_};
    if (rows.empty()) {
        in.wrong("file", wanted + " is empty; expected a header line, e.g. resource,owner");
    } else if (read_header(rows.front(), to) && find_key(in, key, table)) {
        for (std::size_t i = 1; i < rows.size(); ++i) {
            read_row(std::move(rows[i]), to);
        }
        set_.tables[place] = std::move(table);
        file.append_content(table_contents_[place], node);
        table_contents_[place] += model::to_string(model::fingerprint_of(text->text));
    }
}

const LookupTable* Compilation::table(MapReader& in, std::string_view key, std::uint32_t& place) {
    const std::optional<std::string> name = in.text_of(key);
    if (!name) {
        return nullptr;
    }
    const auto found = tables_.find(*name);
    if (found == tables_.end()) {
        std::vector<std::string_view> names;
        for (const auto& [known, number] : tables_) {
            names.push_back(known);
        }
        in.wrong(key, "no table " + quote(*name) + "; " +
                          (names.empty() ? "name it in the section tables"
                                         : nearest(*name, names, "known tables")));
        return nullptr;
    }
    place = found->second;
    borrowed_ += table_contents_[place];
    return set_.tables[place].columns.empty() ? nullptr : &set_.tables[place];
}

}  // namespace nocturne::rules
