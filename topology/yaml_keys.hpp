// The keys of a topology file: what its reader knows and the schema for editors shows.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace nocturne::topology {

struct YamlKey {
    enum class Shape : std::uint8_t {
        Text,
        Texts,         // a list
        Criticality,   // 1 to 5
        Weight,        // above 0, up to 1
        Labels,        // name: text
        Dependencies,  // a list of names, or of maps of kDependencyKeys
        Services,      // a list of maps of kServiceKeys
        Edges,         // a list of maps of kEdgeKeys
    };

    std::string_view name;
    Shape shape = Shape::Text;
    std::string_view what;  // for people
    bool is_required = false;
};

using YamlKeys = std::span<const YamlKey>;

inline constexpr std::array kTopKeys{
    YamlKey{"services", YamlKey::Shape::Services, "the nodes, with what they depend on"},
    YamlKey{"edges", YamlKey::Shape::Edges, "the same arrows, for files that machines make"},
};
inline constexpr std::array kServiceKeys{
    YamlKey{"name", YamlKey::Shape::Text, "unique", true},
    YamlKey{"type", YamlKey::Shape::Text, "a free word: service, database, host, pod, network"},
    YamlKey{"depends_on", YamlKey::Shape::Dependencies, "what it cannot do without"},
    YamlKey{"connected_to", YamlKey::Shape::Texts, "a fault may travel both ways"},
    YamlKey{"criticality", YamlKey::Shape::Criticality, "1 (least) to 5 (most); default 3"},
    YamlKey{"owner", YamlKey::Shape::Text, "who looks after it"},
    YamlKey{"aliases", YamlKey::Shape::Texts, "other names by which events may call it"},
    YamlKey{"labels", YamlKey::Shape::Labels, "e.g. {tier: front}"},
};
inline constexpr std::array kDependencyKeys{
    YamlKey{"name", YamlKey::Shape::Text, "what is depended on", true},
    YamlKey{"type", YamlKey::Shape::Text, "a free word: calls, runs_on"},
    YamlKey{"weight", YamlKey::Shape::Weight, "how much; default 1"},
};
inline constexpr std::array kEdgeKeys{
    YamlKey{"from", YamlKey::Shape::Text, "the dependent", true},
    YamlKey{"to", YamlKey::Shape::Text, "what it depends on", true},
    YamlKey{"type", YamlKey::Shape::Text, "a free word: calls, runs_on"},
    YamlKey{"weight", YamlKey::Shape::Weight, "how much; default 1"},
};

}  // namespace nocturne::topology
