// The room's logger.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>

namespace nocturne::gateway {

// The logger named "gateway", or the default one when nobody has made it.
inline std::shared_ptr<spdlog::logger> logger() {
    std::shared_ptr<spdlog::logger> named = spdlog::get("gateway");
    return named ? named : spdlog::default_logger();
}

}  // namespace nocturne::gateway
