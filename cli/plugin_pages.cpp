#include "cli/plugin_pages.hpp"

#include "cli/json_text.hpp"
#include "cli/terminal.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace nocturne::cli {

namespace json = boost::json;
using Align = Table::Align;

namespace {

std::string size_text(double bytes) {
    constexpr double kKiB = 1024;
    return bytes < kKiB * kKiB ? std::to_string(std::lround(bytes / kKiB)) + " KiB"
                               : std::to_string(std::lround(bytes / kKiB / kKiB)) + " MiB";
}

std::string state_text(const std::string& state, const PageOptions& options) {
    const bool is_well = state == "running" || state == "shadow";
    return options.palette.paint(is_well                ? Style::Plain
                                 : state == "probation" ? Style::Yellow
                                                        : Style::BoldRed,
                                 state);
}

std::uint64_t kills_of(const json::value& plugin) {
    return static_cast<std::uint64_t>(number_of(plugin, "killed_time") +
                                      number_of(plugin, "killed_memory"));
}

void add_line(std::string& out, const std::string& name, const std::string& value) {
    constexpr std::size_t kNames = 14;
    if (!value.empty()) {
        out += "  " + pad(name, kNames) + value + "\n";
    }
}

std::string usage_of(const json::value& plugin) {
    return text_of(plugin, "calls") + " calls, " + text_of(plugin, "acted") + " acted, " +
           text_of(plugin, "would_have") + " would have, " + text_of(plugin, "errors") +
           " errors, " + std::to_string(kills_of(plugin)) + " kills, " +
           text_of(plugin, "refused_wishes") + " wishes refused";
}

void write_fault(std::string& out, const json::value& plugin, const PageOptions& options) {
    const json::value* fault =
        plugin.is_object() ? plugin.get_object().if_contains("last_fault") : nullptr;
    if (fault == nullptr || !fault->is_object()) {
        return;
    }
    add_line(out, "last fault",
             ago(time_of(*fault, "at"), options.now) + ": " + text_of(*fault, "message"));
    const std::string traceback = text_of(*fault, "traceback");
    for (std::size_t from = 0; from < traceback.size();) {
        const std::size_t to = std::min(traceback.find('\n', from), traceback.size());
        add_line(out, "", "  " + sanitise(traceback.substr(from, to - from)));
        from = to + 1;
    }
}

void write_parameters(std::string& out, const json::value& plugin) {
    for (const json::value& parameter : list_of(plugin, "parameters")) {
        std::string set;
        for (const json::value& one : list_of(parameter, "set")) {
            const std::string where = text_of(one, "where");
            set += (set.empty() ? ", set to " : ", ") + text_of(one, "value") +
                   (where.empty() ? "" : " where " + where) + " (" + text_of(one, "place") + ")";
        }
        add_line(out, "parameter",
                 sanitise(text_of(parameter, "name") + " = " + text_of(parameter, "default") + set +
                          ": " + text_of(parameter, "help")));
    }
}

void write_history(std::string& out, const json::value& plugin, const PageOptions& options) {
    for (const json::value& turn : list_of(plugin, "history")) {
        add_line(out, short_time(time_of(turn, "at"), options.now),
                 pad(text_of(turn, "reason"), 22) + text_of(turn, "text"));
    }
}

}  // namespace

std::string render_plugin_list(const json::value& reply, const PageOptions& options) {
    const json::array& plugins = list_of(reply, "plugins");
    std::string out;
    if (plugins.empty()) {
        out = "no plugins; plugins: in nocturne.yaml names their files or folders\n";
    } else {
        Table table({{"NAME"},
                     {"KIND"},
                     {"VERSION"},
                     {"MODE"},
                     {"STATE"},
                     {"CALLS", Align::Right},
                     {"ACTED", Align::Right},
                     {"ERRORS", Align::Right},
                     {"KILLS", Align::Right},
                     {"MEMORY", Align::Right},
                     {"BUDGET", Align::Right},
                     {"SUMMARY"}});
        for (const json::value& plugin : plugins) {
            const bool has_trial = flag_of(plugin, "has_trial");
            table.add({text_of(plugin, "name"), text_of(plugin, "kind"),
                       text_of(plugin, "version") + (has_trial ? " +trial" : ""),
                       text_of(plugin, "mode"), state_text(text_of(plugin, "state"), options),
                       text_of(plugin, "calls"), text_of(plugin, "acted"),
                       text_of(plugin, "errors"), std::to_string(kills_of(plugin)),
                       size_text(number_of(plugin, "memory_bytes")),
                       percent(number_of(plugin, "budget_share")), text_of(plugin, "summary")});
        }
        out = table.render(options.palette, options.width);
    }
    for (const json::value& refused : list_of(reply, "refused")) {
        out += options.palette.paint(Style::Red, "refused") + " " + text_of(refused, "file") +
               ": " + text_of(refused, "error") + "\n";
    }
    return out;
}

