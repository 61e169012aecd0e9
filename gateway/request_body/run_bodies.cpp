#include "gateway/request_body.hpp"
#include "gateway/request_body/body_reader.hpp"
#include "model/severity.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

template <typename Enum, std::size_t N>
std::optional<Enum> read_word(BodyReader& in, const json::object& body, std::string_view key,
                              std::string_view path, const std::array<std::string_view, N>& names) {
    const std::string name = in.text(body, key, path);
    if (name.empty()) {
        return std::nullopt;
    }
    const std::optional<Enum> found = model::find_name<Enum>(names, name);
    if (!found) {
        std::string list;
        for (const std::string_view one : names) {
            list += (list.empty() ? "" : ", ") + std::string(one);
        }
        in.note(BodyReader::join(path, key), "\"" + cut(name) + "\" is not one of " + list);
    }
    return found;
}

class ProposalReader {
   public:
    ProposalReader(BodyReader& in, model::PlanProposed& proposal) : in_(in), proposal_(proposal) {}

    void read(const json::object& body) {
        in_.check_keys(body, "",
                       {"playbook", "version", "incident", "target", "summary", "prose", "risk",
                        "reversible", "steps", "preconditions", "mode", "capabilities", "limits",
                        "by", "from"});
        model::Plan& plan = proposal_.plan;
        plan.playbook = in_.required_text(body, "playbook", "");
        plan.version = in_.text(body, "version", "");
        plan.target = in_.required_text(body, "target", "");
        plan.summary = in_.text(body, "summary", "");
        plan.prose = in_.text(body, "prose", "", kTextBytesMax);
        read_incident(body);
        plan.risk = read_name(body, "risk", "", model::kRiskNames, model::Risk::High);
        plan.reversible = read_flag(body, "reversible", "");
        plan.preconditions = read_texts(body, "preconditions", "");
        in_.each_of(body, "steps", "", [&](const json::value& step, const std::string& path) {
            read_step(step, path);
        });
        read_person(body);
        proposal_.mode =
            std::min(model::RunMode::Approve,
                     read_name(body, "mode", "", model::kRunModeNames, model::RunMode::Approve));
        read_capabilities(body);
        read_limits(body);
    }

    // Of a plan that a playbook is to make.
    void read_wish(const json::object& body) {
        in_.check_keys(body, "", {"incident", "playbook", "by", "from"});
        in_.required_text(body, "incident", "");
        proposal_.plan.playbook = in_.text(body, "playbook", "");
        read_incident(body);
        read_person(body);
    }

   private:
    void read_incident(const json::object& body) {
        if (const std::string incident = in_.text(body, "incident", ""); !incident.empty()) {
            const auto id = model::parse_id(model::kIncidentPrefix, incident);
            id ? void(proposal_.plan.incident = *id)
               : in_.note("incident", "expected an incident, e.g. \"I1042-3\"");
        }
    }

    // The playbook host proposes from within; who comes over the network is a person.
    void read_person(const json::object& body) {
        proposal_.by = in_.text(body, "by", "");
        proposal_.from = in_.text(body, "from", "");
        if (proposal_.by.empty()) {
            proposal_.by = "unknown";
        }
        if (proposal_.from.empty() || proposal_.from == model::kFromPlaybook) {
            proposal_.from = "http";
        }
    }

    template <typename Enum, std::size_t N>
    Enum read_name(const json::object& object, std::string_view key, std::string_view path,
                   const std::array<std::string_view, N>& names, Enum otherwise) {
        return read_word<Enum>(in_, object, key, path, names).value_or(otherwise);
    }

    bool read_flag(const json::object& object, std::string_view key, std::string_view path) {
        const json::value* value = BodyReader::find(object, key);
        if (value != nullptr && !value->is_bool()) {
            in_.wrong(BodyReader::join(path, key), "true or false", *value);
        }
        return value != nullptr && value->is_bool() && value->get_bool();
    }

