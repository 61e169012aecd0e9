// Tells systemd how we are (sd_notify(3)); does nothing when nobody asked.
#pragma once

namespace nocturne::cli {

// `state` like "READY=1" or "STOPPING=1". Sent to the socket that NOTIFY_SOCKET names.
void notify_service_manager(const char* state);

}  // namespace nocturne::cli
