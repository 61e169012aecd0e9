// Host: the record behind nocturne.*. What the call at hand may see, what it has used up, and what
// it wants done; capabilities are asked here, never of anything that the plugin can write.
#pragma once

#include "model/event.hpp"
#include "model/event_json.hpp"
#include "plugins/lookup_table.hpp"
#include "plugins/lua_headers.hpp"
#include "plugins/manifest.hpp"
#include "plugins/meter.hpp"
#include "plugins/plugin.hpp"
#include "plugins/world.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

class Host {
   public:
    // MakeState: in series() and migrate().
    enum class Stage : std::uint8_t { Load, Event, Sample, Incident, MakeState, Plan };

    static constexpr std::size_t kFieldsOfEvents = 13;

    explicit Host(Meter& of_plugin) : meter(of_plugin) { meter.set_host(*this); }

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // The one of the plugin whose state `L` belongs to.
    static Host& of(lua_State* L) { return *Meter::of(L).host(); }

    // As soon as it is known; no effect is taken before.
    void set_manifest(Manifest of_plugin);

    // ---- one call ----

    void begin(Stage new_stage, const model::EventView* new_event, const World* new_world);
    // What was lent is dead from here on.
    void end();

    // ---- from the functions: each raises an error, which begins with the function's name, when
    // the answer is no ----

    // Counts a call of `function`. First of all: a killed call gets nothing more.
    void enter(lua_State* L, const char* function);
    void need(lua_State* L, bool has, const char* function, const char* capability);
    const World& world_of_call(lua_State* L, const char* function) const;

    // Counts a call that is an effect too: capability, stage and budget.
    void enter_effect(lua_State* L, const char* function, Write write) {
        if (calls_left_ == 0 || effects_left_ == 0 || !takes_[static_cast<std::size_t>(write)]) {
            refuse_effect(L, function, write);
        }
        meter.tick(L);
        --calls_left_;
        --effects_left_;
    }

    [[noreturn]] static void refuse(lua_State* L, const char* function, std::string_view why);

    Meter& meter;
    Stage stage = Stage::Load;
    const model::EventView* event = nullptr;
    const World* world = nullptr;
    std::uint64_t generation = 0;  // of what is lent: one a call
    CallResult result;
    std::uint64_t refused = 0;  // over a budget, or without the capability
    std::unique_ptr<model::EventDecoder> decoder;
    // The fields' names as the plugin's own code has them, by which they are told apart.
    std::array<const char*, kFieldsOfEvents> field_texts{};
    Manifest manifest;
    std::vector<std::shared_ptr<const LookupTable>> tables;  // shared by the states of a playbook

   private:
    using Writes = std::array<bool, kWriteNames.size()>;  // by Write

    [[noreturn]] void refuse_effect(lua_State* L, const char* function, Write write);

    Writes takes_of_events_{};
    Writes takes_of_others_{};  // of a sample and an incident
    Writes takes_{};            // in the call at hand
    std::uint32_t calls_left_ = 0;
    std::uint32_t effects_left_ = 0;
};

// Makes the global nocturne. `state`: index of the table of nocturne.state. Outside a run.
void add_host_api(lua_State* L, int state);

// Each adds its functions to the table on top of the stack.
void add_graph_functions(lua_State* L);
void add_effect_functions(lua_State* L);
void add_lookup_functions(lua_State* L);
void add_action_functions(lua_State* L);

// ---- arguments ----

// The argument, which must be a text of so many bytes, without control characters.
std::string_view text_argument(lua_State* L, int index, const char* function, const char* what,
                               std::size_t bytes_max, Cleanness cleanness);
// The argument, or `standard` when it is absent; a whole number from `low` to `high`.
lua_Integer integer_argument(lua_State* L, int index, const char* function, const char* what,
                             lua_Integer low, lua_Integer high, lua_Integer standard);
// That there are no more arguments than that.
void arguments_at_most(lua_State* L, int count, const char* function);

}  // namespace nocturne::plugins
