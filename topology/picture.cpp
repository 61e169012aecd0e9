#include "topology/picture.hpp"

#include "topology/export.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <tuple>

namespace nocturne::topology {

namespace {

// Pixels.
constexpr double kBoxWidth = 196;
constexpr double kBoxHeight = 58;
constexpr double kGapX = 30;
constexpr double kGapY = 74;
constexpr double kMargin = 28;
constexpr double kHeadHeight = 84;
constexpr double kLegendHeight = 46;
constexpr double kWidthMin = 720;
constexpr std::size_t kNameLetters = 23;  // that fit into a box
constexpr std::size_t kBadges = 3;        // of suspects; more of them would compete for the eye

constexpr const char* kStyle = R"(
svg { --page:#fff; --ink:#1b1f24; --dim:#5f6873; --line:#9aa4af; --box:#f1f3f5; --edge:#c3cad2; --path:#b3261e;
  --critical:#b3261e; --major:#c4501b; --minor:#a86a00; --warning:#8a7400; --info:#1f5fa8; --ok:#2e7d4f;
  background:var(--page); font-family:system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --page:#14171a; --ink:#e8eaed; --dim:#9aa4af; --line:#5c6670; --box:#22272c; --edge:#48525c; --path:#ff6b5e;
  --critical:#ff6b5e; --major:#ff9452; --minor:#f2b13c; --warning:#dcc64a; --info:#6fb1ff; --ok:#6fcf97; } }
.page { fill:var(--page); } text { fill:var(--ink); }
.title { font-size:20px; font-weight:600; } .sub,.legend { font-size:13px; fill:var(--dim); }
.name { font-size:14px; font-weight:600; } .what { font-size:12px; fill:var(--dim); }
.box { fill:var(--box); stroke:var(--line); stroke-width:1.2; }
.silent .name { font-weight:400; fill:var(--dim); }
.alerting .box { stroke-width:2; } .over .box { stroke-dasharray:5 4; }
.suspect .ring { fill:none; stroke:var(--ink); stroke-width:3; }
.badge { fill:var(--ink); } .badge-text { fill:var(--page); font-size:12px; font-weight:700; }
.edge { fill:none; stroke:var(--edge); stroke-width:1.4; } .unsure { stroke-dasharray:4 4; }
.path { fill:none; stroke:var(--path); stroke-width:4.5; }
.head { fill:var(--edge); } .path-head { fill:var(--path); }
)";

std::string pixels(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", value);
    return text;
}

// Cut to so many letters, in the middle: names differ at their ends.
std::string shorten(std::string_view text, std::size_t letters) {
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80) {
            starts.push_back(at);
        }
    }
    if (starts.size() <= letters) {
        return std::string(text);
    }
    const std::size_t tail = (letters - 1) / 2;
    const std::size_t head = letters - 1 - tail;
    return std::string(text.substr(0, starts[head])) + "\xE2\x80\xA6" +
           std::string(text.substr(starts[starts.size() - tail]));
}

