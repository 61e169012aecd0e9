#include "plugins/playbook_reader.hpp"

#include "model/incident.hpp"
#include "model/severity.hpp"
#include "model/suggestion.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

using model::RunLimits;

constexpr model::Duration kDay = model::PlaybookSettings::kWindowMax;
constexpr std::uint64_t kApprovalsMax = 10;
constexpr std::uint64_t kNodesMax = 100'000;
constexpr std::size_t kTargetBytesMax = 256;

constexpr std::array<std::string_view, 5> kWhenKeys{"incident", "suspect", "alert",
                                                    "confidence_min", "seen"};
constexpr std::array<std::string_view, 3> kIncidentNames{"severity", "state", "title"};
constexpr std::array<std::string_view, 5> kAlertNames{"resource", "check", "severity", "summary",
                                                      "type"};
constexpr std::array<std::string_view, 2> kFlagNames{"true", "false"};
constexpr std::array<std::string_view, 10> kLimitKeys{
    "cooldown",       "runs_max",       "runs_window", "blast_share_max", "healthy_min",
    "dependents_max", "confidence_min", "approvals",   "approver",        "approval_ttl"};
constexpr std::array<std::string_view, 3> kApproverNames{"responder", "approver", "admin"};

class PlaybookReader {
   public:
    PlaybookReader(ManifestValues& values, int table, Manifest& manifest)
        : in_(values), L_(values.state()), table_(table), manifest_(manifest),
          playbook_(manifest.playbook) {}

    void read() {
        manifest_.handlers.plan = in_.function(table_, "plan");
        if (!manifest_.handlers.plan) {
            in_.problem("plan", "a playbook needs a function plan(incident, ctx)");
        }
        read_risk();
        playbook_.reversible = in_.boolean(table_, "", "reversible");
        read_prose();
        if (const int when = in_.open(table_, "", "when")) {
            read_when(when);
            lua_settop(L_, when - 1);
        }
        if (const int limits = in_.open(table_, "", "limits")) {
            read_limits(limits);
            lua_settop(L_, limits - 1);
        }
        if (const int wants = in_.open(table_, "", "wants")) {
            playbook_.effectors = in_.texts(wants, "wants", "effectors");
            lua_settop(L_, wants - 1);
        }
        check_effectors();
    }

   private:
    void read_risk() {
        if (const auto risk = in_.text(table_, "", "risk", "\"low\", \"medium\" or \"high\"")) {
            playbook_.risk = in_.one_of<model::Risk>(model::kRiskNames, "risk", *risk)
                                 .value_or(model::Risk::High);
        }
    }

    void read_prose() {
        auto prose = in_.text(table_, "", "prose", "a text", Playbook::kProseBytesMax);
        if (prose && !is_clean(*prose, Cleanness::Text)) {
            in_.problem("prose", "has control characters or broken UTF-8");
            return;
        }
        playbook_.prose = std::move(prose).value_or("");
    }

    // ---- when ----

    void read_when(int table) {
        When& when = playbook_.when;
        in_.refuse_unknown(table, "when", kWhenKeys);
        when.incident = matchers(table, "incident", "'severity=~\"major|critical\"'");
        refuse_names("when.incident", when.incident, kIncidentNames);
        when.suspect = matchers(table, "suspect", "'type=\"instance\"'");
        when.alert = matchers(table, "alert", "'check=\"errors\"'");
        refuse_names("when.alert", when.alert, kAlertNames);
        refuse_words("when.incident", when.incident, "severity", model::kSeverityNames);
        refuse_words("when.incident", when.incident, "state", model::kIncidentStateNames);
        refuse_words("when.suspect", when.suspect, "kind", model::kCauseKindNames);
        refuse_words("when.suspect", when.suspect, "silent", kFlagNames);
        refuse_words("when.alert", when.alert, "severity", model::kSeverityNames);
        when.confidence_min = in_.number(table, "when", "confidence_min", 0, 1).value_or(0);
        when.seen = in_.boolean(table, "when", "seen");
    }

    model::Matchers matchers(int table, std::string_view key, std::string_view example) {
        const auto text = in_.text(table, "when", key, "matchers, such as " + std::string(example));
        if (!text) {
            return {};
        }
        auto parsed = model::parse_matchers(*text);
        if (!parsed) {
            in_.problem(in_.join("when", key), parsed.error().message);
            return {};
        }
        return *std::move(parsed);
    }

    void refuse_names(std::string_view path, const model::Matchers& matchers,
                      std::span<const std::string_view> known) {
        for (const model::Matcher& matcher : matchers) {
            if (std::find(known.begin(), known.end(), matcher.name()) == known.end()) {
                in_.problem(path, "there is no \"" + printable(matcher.name(), 60) + "\"; " +
                                      model::suggest(matcher.name(), known));
            }
        }
    }

