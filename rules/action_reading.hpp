// The sections `secrets` and `actions` of the configuration file.
#pragma once

#include "rules/action_settings.hpp"
#include "rules/field_reader.hpp"

#include <vector>

namespace nocturne::rules {

void read_secrets(FieldReader& reader, const YAML::Node& node, std::vector<SecretSource>& to);
// `secrets` is complete only when the whole file is read: names are checked by check_secret_names.
void read_actions(FieldReader& reader, const YAML::Node& node, ActionSettings& to);

// Reports the secrets that are asked for and nowhere listed. `node` is where to say so.
void check_secret_names(FieldReader& reader, const YAML::Node& node,
                        const std::vector<SecretSource>& secrets,
                        const std::vector<std::string>& names);

}  // namespace nocturne::rules