std::string plural(std::size_t count, const char* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

class Drawing {
   public:
    Drawing(const Picture& picture, const PictureLimits& limits)
        : picture_(picture), limits_(limits) {}

    std::string draw() {
        choose();
        lay_out();
        place();
        return write();
    }

   private:
    struct Line {
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::string types;
        double confidence = 0;
        bool is_on_path = false;
        bool is_back = false;  // closes a cycle
    };

    struct Point {
        double x = 0;
        double y = 0;
    };

    // ---- which nodes are shown ----

    void choose() {
        std::vector<bool> is_on_path(picture_.nodes.size());
        for (const Picture::Edge& edge : picture_.edges) {
            if (edge.is_on_path) {
                is_on_path[edge.from] = is_on_path[edge.to] = true;
            }
        }
        std::vector<std::uint32_t> order(picture_.nodes.size());
        std::iota(order.begin(), order.end(), 0U);
        const auto weight = [&](std::uint32_t i) {
            const Picture::Node& node = picture_.nodes[i];
            const std::size_t rank = node.rank == 0 ? 1000 : node.rank;
            const int severity = node.severity ? static_cast<int>(*node.severity) + 1 : 0;
            return std::tuple(!node.is_cause, rank > 3, !is_on_path[i], -severity, rank,
                              !node.is_centre, i);
        };
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return weight(a) < weight(b); });
        if (order.size() > limits_.nodes_max) {
            order.resize(limits_.nodes_max);
        }
        std::sort(order.begin(), order.end());
        shown_ = std::move(order);
        place_of_.assign(picture_.nodes.size(), kHidden);
        for (std::uint32_t i = 0; i < shown_.size(); ++i) {
            place_of_[shown_[i]] = i;
        }
        std::map<std::pair<std::uint32_t, std::uint32_t>, Line> lines;  // one for parallel edges
        for (const Picture::Edge& edge : picture_.edges) {
            const std::uint32_t from = place_of_[edge.from];
            const std::uint32_t to = place_of_[edge.to];
            if (from == kHidden || to == kHidden || from == to) {
                continue;
            }
            Line& line = lines[{from, to}];
            line.from = from;
            line.to = to;
            line.types += (line.types.empty() ? "" : ", ") + edge.type;
            line.confidence = std::max(line.confidence, edge.confidence);
            line.is_on_path = line.is_on_path || edge.is_on_path;
        }
        for (auto& [ends, line] : lines) {
            lines_.push_back(std::move(line));
        }
    }

    // ---- layers: each node above all that it depends on, as far as cycles allow ----

    void lay_out() {
        const std::size_t count = shown_.size();
        std::vector<std::vector<std::uint32_t>> below(count);
        for (std::uint32_t i = 0; i < lines_.size(); ++i) {
            below[lines_[i].from].push_back(i);
        }
        // A line that leads back to a node under way closes a cycle, and does not count. What is on
        // the path is walked first, so that the path points downwards.
        for (auto& out : below) {
            std::stable_sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
                return lines_[a].is_on_path > lines_[b].is_on_path;
            });
        }
        layer_.assign(count, 0);
        std::vector<int> state(count, 0);
        for (const bool from_path : {true, false}) {
            for (std::uint32_t start = 0; start < count; ++start) {
                if (state[start] == 0 && (!from_path || is_top_of_path(start))) {
                    descend(start, below, state);
                }
            }
        }
    }

    bool is_top_of_path(std::uint32_t node) const {
        bool begins = false;
        for (const Line& line : lines_) {
            begins = begins || (line.is_on_path && line.from == node);
            if (line.is_on_path && line.to == node) {
                return false;
            }
        }
        return begins;
    }

    // layer = 1 + the highest of what it depends on; limited nodes, so recursion is shallow.
    int descend(std::uint32_t node, const std::vector<std::vector<std::uint32_t>>& below,
                std::vector<int>& state) {
        state[node] = 1;
        int highest = -1;
        for (const std::uint32_t i : below[node]) {
            const std::uint32_t to = lines_[i].to;
            if (state[to] == 1) {
                lines_[i].is_back = true;
                continue;
            }
            highest = std::max(highest, state[to] == 0 ? descend(to, below, state) : layer_[to]);
        }
        state[node] = 2;
        return layer_[node] = highest + 1;
    }

    // ---- rows and places ----

    void place() {
        std::map<int, std::vector<std::uint32_t>, std::greater<>> layers;
        for (std::uint32_t i = 0; i < shown_.size(); ++i) {
            layers[layer_[i]].push_back(i);
        }
        std::vector<std::vector<std::uint32_t>> rows;
        rows.reserve(layers.size());
        for (auto& [layer, nodes] : layers) {
            rows.push_back(std::move(nodes));
        }
        column_.assign(shown_.size(), 0.5);
        for (int sweep = 0; sweep < 4; ++sweep) {
            const bool is_down = sweep % 2 == 0;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                order_row(rows[is_down ? i : rows.size() - 1 - i]);
            }
        }
        split_wide(rows);
        double widest = 0;
        for (const auto& row : rows) {
            widest = std::max(widest, width_of(row.size()));
        }
        width_ = std::max(kWidthMin, widest + 2 * kMargin);
        at_.resize(shown_.size());
        double top = kHeadHeight;
        for (const auto& row : rows) {
            double left = (width_ - width_of(row.size())) / 2;
            for (const std::uint32_t node : row) {
                at_[node] = {left, top};
                left += kBoxWidth + kGapX;
            }
            top += kBoxHeight + kGapY;
        }
        height_ = top - kGapY + kLegendHeight + kMargin;
    }

    static double width_of(std::size_t boxes) {
        return static_cast<double>(boxes) * (kBoxWidth + kGapX) - kGapX;
    }

    // By the middle of its neighbours (the barycentre heuristic of Sugiyama et al., 1981).
    void order_row(std::vector<std::uint32_t>& row) {
        std::vector<std::pair<double, std::uint32_t>> keyed;
        for (const std::uint32_t node : row) {
            double sum = 0;
            double count = 0;
            for (const Line& line : lines_) {
                if (line.from == node || line.to == node) {
                    const double weight = line.is_on_path ? 3 : 1;
                    sum += weight * column_[line.from == node ? line.to : line.from];
                    count += weight;
                }
            }
            keyed.emplace_back(count > 0 ? sum / count : column_[node], node);
        }
        std::stable_sort(keyed.begin(), keyed.end());
        for (std::size_t i = 0; i < keyed.size(); ++i) {
            row[i] = keyed[i].second;
            column_[row[i]] = (static_cast<double>(i) + 0.5) / static_cast<double>(keyed.size());
        }
    }

    void split_wide(std::vector<std::vector<std::uint32_t>>& rows) const {
        std::vector<std::vector<std::uint32_t>> narrow;
        for (const auto& row : rows) {
            const std::size_t parts = (row.size() + limits_.row_max - 1) / limits_.row_max;
            for (std::size_t part = 0; part < parts; ++part) {
                narrow.emplace_back(
                    row.begin() + static_cast<std::ptrdiff_t>(row.size() * part / parts),
                    row.begin() + static_cast<std::ptrdiff_t>(row.size() * (part + 1) / parts));
            }
        }
        rows = std::move(narrow);
    }

    // ---- writing ----

    std::string write() {
        out_ = R"(<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 )" +
               pixels(width_) + " " + pixels(height_) + "\" width=\"" + pixels(width_) +
               "\" height=\"" + pixels(height_) + "\">\n<title>" + escape_xml(picture_.title) +
               "</title>\n<style>" + kStyle + "</style>\n";
        out_ += R"(<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" )"
                R"(markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" )"
                R"(d="M0 0L8 4L0 8z"/></marker><marker id="path-head" viewBox="0 0 8 8" refX="6" )"
                R"(refY="4" markerWidth="15" markerHeight="15" markerUnits="userSpaceOnUse" )"
                R"(orient="auto"><path class="path-head" d="M0 0L8 4L0 8z"/></marker></defs>)"
                "\n";
        out_ += "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
        write_text("title", kMargin, 36, shorten(picture_.title, 80));
        write_text("sub", kMargin, 58, shorten(picture_.subtitle, 110));
        for (const bool paths : {false, true}) {  // what matters on top
            for (const Line& line : lines_) {
                if (line.is_on_path == paths) {
                    write_line(line);
                }
            }
        }
        for (std::uint32_t i = 0; i < shown_.size(); ++i) {
            write_node(i);
        }
        write_legend();
        return out_ + "</svg>\n";
    }

    void write_text(const char* style, double x, double y, std::string_view text) {
        out_ += "<text class=\"" + std::string(style) + "\" x=\"" + pixels(x) + "\" y=\"" +
                pixels(y) + "\">" + escape_xml(text) + "</text>\n";
    }

    // From the dependent down to its dependency.
    void write_line(const Line& line);

    void write_node(std::uint32_t i) {
        const Picture::Node& node = picture_.nodes[shown_[i]];
        const auto [x, y] = at_[i];
        std::string classes = node.severity ? "alerting" : "silent";
        classes += node.rank == 1 || node.is_cause ? " suspect" : "";
        classes += node.severity && !node.is_firing ? " over" : "";
        out_ += "<g class=\"" + classes + "\"><title>" + escape_xml(tooltip(node)) + "</title>\n";
        if (node.rank == 1 || node.is_cause) {
            out_ += rectangle("ring", x - 6, y - 6, kBoxWidth + 12, kBoxHeight + 12, 13, "");
        }
        const std::string colour =
            node.severity ? "var(--" + std::string(model::name_of(*node.severity)) + ")" : "";
        out_ += rectangle("box", x, y, kBoxWidth, kBoxHeight, 8,
                          colour.empty() ? "" : "stroke:" + colour);
        if (!colour.empty()) {
            out_ += "<path d=\"M" + pixels(x + 8) + " " + pixels(y) + "h-1a7 7 0 0 0 -7 7v" +
                    pixels(kBoxHeight - 14) + "a7 7 0 0 0 7 7h1z\" style=\"fill:" + colour +
                    "\"/>\n";
        }
        write_text("name", x + 16, y + 25, shorten(node.name, kNameLetters));
        write_text("what", x + 16, y + 44, shorten(what_of(node), 30));
        if ((node.rank > 0 && node.rank <= kBadges) || node.is_cause) {
            write_badge(node, x, y);
        }
        out_ += "</g>\n";
    }

    void write_badge(const Picture::Node& node, double x, double y) {
        const std::string text = badge_of(node);
        const double width = 16 + 8.1 * static_cast<double>(text.size());
        out_ += rectangle("badge", x + kBoxWidth - width + 8, y - 13, width, 21, 10, "");
        write_text("badge-text", x + kBoxWidth - width + 16, y + 2, text);
    }

    static std::string badge_of(const Picture::Node& node) {
        std::string text = node.is_cause ? "cause" : "";
        if (node.rank > 0) {
            text += (text.empty() ? "" : " ") + ("#" + std::to_string(node.rank)) + " " +
                    std::to_string(std::lround(node.score * 100)) + "%";
        }
        return text;
    }

    static std::string what_of(const Picture::Node& node) {
        std::string what = node.type;
        const auto add = [&](const std::string& part) {
            what += (what.empty() ? "" : " \xC2\xB7 ") + part;
        };
        if (!node.severity) {
            add("silent");
        } else {
            add(plural(node.alerts, "alert"));
            add(node.is_firing ? std::string(model::name_of(*node.severity)) : "resolved");
        }
        return what;
    }

    static std::string tooltip(const Picture::Node& node) {
        std::string text = node.name + " (" + what_of(node) + ")";
        if (node.rank > 0) {
            text += ", suspect " + badge_of(node);
        }
        return text;
    }

    static std::string rectangle(const char* style, double x, double y, double width, double height,
                                 double round, const std::string& more) {
        return "<rect class=\"" + std::string(style) + "\" x=\"" + pixels(x) + "\" y=\"" +
               pixels(y) + "\" width=\"" + pixels(width) + "\" height=\"" + pixels(height) +
               "\" rx=\"" + pixels(round) + "\"" + (more.empty() ? "" : " style=\"" + more + "\"") +
               "/>\n";
    }

    void write_legend() {
        const double y = height_ - kMargin;
        std::string text = "arrows point at what is depended on; thick: how the fault travelled";
        const std::uint64_t hidden = picture_.nodes.size() - shown_.size() + picture_.left_out;
        if (hidden > 0) {
            text += "; " + plural(hidden, "node") + " not shown";
        }
        write_text("legend", kMargin, y - 22, text);
        double x = kMargin;
        for (const char* severity : {"critical", "major", "minor", "warning", "info"}) {
            out_ += "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(y - 10) +
                    "\" width=\"12\" height=\"12\" rx=\"3\" style=\"fill:var(--" + severity +
                    ")\"/>\n";
            write_text("legend", x + 18, y, severity);
            x += 92;
        }
        out_ += rectangle("box", x, y - 10, 12, 12, 3, "");
        write_text("legend", x + 18, y, "silent");
    }

    static constexpr std::uint32_t kHidden = UINT32_MAX;

    const Picture& picture_;
    const PictureLimits& limits_;
    std::vector<std::uint32_t> shown_;     // places in picture_.nodes
    std::vector<std::uint32_t> place_of_;  // in shown_, by place in picture_.nodes
    std::vector<Line> lines_;              // between places in shown_
    std::vector<int> layer_;
    std::vector<double> column_;  // 0..1, for ordering
    std::vector<Point> at_;
    double width_ = 0;
    double height_ = 0;
    std::string out_;
};

