#include "plugins/lookup_table.hpp"

namespace nocturne::plugins {

LookupTable::LookupTable(PluginTable table) : table_(std::move(table)) {
    for (std::size_t row = 0; row < table_.rows.size(); ++row) {
        if (!table_.rows[row].empty()) {
            rows_.emplace(table_.rows[row].front(), row);
        }
    }
}

const std::vector<std::string>* LookupTable::find(std::string_view key) const {
    const auto row = rows_.find(key);
    return row == rows_.end() ? nullptr : &table_.rows[row->second];
}

}  // namespace nocturne::plugins