std::string render_plugin_page(const json::value& plugin, const PageOptions& options) {
    std::string out = options.palette.paint(Style::Bold, text_of(plugin, "name")) + " " +
                      text_of(plugin, "version") + ", " + text_of(plugin, "kind") + ", mode " +
                      text_of(plugin, "mode") + ", " +
                      state_text(text_of(plugin, "state"), options) + "\n";
    const std::string until = text_of(plugin, "quarantined_until");
    add_line(out, "summary", text_of(plugin, "summary"));
    add_line(out, "file", text_of(plugin, "file") + ", " + text_of(plugin, "hash"));
    add_line(out, "quarantine", until.empty() ? "" : "until " + until);
    add_line(out, "calls", usage_of(plugin));
    add_line(out, "memory",
             size_text(number_of(plugin, "memory_bytes")) + " now, " +
                 size_text(number_of(plugin, "memory_bytes_highest")) + " highest");
    add_line(out, "event budget", percent(number_of(plugin, "budget_share")));
    if (flag_of(plugin, "has_trial")) {
        add_line(out, "trial",
                 "a new version runs in shadow: nocturne plugin compare " +
                     text_of(plugin, "name"));
    }
    write_fault(out, plugin, options);
    write_parameters(out, plugin);
    write_history(out, plugin, options);
    return out;
}

namespace {

// "92 % (23 of 25 that are labelled), 4 of 5 windows found"; "" where nothing was told.
std::string precision_text(const json::value& labelled, const char* version) {
    const json::value* of = object_of(labelled, version);
    if (of == nullptr) {
        return "";
    }
    const auto right = static_cast<std::uint64_t>(number_of(*of, "right"));
    const auto known = right + static_cast<std::uint64_t>(number_of(*of, "wrong"));
    const auto unlabelled = static_cast<std::uint64_t>(number_of(*of, "unlabelled"));
    if (known + unlabelled == 0) {
        return "told of nothing";
    }
    std::string text = known == 0
                           ? "told of " + std::to_string(unlabelled) + ", none of it labelled"
                           : percent(number_of(*of, "precision")) + " (" + std::to_string(right) +
                                 " of " + std::to_string(known) + " right, " +
                                 std::to_string(unlabelled) + " unlabelled)";
    if (number_of(*of, "windows") > 0) {
        text += ", " + text_of(*of, "windows_found") + " of " + text_of(*of, "windows") +
                " windows found";
    }
    return text;
}

}  // namespace

std::string render_comparison_page(const json::value& reply, const PageOptions& options) {
    const json::object& root = reply.as_object();
    const std::string name = text_of(reply, "plugin");
    const json::value* trial = root.if_contains("trial");
    if (!flag_of(reply, "is_on_trial") && number_of(reply, "calls") == 0) {
        return name + " has no new version on trial; `canary: shadow` in its plugin_settings makes "
                      "one of the next change\n";
    }
    std::string out = options.palette.paint(Style::Bold, name) + ": ";
    if (trial != nullptr && trial->is_object()) {
        out += text_of(*trial, "version") + " (" + text_of(*trial, "hash").substr(0, 12) +
               ") on trial beside ";
    } else {
        out += "the trial is over; in force is ";
    }
    const json::value& current = root.at("current");
    out += text_of(current, "version") + " (" + text_of(current, "hash").substr(0, 12) + ")\n";
    add_line(out, "calls", text_of(reply, "calls") + " since " + text_of(reply, "since"));
    add_line(out, "agreement", percent(number_of(reply, "agreement")));
    add_line(out, "only the old", text_of(reply, "only_old"));
    add_line(out, "only the new", text_of(reply, "only_new"));
    add_line(out, "otherwise", text_of(reply, "differ"));
    add_line(out, "other scores", text_of(reply, "scores_differ"));
    if (const json::value* labelled = object_of(reply, "labelled");
        labelled != nullptr && !list_of(reply, "told").empty()) {
        add_line(out, "old precision", precision_text(*labelled, "old"));
        add_line(out, "new precision", precision_text(*labelled, "new"));
    }
    if (trial != nullptr && trial->is_object()) {
        add_line(out, "the new one", usage_of(*trial));
        write_fault(out, *trial, options);
    }
    for (const json::value& example : list_of(reply, "examples")) {
        out += "  " + short_time(time_of(example, "at"), options.now) + "  " +
               text_of(example, "about") + "\n";
        out += "    old  " + text_of(example, "old") + "\n";
        out += "    new  " + text_of(example, "new") + "\n";
    }
    return out;
}

}  // namespace nocturne::cli
