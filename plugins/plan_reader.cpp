#include "plugins/plan_reader.hpp"

#include "model/suggestion.hpp"
#include "plugins/limits.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace nocturne::plugins {

namespace {

using model::Plan;
using model::Step;

constexpr std::size_t kNodeBytesMax = 4096;  // as names of nodes elsewhere
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kSummaryBytesMax = 512;

constexpr std::array<std::string_view, 4> kPlanKeys{"target", "summary", "steps", "preconditions"};
constexpr std::array<std::string_view, 6> kStepKeys{"name", "node",   "idempotent",
                                                    "run",  "verify", "undo"};
// As engine/gates.cpp checks them.
constexpr std::array<std::string_view, 5> kPreconditions{
    "incident_state", "first_suspect", "severity", "suspect_kind", "target_present"};

// The first problem ends the reading; where it is, is path_.
class PlanReading {
   public:
    PlanReading(lua_State* L, Plan& plan) : L_(L), plan_(plan) {}

    PlanProblem read(int index, const std::map<std::string, std::string>& standard) {
        if (!lua_istable(L_, index)) {
            problem("found a " + std::string(luaL_typename(L_, index)) +
                    "; expected { summary = ..., steps = {...} }, or nil and why not");
            return std::move(problem_);
        }
        refuse_unknown(index, kPlanKeys);
        text(index, "target", kNodeBytesMax, plan_.target);
        if (!problem_ && plan_.target.empty()) {
            problem("target is missing, and the incident has no suspect to take for it");
        }
        text(index, "summary", kSummaryBytesMax, plan_.summary);
        if (!problem_ && plan_.summary.empty()) {
            problem("summary is missing; say in one sentence what would be done");
        }
        with(index, "preconditions", [&](int value) { read_preconditions(value, standard); });
        with(index, "steps", [&](int value) { read_steps(value); });
        return std::move(problem_);
    }

   private:
    void problem(const std::string& text) {
        if (!problem_) {
            problem_ = path_.empty() ? text : path_ + ": " + text;
        }
    }

    // ---- members ----

    // Calls `each` with the index of the member's value, which may be nil, unless there was a
    // problem before. What it says goes by the member's path.
    template <typename Each>
    void with(int table, const std::string& key, Each&& each) {
        if (problem_) {
            return;
        }
        const std::size_t length = path_.size();
        path_ += (path_.empty() ? "" : ".") + key;
        lua_pushlstring(L_, key.data(), key.size());
        lua_rawget(L_, table);
        const int value = lua_gettop(L_);
        each(value);
        lua_settop(L_, value - 1);
        path_.resize(length);
    }

