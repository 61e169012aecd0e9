#include "cli/tree.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

namespace nocturne::cli {

namespace {

constexpr std::size_t kDepthMax = 64;  // beyond it a path is no path that anybody reads

struct TreeNode {
    std::string name;
    std::string leaf;
    std::vector<std::unique_ptr<TreeNode>> children;

    TreeNode& child(const std::string& wanted) {
        const auto found = std::find_if(children.begin(), children.end(),
                                        [&](const auto& it) { return it->name == wanted; });
        if (found != children.end()) {
            return **found;
        }
        children.push_back(std::make_unique<TreeNode>());
        children.back()->name = wanted;
        return *children.back();
    }

    void say(const std::string& text) {
        if (text.empty() || (", " + leaf + ", ").find(", " + text + ", ") != std::string::npos) {
            return;
        }
        leaf += (leaf.empty() ? "" : ", ") + text;
    }
};

using Label = std::function<std::string(const std::string&, const std::string&)>;

void draw(const TreeNode& node, const std::string& indent, std::vector<std::string>& lines,
          const Label& label) {
    for (const auto& child : node.children) {
        const bool is_last = child == node.children.back();
        lines.push_back(indent + (is_last ? "└─ " : "├─ ") + label(child->name, child->leaf));
        draw(*child, indent + (is_last ? "   " : "│  "), lines, label);
    }
}

}  // namespace

std::vector<std::string> draw_tree(const std::vector<Branch>& branches, const Label& label) {
    TreeNode root;
    for (const Branch& branch : branches) {
        TreeNode* node = &root;
        for (std::size_t i = 0; i < std::min(branch.nodes.size(), kDepthMax); ++i) {
            node = &node->child(branch.nodes[i]);
        }
        if (node != &root) {
            node->say(branch.leaf);
        }
    }
    std::vector<std::string> lines;
    for (const auto& top : root.children) {
        lines.push_back(label(top->name, top->leaf));
        draw(*top, "", lines, label);
    }
    return lines;
}

}  // namespace nocturne::cli
