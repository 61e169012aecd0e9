// The section `chat` of the configuration file.
#pragma once

#include "rules/chat_settings.hpp"
#include "rules/field_reader.hpp"

#include <string>
#include <vector>

namespace nocturne::rules {

void read_chat(FieldReader& reader, const YAML::Node& node, ChatSettings& to);

// The secrets that a channel asks for, by name.
std::vector<std::string> secrets_of(const ChatChannel& channel);

}  // namespace nocturne::rules
