#include "gateway/topology_document.hpp"
#include "model/suggestion.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kFieldBytesMax = 64 * 1024;

enum class Column : std::uint8_t {
    From,
    To,
    Type,
    Weight,
    Since,
    Ttl,
    Confidence,
    Name,
    Owner,
    Criticality,
    Aliases,
    Other,
};

constexpr std::array<std::string_view, 11> kColumnNames{
    "from",       "to",   "type",  "weight",      "since",  "ttl",
    "confidence", "name", "owner", "criticality", "aliases"};

struct Row {
    std::vector<std::string> fields;
    std::uint32_t line = 0;
};

// RFC 4180: fields in quotes may hold commas, line ends and doubled quotes.
class RowReader {
   public:
    explicit RowReader(std::string_view text) : text_(text) {
        if (text_.starts_with("\xEF\xBB\xBF")) {
            at_ = 3;
        }
    }

    // False at the end. `problem` says what is wrong with a row; it is then left out.
    bool next(Row& row, std::string& problem) {
        row.fields.clear();
        problem.clear();
        if (at_ >= text_.size()) {
            return false;
        }
        row.line = line_;
        for (;;) {
            row.fields.push_back(field(problem));
            if (at_ < text_.size() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            break;
        }
        skip_line_end();
        return true;
    }

   private:
    std::string field(std::string& problem) {
        std::string value;
        if (at_ < text_.size() && text_[at_] == '"') {
            quoted(value, problem);
        }
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' &&
               text_[at_] != '\r') {
            value += text_[at_++];
        }
        if (value.size() > kFieldBytesMax) {
            problem = "a field of more than 64 KiB; is a quote missing?";
        }
        const std::size_t begin = value.find_first_not_of(" \t");
        const std::size_t end = value.find_last_not_of(" \t");
        return begin == std::string::npos ? "" : value.substr(begin, end - begin + 1);
    }

