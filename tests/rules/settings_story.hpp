// What the stories of the configuration share.
#pragma once

#include "rules/configuration.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

inline std::vector<std::string> problems_of(const std::string& yaml) {
    std::vector<std::string> texts;
    for (const Error& error : parse_configuration(yaml, "nocturne.yaml").problems) {
        texts.push_back(to_string(error));
    }
    return texts;
}

}  // namespace nocturne::rules
