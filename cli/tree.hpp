// Paths that begin alike, drawn as one tree.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace nocturne::cli {

// From the root down; `leaf` is said behind the last node.
struct Branch {
    std::vector<std::string> nodes;
    std::string leaf;
};

// Merges common beginnings, keeps the order of first appearance, and draws one line a node. `label`
// turns a node and what is said of it ("" when nothing) into the text of its line.
std::vector<std::string> draw_tree(
    const std::vector<Branch>& branches,
    const std::function<std::string(const std::string& node, const std::string& leaf)>& label);

}  // namespace nocturne::cli