void Drawing::write_line(const Line& line) {
    const Point from = at_[line.from];
    const Point to = at_[line.to];
    const bool is_path = line.is_on_path;
    std::string shape;
    const auto point = [](double x, double y) { return pixels(x) + " " + pixels(y); };
    if (std::abs(from.y - to.y) < 1) {  // in one row: a bow below the boxes
        const double y = from.y + kBoxHeight;
        const double x1 = from.x + kBoxWidth / 2;
        const double x2 = to.x + kBoxWidth / 2;
        shape = "M" + point(x1, y) + "C" + point(x1, y + 44) + "," + point(x2, y + 44) + "," +
                point(x2, y + 2);
    } else {
        const bool goes_down = from.y < to.y;
        const double x1 = from.x + kBoxWidth / 2 + (goes_down ? 0 : 26);
        const double y1 = from.y + (goes_down ? kBoxHeight : 0);
        const double x2 = to.x + kBoxWidth / 2 + (goes_down ? 0 : 26);
        const double y2 = to.y + (goes_down ? -2 : kBoxHeight + 2);
        const double bend = (y2 - y1) / 2;
        shape = "M" + point(x1, y1) + "C" + point(x1, y1 + bend) + "," + point(x2, y2 - bend) +
                "," + point(x2, y2);
    }
    out_ += "<path class=\"" + std::string(is_path ? "path" : "edge") +
            (line.confidence < 0.5 ? " unsure" : "") + "\" d=\"" + shape + "\" marker-end=\"url(#" +
            (is_path ? "path-head" : "head") + ")\"><title>" +
            escape_xml(picture_.nodes[shown_[line.from]].name + " depends on " +
                       picture_.nodes[shown_[line.to]].name +
                       (line.types.empty() ? "" : " (" + line.types + ")")) +
            "</title></path>\n";
}

}  // namespace

std::string render_svg(const Picture& picture, const PictureLimits& limits) {
    return Drawing(picture, limits).draw();
}

}  // namespace nocturne::topology
