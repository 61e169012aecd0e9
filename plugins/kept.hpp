// Kept: what a plugin keeps between calls, nocturne.state and the series of on_sample; checked,
// saved and restored.
#pragma once

#include "model/fingerprint.hpp"
#include "model/result.hpp"
#include "plugins/host.hpp"
#include "plugins/sandbox.hpp"
#include "plugins/series_index.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::plugins {

// All outside a run. What cannot be kept is taken away at once, so that the plugin goes on as it
// would from a snapshot; the text that is returned then says so, with its path.
class Kept {
   public:
    // `file`: as messages name it. All three must outlive it.
    Kept(Sandbox& sandbox, Host& host, const std::string& file)
        : sandbox_(sandbox), host_(host), file_(file), L_(sandbox.state()) {}

    // After each call, one that failed too: looks when it is time.
    std::optional<std::string> look_at_state() {
        const bool is_due = ++state_calls_since_ > state_nodes_ * kCallsPerValue;
        return is_due ? check_state() : std::nullopt;
    }

    std::optional<std::string> look_at_series(SeriesIndex::Slot slot);

    // kNone: not kept. Its state is in its place of kSeriesStates.
    SeriesIndex::Slot find_series(const model::Fingerprint& identity) {
        return series_.find(identity);
    }

    // Takes the new state from the top of the stack.
    std::optional<std::string> add_series(const model::Fingerprint& identity,
                                          SeriesIndex::Slot& slot, bool& has_forgotten);

    // See Plugin::save_state and Plugin::restore_state.
    std::string save() const;
    Status restore(std::string_view bytes);

   private:
    // At once where there is little, and seldom enough where there is much that a call pays for a
    // fraction of a value.
    static constexpr std::uint32_t kCallsPerValue = 4;
    static constexpr std::uint32_t kSeriesCallsMin = 64;

    std::optional<std::string> check_state();
    void empty_state();
    void forget_series(SeriesIndex::Slot slot);
    void forget_all();
    std::string encoded(int index, std::string_view root) const;

    Status damaged(std::string_view what) const;
    Status restore_parts(model::Reader& in);
    Status restore_state(model::Reader& in, bool is_same, const std::string& version);
    Status restore_series(model::Reader& in, bool is_same, const std::string& version);
    void copy_state();
    void keep_restored(const SeriesIndex::Series& restored);
    Status migrate(int function, const char* name, const std::string& version);

    Sandbox& sandbox_;
    Host& host_;
    const std::string& file_;
    lua_State* const L_;
    SeriesIndex series_;
    std::uint32_t state_nodes_ = 0;  // when it was last looked at
    std::uint32_t state_calls_since_ = 0;
};

}  // namespace nocturne::plugins
