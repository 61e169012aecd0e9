// LookupTable: a table of the operator's, by its first column.
#pragma once

#include "plugins/plugin.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace nocturne::plugins {

class LookupTable {
   public:
    explicit LookupTable(PluginTable table);
    LookupTable(const LookupTable&) = delete;
    LookupTable& operator=(const LookupTable&) = delete;

    const PluginTable& table() const { return table_; }

    // The first row that begins with the key; null: none.
    const std::vector<std::string>* find(std::string_view key) const;

   private:
    PluginTable table_;
    std::unordered_map<std::string_view, std::size_t> rows_;  // borrows from table_
};

}  // namespace nocturne::plugins
