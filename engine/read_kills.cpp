#include "engine/read_kills.hpp"

#include "model/input.hpp"
#include "store/store.hpp"

#include <string>
#include <utility>

namespace nocturne::engine {

Result<std::vector<model::PluginKilled>> read_kills(store::Store& store, model::Position from) {
    std::vector<model::PluginKilled> kills;
    Status decoded;
    NOCTURNE_TRY_STATUS(
        store.read_kind(model::kPluginKilledKind, from, [&](const store::Entry& entry) {
            Result<model::Input::Body> body = model::decode_body(entry.bytes);
            if (!body) {
                decoded =
                    fail(ErrorCode::Damaged, "journal position " + std::to_string(entry.position) +
                                                 ": " + body.error().message);
                return false;
            }
            if (auto* kill = std::get_if<model::PluginKilled>(&*body)) {
                kills.push_back(std::move(*kill));
            }
            return true;
        }));
    NOCTURNE_TRY_STATUS(decoded);
    return kills;
}

}  // namespace nocturne::engine
