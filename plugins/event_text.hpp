// An event as the JSON that sources send, for people and for comparing.
#pragma once

#include "model/event.hpp"

#include <string>

namespace nocturne::plugins {

// What is empty or absent is left out; so is the annotation that counts emits.
std::string json_of(const model::EventView& event);

}  // namespace nocturne::plugins
