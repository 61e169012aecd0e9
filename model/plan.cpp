#include "model/plan.hpp"

#include "model/member_codec.hpp"

#include <sodium.h>

#include <algorithm>

namespace nocturne::model {

namespace {

// Goes into the hash: a plan of another encoding is another plan.
constexpr std::uint64_t kPlanVersion = 1;

}  // namespace

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Action>

void each_member(Self& action, Each each) {
    each(action.effector), each(action.target), each(action.arguments), each(action.timeout);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Step>

void each_member(Self& step, Each each) {
    each(step.name), each(step.node), each(step.run), each(step.verify), each(step.undo);
    each(step.idempotent);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Plan>

void each_member(Self& plan, Each each) {
    each(plan.playbook), each(plan.version), each(plan.incident), each(plan.target);
    each(plan.summary), each(plan.prose), each(plan.risk), each(plan.reversible);
    each(plan.steps), each(plan.preconditions);
}

void encode(Writer& out, const Plan& plan) {
    out.varint(kPlanVersion);
    put(out, plan);
}

Plan decode_plan(Reader& in) {
    Plan plan;
    if (in.varint() == kPlanVersion) {
        get(in, plan);
    } else {
        spoil(in);
    }
    return plan;
}

bool needs_capability(const Action& action) {
    return action.effector != Effector::Wait && action.effector != Effector::Ask;
}

bool grants(const std::vector<std::string>& capabilities, const Action& action) {
    const std::string_view effector = name_of(action.effector);
    return std::any_of(capabilities.begin(), capabilities.end(), [&](std::string_view capability) {
        const std::size_t colon = capability.find(':');
        return capability.substr(0, colon) == effector &&
               (colon == std::string_view::npos || capability.substr(colon + 1) == action.target);
    });
}

std::string hash_of(const Plan& plan) {
    Writer out;
    encode(out, plan);
    const std::string& bytes = out.bytes();
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    char text[2 * sizeof(hash) + 1];
    return sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
}

Duration time_limit(const Action& action) {
    const auto time = action.arguments.find("for");
    if (action.effector != Effector::Wait || time == action.arguments.end()) {
        return action.timeout;
    }
    const Result<Duration> waits = parse_duration(time->second);
    return waits ? std::max(action.timeout, *waits) : action.timeout;
}

std::string to_string(const Action& action) {
    std::string text(name_of(action.effector));
    if (!action.target.empty()) {
        text += ' ' + action.target;
    }
    for (const auto& [name, value] : action.arguments) {
        text.append(" ").append(name).append("=").append(value);
    }
    return text;
}

}  // namespace nocturne::model
