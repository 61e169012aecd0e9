// The section `remediation` of the configuration file.
#pragma once

#include "rules/field_reader.hpp"

namespace nocturne::rules {

struct Configuration;

void read_remediation(FieldReader& reader, const YAML::Node& node, Configuration& to);

}  // namespace nocturne::rules
