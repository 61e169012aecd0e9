// Picture: an incident's neighbourhood as an SVG that a person reads at three in the morning.
#pragma once

#include "model/severity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::topology {

struct Picture {
    struct Node {
        std::string name;
        std::string type;
        std::optional<model::Severity> severity;  // of its worst alert; none: it is silent
        bool is_firing = false;                   // of that alert
        std::size_t alerts = 0;
        std::size_t rank = 0;    // among the suspects, from 1; 0: none
        double score = 0;        // of the suspect
        bool is_cause = false;   // a person said so
        bool is_centre = false;  // stays when there are too many nodes
    };

    struct Edge {
        std::uint32_t from = 0;  // the dependent; a place in nodes
        std::uint32_t to = 0;    // what it depends on
        std::string type;
        double confidence = 1.0;
        bool is_on_path = false;  // on the way from the first suspect to what it makes alert
    };

    std::string title;     // one line
    std::string subtitle;  // one line
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    std::uint64_t left_out = 0;  // nodes that are not even here
};

struct PictureLimits {
    std::size_t nodes_max = 36;  // the rest is counted in the picture
    std::size_t row_max = 6;     // nodes beside each other
};

// A whole SVG document without references to anything else, light or dark as its reader likes it.
// Dependents stand above what they depend on. The same picture gives the same bytes.
std::string render_svg(const Picture& picture, const PictureLimits& limits = {});

}  // namespace nocturne::topology