    void refuse_unknown(int table, std::span<const std::string_view> known) {
        std::vector<std::string> keys;
        if (PlanProblem found = read_keys(L_, table, known.size() * 4, keys)) {
            return problem(*found);
        }
        for (const std::string& key : keys) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                return problem("unknown key \"" + printable(key, 60) + "\"; " +
                               model::suggest(key, known));
            }
        }
    }

    // Leaves `out` as it is when there is none.
    void text(int table, const std::string& key, std::size_t bytes_max, std::string& out) {
        with(table, key, [&](int value) {
            if (lua_isnil(L_, value)) {
                return;
            }
            if (lua_type(L_, value) != LUA_TSTRING) {
                return problem("found a " + std::string(luaL_typename(L_, value)) +
                               "; expected a text");
            }
            std::size_t length = 0;
            const char* bytes = lua_tolstring(L_, value, &length);
            if (length == 0 || length > bytes_max) {
                return problem("has " + std::to_string(length) + " bytes; expected 1 to " +
                               std::to_string(bytes_max));
            }
            out.assign(bytes, length);
            if (!is_clean(out, Cleanness::Name)) {
                problem("has control characters or broken UTF-8: \"" + printable(out, 60) + "\"");
            }
        });
    }

    void read_preconditions(int value, const std::map<std::string, std::string>& standard) {
        if (lua_isnil(L_, value)) {
            plan_.preconditions = standard;
            return;
        }
        if (!lua_istable(L_, value)) {
            return problem("found a " + std::string(luaL_typename(L_, value)) +
                           "; expected a table such as { incident_state = \"active\" }");
        }
        refuse_unknown(value, kPreconditions);
        for (const std::string_view name : kPreconditions) {
            std::string wanted;
            text(value, std::string(name), kNodeBytesMax, wanted);
            if (!wanted.empty()) {
                plan_.preconditions.emplace(name, std::move(wanted));
            }
        }
    }

    // ---- steps ----

    void read_steps(int value) {
        if (!lua_istable(L_, value)) {
            return problem("found a " + std::string(luaL_typename(L_, value)) +
                           "; expected a list of steps");
        }
        if (lua_getmetatable(L_, value) != 0) {
            return problem("has a metatable; plans are plain tables");
        }
        const lua_Unsigned count = lua_rawlen(L_, value);
        if (count == 0 || count > Plan::kStepsMax) {
            return problem(std::to_string(count) + " of them; expected 1 to " +
                           std::to_string(Plan::kStepsMax));
        }
        refuse_keys_of_list(value, count);
        const std::size_t length = path_.size();
        for (lua_Unsigned i = 1; i <= count && !problem_; ++i) {
            path_ += "[" + std::to_string(i) + "]";
            lua_rawgeti(L_, value, static_cast<lua_Integer>(i));
            read_step(lua_gettop(L_));
            lua_settop(L_, value);
            path_.resize(length);
        }
    }

    void refuse_keys_of_list(int value, lua_Unsigned count) {
        lua_Unsigned found = 0;
        lua_pushnil(L_);
        while (lua_next(L_, value) != 0) {
            lua_pop(L_, 1);
            if (lua_isinteger(L_, -1) == 0 || ++found > count) {
                lua_pop(L_, 1);
                return problem("is a list of steps, and has another key or a gap");
            }
        }
    }

    void read_step(int index) {
        if (!lua_istable(L_, index)) {
            return problem("found a " + std::string(luaL_typename(L_, index)) +
                           "; expected a step such as { name = ..., run = "
                           "nocturne.action.command{...} }");
        }
        refuse_unknown(index, kStepKeys);
        Step step;
        step.node = plan_.target;
        text(index, "name", kNameBytesMax, step.name);
        if (!problem_ && step.name.empty()) {
            problem("name is missing");
        }
        if (!problem_ && !names_.insert(step.name).second) {
            problem("two steps are called \"" + printable(step.name, 60) + "\"");
        }
        text(index, "node", kNodeBytesMax, step.node);
        with(index, "idempotent", [&](int value) {
            step.idempotent = lua_toboolean(L_, value) != 0;
            if (!lua_isnil(L_, value) && !lua_isboolean(L_, value)) {
                problem("found a " + std::string(luaL_typename(L_, value)) +
                        "; expected true or false");
            }
        });
        with(index, "run", [&](int value) { take(value, step.run); });
        optional_action(index, "verify", step.verify);
        optional_action(index, "undo", step.undo);
        plan_.steps.push_back(std::move(step));
        check_size();
    }

    void take(int value, model::Action& action) {
        if (PlanProblem found = read_action(L_, value, action)) {
            problem(*found);
        }
    }

    void optional_action(int step, const std::string& key, std::optional<model::Action>& action) {
        with(step, key, [&](int value) {
            if (!lua_isnil(L_, value)) {
                take(value, action.emplace());
            }
        });
    }

    // After each step, so that what is too large is not copied a hundred times.
    void check_size() {
        if (problem_) {
            return;
        }
        model::Writer out;
        model::encode(out, plan_);
        if (out.bytes().size() > Plan::kBytesMax) {
            problem("the plan has more than " + std::to_string(Plan::kBytesMax >> 10) + " KiB");
        }
    }

    lua_State* L_;
    Plan& plan_;
    std::string path_;
    std::set<std::string> names_;
    PlanProblem problem_;
};

}  // namespace

PlanProblem read_plan(lua_State* L, int index, const std::map<std::string, std::string>& standard,
                      Plan& plan) {
    return PlanReading(L, plan).read(index, standard);
}

}  // namespace nocturne::plugins