    void quoted(std::string& value, std::string& problem) {
        const std::size_t begin = at_;
        const std::uint32_t begin_line = line_;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"') {
                if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                    ++at_;
                } else {
                    ++at_;
                    return;
                }
            }
            line_ += text_[at_] == '\n' ? 1U : 0U;
            value += text_[at_];
        }
        // Never closed: it ends with its line, so that the rows below are not lost.
        problem = "a quote that is never closed";
        line_ = begin_line;
        at_ = std::min(text_.find('\n', begin), text_.size());
        value.clear();
    }

    void skip_line_end() {
        if (at_ < text_.size() && text_[at_] == '\r') {
            ++at_;
        }
        if (at_ < text_.size() && text_[at_] == '\n') {
            ++at_;
            ++line_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
};

class CsvReader {
   public:
    CsvReader(std::string_view text, const std::string& file) : rows_(text), file_(file) {
        document_.change.provenance = "csv";
        document_.change.mode = model::TopologyChange::Mode::Replace;
    }

    TopologyDocument read() {
        Row row;
        std::string problem;
        bool has_header = false;
        while (rows_.next(row, problem)) {
            line_ = row.line;
            if (!problem.empty()) {
                report(problem + "; the row is left out");
            } else if (is_blank(row)) {
                continue;
            } else if (!has_header) {
                has_header = true;
                if (!read_header(row)) {
                    break;
                }
            } else if (columns_.size() != row.fields.size()) {
                report("expected " + std::to_string(columns_.size()) + " fields, found " +
                       std::to_string(row.fields.size()) + "; the row is left out");
            } else {
                is_edges_ ? read_edge(row) : read_node(row);
            }
        }
        if (!document_.is_whole) {
            document_.change.mode = model::TopologyChange::Mode::Merge;
        }
        return std::move(document_);
    }

   private:
    static bool is_blank(const Row& row) {
        return (row.fields.size() == 1 && row.fields[0].empty()) || row.fields[0].starts_with('#');
    }

    void report(std::string_view message) {
        document_.is_whole = false;
        document_.report(file_, line_, "", message);
    }

    bool read_header(const Row& row) {
        for (const std::string& name : row.fields) {
            const auto found = std::find(kColumnNames.begin(), kColumnNames.end(), name);
            if (found == kColumnNames.end()) {
                document_.report(file_, line_, "",
                                 "unknown column \"" + name.substr(0, 64) + "\"; " +
                                     model::suggest(name, kColumnNames) + "; it is not used");
            }
            columns_.push_back(static_cast<Column>(found - kColumnNames.begin()));
        }
        const auto has = [&](Column column) {
            return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
        };
        is_edges_ = has(Column::From) && has(Column::To);
        if (!is_edges_ && !has(Column::Name)) {
            report("the first line names the columns: expected from and to for edges, or name for "
                   "nodes");
            return false;
        }
        return true;
    }

    void read_edge(const Row& row) {
        model::EdgeSpec edge;
        bool is_good = true;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& field = row.fields[i];
            if (field.empty()) {
                continue;
            }
            switch (columns_[i]) {
                case Column::From: edge.from = field; break;
                case Column::To: edge.to = field; break;
                case Column::Type: edge.type = field; break;
                case Column::Weight: is_good &= read_share(field, "weight", edge.weight); break;
                case Column::Confidence: {
                    double confidence = 0;
                    is_good &= read_share(field, "confidence", confidence);
                    edge.confidence = confidence;
                    break;
                }
                case Column::Ttl: is_good &= read_ttl(field, edge); break;
                case Column::Since: is_good &= read_since(field, edge); break;
                default: break;
            }
        }
        if (!is_good) {
            return;
        }
        if (!is_node_name(edge.from) || !is_node_name(edge.to)) {
            report("an edge without from or to; the row is left out");
        } else if (edge.from == edge.to) {
            report("\"" + edge.from + "\" cannot depend on itself; the row is left out");
        } else {
            document_.change.edges.push_back(std::move(edge));
        }
    }

    void read_node(const Row& row) {
        model::NodeSpec node;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& field = row.fields[i];
            switch (columns_[i]) {
                case Column::Name: node.name = field; break;
                case Column::Type: node.type = field; break;
                case Column::Owner: node.owner = field; break;
                case Column::Aliases: read_aliases(field, node); break;
                case Column::Criticality:
                    if (field.size() == 1 && field[0] >= '1' && field[0] <= '5') {
                        node.criticality = static_cast<std::uint8_t>(field[0] - '0');
                    } else if (!field.empty()) {
                        report("criticality \"" + field.substr(0, 64) +
                               "\" is not one of 1 (least) to 5 (most)");
                    }
                    break;
                default: break;
            }
        }
        if (is_node_name(node.name)) {
            document_.change.nodes.push_back(std::move(node));
        } else {
            report("a node without a name; the row is left out");
        }
    }

    // "a;b c" with semicolons or blanks between.
    static void read_aliases(std::string_view field, model::NodeSpec& node) {
        while (!field.empty()) {
            const std::size_t end = field.find_first_of("; ");
            if (const std::string_view alias = field.substr(0, end); is_node_name(alias)) {
                node.aliases.emplace_back(alias);
            }
            field.remove_prefix(end == std::string_view::npos ? field.size() : end + 1);
        }
    }

    bool read_share(const std::string& field, const char* what, double& to) {
        double value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc() || end != field.data() + field.size() ||
            !(value > 0 && value <= 1)) {
            report(std::string(what) + " \"" + field.substr(0, 64) +
                   "\" is not a number above 0 and up to 1; the row is left out");
            return false;
        }
        to = value;
        return true;
    }

    bool read_ttl(const std::string& field, model::EdgeSpec& edge) {
        const Result<model::Duration> ttl = model::parse_duration(field);
        if (!ttl) {
            report("ttl \"" + field.substr(0, 64) +
                   "\" is not a duration, e.g. 30m; the row is left out");
            return false;
        }
        edge.ttl = *ttl;
        return true;
    }

    bool read_since(const std::string& field, model::EdgeSpec& edge) {
        const Result<model::Time> since =
            model::parse_time(field.size() == 10 ? field + "T00:00:00Z" : field);
        if (!since) {
            report("since \"" + field.substr(0, 64) +
                   "\" is not a time, e.g. 2026-11-21 or 2026-11-21T02:13:00Z; the row is left "
                   "out");
            return false;
        }
        edge.first_seen = *since;
        return true;
    }

    RowReader rows_;
    const std::string& file_;
    TopologyDocument document_;
    std::vector<Column> columns_;
    std::uint32_t line_ = 1;
    bool is_edges_ = false;
};

}  // namespace

TopologyDocument read_csv_topology(std::string_view text, const std::string& file) {
    return CsvReader(text, file).read();
}

}  // namespace nocturne::gateway