    // What can never be so, or never be otherwise.
    void refuse_words(std::string_view path, const model::Matchers& matchers, std::string_view name,
                      std::span<const std::string_view> known) {
        for (const model::Matcher& matcher : matchers) {
            const bool is_word = matcher.op() == model::Matcher::Operator::Equal ||
                                 matcher.op() == model::Matcher::Operator::NotEqual;
            if (matcher.name() == name && is_word &&
                std::find(known.begin(), known.end(), matcher.value()) == known.end()) {
                in_.problem(path, std::string(name) + " is never \"" +
                                      printable(matcher.value(), 60) + "\"; " +
                                      model::suggest(matcher.value(), known));
            }
        }
    }

    // ---- limits ----

    void read_limits(int table) {
        RunLimits& limits = playbook_.limits;
        in_.refuse_unknown(table, "limits", kLimitKeys);
        time(table, "cooldown", model::Duration(0), limits.cooldown);
        time(table, "runs_window", std::chrono::seconds(1), limits.runs_window);
        time(table, "approval_ttl", std::chrono::seconds(1), limits.approval_ttl);
        count(table, "runs_max", 1, 1'000, limits.runs_max);
        count(table, "healthy_min", 0, kNodesMax, limits.healthy_min);
        count(table, "dependents_max", 0, kNodesMax, limits.dependents_max);
        count(table, "approvals", 1, kApprovalsMax, limits.approvals);
        share(table, "blast_share_max", limits.blast_share_max);
        share(table, "confidence_min", limits.confidence_min);
        if (const auto role =
                in_.text(table, "limits", "approver", "a role such as \"approver\"")) {
            if (in_.one_of<std::size_t>(kApproverNames, "limits.approver", *role)) {
                limits.approver = *model::find_name<model::Role>(model::kRoleNames, *role);
            }
        }
    }

    void time(int table, std::string_view key, model::Duration low, model::Duration& limit) {
        limit = in_.duration(table, "limits", key, low, kDay).value_or(limit);
    }

    void count(int table, std::string_view key, std::uint64_t low, std::uint64_t high,
               std::uint32_t& limit) {
        const std::string expected =
            "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
        const int type = in_.get(table, key);
        const lua_Integer value = lua_isinteger(L_, -1) != 0 ? lua_tointeger(L_, -1) : -1;
        if (value >= static_cast<lua_Integer>(low) && value <= static_cast<lua_Integer>(high)) {
            limit = static_cast<std::uint32_t>(value);
        } else if (type != LUA_TNIL) {
            in_.wrong(in_.join("limits", key), expected, -1);
        }
        lua_pop(L_, 1);
    }

    void share(int table, std::string_view key, double& limit) {
        limit = in_.number(table, "limits", key, 0, 1).value_or(limit);
    }

    // ---- effectors ----

    void check_effectors() {
        for (const std::string& effector : playbook_.effectors) {
            const std::size_t colon = effector.find(':');
            const std::string_view name = std::string_view(effector).substr(0, colon);
            if (!in_.one_of<model::Effector>(model::kEffectorNames, "wants.effectors", name)) {
                continue;
            }
            if (colon == std::string::npos) {
                continue;
            }
            const std::string_view target = std::string_view(effector).substr(colon + 1);
            if (target.starts_with('{') && target.ends_with('}')) {
                check_parameter(target.substr(1, target.size() - 2));
            } else if (target.empty() || target.size() > kTargetBytesMax ||
                       !is_clean(target, Cleanness::Name)) {
                in_.problem("wants.effectors",
                            "found " + ManifestValues::shown(effector) +
                                "; expected an effector, or one and its target such as "
                                "\"command:restart-unit\"");
            }
        }
    }

    // It must be one that holds text.
    void check_parameter(std::string_view name) {
        const auto found = std::find_if(manifest_.parameters.begin(), manifest_.parameters.end(),
                                        [&](const Parameter& one) { return one.name == name; });
        if (found == manifest_.parameters.end() ||
            !std::holds_alternative<std::string>(found->standard)) {
            in_.problem("wants.effectors", "{" + printable(name, 60) +
                                               "} is not the name of a parameter that is a string");
        }
    }

    ManifestValues& in_;
    lua_State* L_;
    const int table_;
    Manifest& manifest_;
    Playbook& playbook_;
};

}  // namespace

void read_playbook(ManifestValues& values, int table, Manifest& manifest) {
    PlaybookReader(values, table, manifest).read();
}

}  // namespace nocturne::plugins