    std::map<std::string, std::string> read_texts(const json::object& object, std::string_view key,
                                                  std::string_view path) {
        std::map<std::string, std::string> texts;
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return texts;
        }
        const std::string whole = BodyReader::join(path, key);
        if (!value->is_object()) {
            in_.wrong(whole, "an object of texts", *value);
            return texts;
        }
        for (const auto& member : value->as_object()) {
            texts.insert_or_assign(
                std::string(member.key()),
                in_.text(member.value(), whole + "." + cut(member.key()), kTextBytesMax));
        }
        return texts;
    }

    model::Duration read_duration(const json::object& object, std::string_view key,
                                  std::string_view path, model::Duration otherwise) {
        const std::string text = in_.text(object, key, path);
        if (text.empty()) {
            return otherwise;
        }
        const Result<model::Duration> duration = model::parse_duration(text);
        if (!duration) {
            in_.note(BodyReader::join(path, key), duration.error().message);
            return otherwise;
        }
        return *duration;
    }

    model::Action read_action(const json::value& value, const std::string& path) {
        model::Action action;
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return action;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path, {"effector", "target", "arguments", "timeout"});
        in_.required_text(object, "effector", path);
        action.effector =
            read_name(object, "effector", path, model::kEffectorNames, model::Effector::Check);
        action.target = in_.text(object, "target", path);
        action.arguments = read_texts(object, "arguments", path);
        action.timeout = read_duration(object, "timeout", path, default_timeout(action.effector));
        return action;
    }

    std::optional<model::Action> find_action(const json::object& object, std::string_view key,
                                             const std::string& path) {
        const json::value* value = BodyReader::find(object, key);
        return value == nullptr ? std::nullopt
                                : std::optional(read_action(*value, BodyReader::join(path, key)));
    }

    void read_step(const json::value& value, const std::string& path) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path, {"name", "node", "run", "verify", "undo", "idempotent"});
        model::Step& step = proposal_.plan.steps.emplace_back();
        step.name = in_.required_text(object, "name", path);
        step.node = in_.text(object, "node", path);
        step.idempotent = read_flag(object, "idempotent", path);
        if (const std::optional<model::Action> run = find_action(object, "run", path)) {
            step.run = *run;
        } else {
            in_.note(path + ".run", "is missing; expected the action of this step");
        }
        step.verify = find_action(object, "verify", path);
        step.undo = find_action(object, "undo", path);
    }

    // Without a list: what the steps use. It is the person's own plan, and they say yes to no less.
    void read_capabilities(const json::object& body) {
        in_.each_of(body, "capabilities", "", [&](const json::value& one, const std::string& path) {
            proposal_.capabilities.push_back(in_.text(one, path));
        });
        if (BodyReader::find(body, "capabilities") == nullptr) {
            proposal_.capabilities.assign(model::kEffectorNames.begin(),
                                          model::kEffectorNames.end());
        }
    }

    template <typename Number>
    void read_number(const json::object& object, std::string_view key, Number& number,
                     double most) {
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return;
        }
        const double found = value->is_number() ? value->to_number<double>() : -1;
        if (found < 0 || found > most || (most > 1 && found != std::floor(found))) {
            in_.note(BodyReader::join("limits", key),
                     most > 1 ? "expected a whole number from 0" : "expected a share from 0 to 1");
            return;
        }
        number = static_cast<Number>(found);
    }

    void read_limits(const json::object& body) {
        const json::value* value = BodyReader::find(body, "limits");
        if (value == nullptr) {
            return;
        }
        if (!value->is_object()) {
            in_.wrong("limits", "an object", *value);
            return;
        }
        constexpr double kMost = 1'000'000;
        const json::object& object = value->as_object();
        in_.check_keys(object, "limits",
                       {"cooldown", "runs_max", "runs_window", "blast_share_max", "healthy_min",
                        "dependents_max", "confidence_min", "approvals", "approver",
                        "approval_ttl"});
        model::RunLimits& limits = proposal_.limits;
        limits.cooldown = read_duration(object, "cooldown", "limits", limits.cooldown);
        limits.runs_window = read_duration(object, "runs_window", "limits", limits.runs_window);
        limits.approval_ttl = read_duration(object, "approval_ttl", "limits", limits.approval_ttl);
        read_number(object, "runs_max", limits.runs_max, kMost);
        read_number(object, "healthy_min", limits.healthy_min, kMost);
        read_number(object, "dependents_max", limits.dependents_max, kMost);
        read_number(object, "approvals", limits.approvals, kMost);
        read_number(object, "blast_share_max", limits.blast_share_max, 1);
        read_number(object, "confidence_min", limits.confidence_min, 1);
        limits.approver =
            read_name(object, "approver", "limits", model::kRoleNames, limits.approver);
    }

    BodyReader& in_;
    model::PlanProposed& proposal_;
};

}  // namespace

Checked<PlanRequest> parse_plan_request(std::string_view text) {
    Checked<PlanRequest> checked;
    PlanRequest& request = checked.value;
    BodyReader in(checked.problems);
    const std::optional<json::object> body = in.parse(text);
    if (!body) {
        return checked;
    }
    // A plan without target and steps is none: who names an incident means that of a playbook.
    request.is_for_playbook = BodyReader::find(*body, "incident") != nullptr &&
                              BodyReader::find(*body, "target") == nullptr &&
                              BodyReader::find(*body, "steps") == nullptr;
    ProposalReader reader(in, request.proposal);
    request.is_for_playbook ? reader.read_wish(*body) : reader.read(*body);
    return checked;
}

Checked<RunWordBody> parse_run_word_body(std::string_view text) {
    Checked<RunWordBody> checked;
    RunWordBody& word = checked.value;
    word.from = "http";
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return checked;
    }
    BodyReader in(checked.problems);
    const std::optional<json::object> body = in.parse(text);
    if (!body) {
        return checked;
    }
    in.check_keys(*body, "",
                  {"by", "role", "from", "hash", "why", "on", "label", "verdict", "attempt"});
    word.by = in.text(*body, "by", "");
    word.hash = in.text(*body, "hash", "");
    word.why = in.text(*body, "why", "", kTextBytesMax);
    word.attempt = in.text(*body, "attempt", "");
    if (const std::string from = in.text(*body, "from", ""); !from.empty()) {
        word.from = from;
    }
    if (const json::value* on = BodyReader::find(*body, "on")) {
        on->is_bool() ? void(word.on = on->get_bool()) : in.wrong("on", "true or false", *on);
    }
    word.role =
        read_word<model::Role>(in, *body, "role", "", model::kRoleNames).value_or(word.role);
    word.label = read_word<model::RunLabel>(in, *body, "label", "", model::kRunLabelNames);
    if (const auto verdict = read_word<model::SettleRun::Verdict>(in, *body, "verdict", "",
                                                                  model::kSettleVerdictNames)) {
        word.verdict = static_cast<std::uint8_t>(*verdict);
    }
    return checked;
}

}  // namespace nocturne::gateway
