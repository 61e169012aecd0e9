#include "engine/enrich.hpp"

#include "engine/plugin_rack.hpp"
#include "engine/plugin_wishes.hpp"
#include "engine/state.hpp"

namespace nocturne::engine {

void Enrich::enrich(EventInHand& hand, std::uint32_t number, OwnEvents& own) {
    std::vector<RackedPlugin>& all = state_.plugins->all();
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        if (!all[i].is(plugins::PluginKind::Enricher)) {
            continue;
        }
        if (const plugins::CallResult* result = caller_.on_event(all[i], hand.event(), number)) {
            take_wishes(state_, i, *result, hand, own);
        }
    }
}

}  // namespace nocturne::engine
