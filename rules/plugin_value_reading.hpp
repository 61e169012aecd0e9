// `where` and `set` of the configuration file: values for parameters of plugins and playbooks.
#pragma once

#include "model/plugins_revision.hpp"
#include "rules/field_reader.hpp"

#include <string>
#include <vector>

namespace nocturne::rules {

// Matchers over a node; `to` stays as it is when they are wrong.
void read_plugin_scope(FieldReader& reader, const YAML::Node& node, std::string& to);

// Parameters and their values. Whose they are, and where they hold, is for the caller to say.
void read_plugin_values(FieldReader& reader, const YAML::Node& node,
                        std::vector<model::PluginValue>& values);

}  // namespace nocturne::rules
