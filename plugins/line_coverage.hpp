// LineCoverage: which lines of plugins ran, of several runs together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace nocturne::plugins {

class Plugin;

struct LineCoverage {
    struct File {
        std::set<int> ran;
        std::set<int> could;

        // Sorted; of those that could.
        std::vector<int> missing() const;
    };

    // The plugin's lines join those of its file; it must have been loaded with covers_lines.
    void add(const Plugin& plugin);
    void add(const LineCoverage& other);

    std::map<std::string, File> files;  // by name, as its source has it
};

}  // namespace nocturne::plugins
