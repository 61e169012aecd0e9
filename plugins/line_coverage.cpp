#include "plugins/line_coverage.hpp"

#include "plugins/plugin.hpp"

#include <algorithm>
#include <iterator>

namespace nocturne::plugins {

std::vector<int> LineCoverage::File::missing() const {
    std::vector<int> lines;
    std::set_difference(could.begin(), could.end(), ran.begin(), ran.end(),
                        std::back_inserter(lines));
    return lines;
}

void LineCoverage::add(const Plugin& plugin) {
    const auto [ran, could] = plugin.lines();
    File& file = files[plugin.source().file];
    file.ran.insert(ran.begin(), ran.end());
    file.could.insert(could.begin(), could.end());
}

void LineCoverage::add(const LineCoverage& other) {
    for (const auto& [name, lines] : other.files) {
        File& file = files[name];
        file.ran.insert(lines.ran.begin(), lines.ran.end());
        file.could.insert(lines.could.begin(), lines.could.end());
    }
}

}  // namespace nocturne::plugins
