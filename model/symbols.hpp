// SymbolTable and Labels: texts that many alerts share, kept once.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::model {

// Stands for a text in one SymbolTable.
using Symbol = std::uint32_t;
inline constexpr Symbol kNoSymbol = 0;  // the empty text

// Interned texts with a count of their users; a text that nobody uses any more is forgotten, so
// the table is bounded by what is alive. Not for several threads at once.
class SymbolTable {
   public:
    SymbolTable();
    ~SymbolTable();
    SymbolTable(SymbolTable&&) noexcept;
    SymbolTable& operator=(SymbolTable&&) noexcept;

    // The symbol of the text, with one more user.
    Symbol acquire(std::string_view text);
    void acquire(Symbol symbol);
    // One user less.
    void release(Symbol symbol);

    // The symbol of the text if anybody uses it.
    std::pair<bool, Symbol> find(std::string_view text) const;
    // Valid until the symbol's last user releases it.
    std::string_view text(Symbol symbol) const;
    // Hints, in this order: where the text stands, then the text; see prefetch.hpp.
    void prefetch(Symbol symbol) const;
    void prefetch_text(Symbol symbol) const;
    // Symbols are below this.
    std::size_t bound() const;
    std::size_t bytes() const;

   private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

struct LabelSymbols {
    Symbol name = kNoSymbol;
    Symbol value = kNoSymbol;
};

}  // namespace nocturne::model
