#include "model/symbols.hpp"

#include "model/fingerprint.hpp"
#include "model/prefetch.hpp"
#include "model/result.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <string>

namespace nocturne::model {

struct SymbolTable::Inside {
    struct Text {
        std::unique_ptr<char[]> bytes;
        std::uint32_t size = 0;
        std::uint32_t users = 0;

        std::string_view view() const { return {bytes.get(), size}; }
    };

    // Looks a text up by itself although the set holds symbols only.
    struct Hash {
        using is_transparent = void;
        using is_avalanching = void;
        const std::vector<Text>* texts;

        std::size_t operator()(std::string_view text) const { return fingerprint_of(text).low; }

        std::size_t operator()(Symbol symbol) const { return (*this)((*texts)[symbol].view()); }
    };

    struct Equal {
        using is_transparent = void;
        const std::vector<Text>* texts;

        std::string_view view(std::string_view text) const { return text; }

        std::string_view view(Symbol symbol) const { return (*texts)[symbol].view(); }

        template <typename A, typename B>
        bool operator()(const A& a, const B& b) const {
            return view(a) == view(b);
        }
    };

    std::vector<Text> texts;
    std::vector<Symbol> free;
    boost::unordered_flat_set<Symbol, Hash, Equal> known{0, Hash{&texts}, Equal{&texts}};
    std::size_t bytes = 0;
};

SymbolTable::SymbolTable() : inside_(std::make_unique<Inside>()) {
    inside_->texts.emplace_back();  // kNoSymbol
}

SymbolTable::~SymbolTable() = default;
SymbolTable::SymbolTable(SymbolTable&&) noexcept = default;
SymbolTable& SymbolTable::operator=(SymbolTable&&) noexcept = default;

Symbol SymbolTable::acquire(std::string_view text) {
    if (text.empty()) {
        return kNoSymbol;
    }
    if (const auto found = inside_->known.find(text); found != inside_->known.end()) {
        ++inside_->texts[*found].users;
        return *found;
    }
    Symbol symbol = 0;
    if (inside_->free.empty()) {
        symbol = static_cast<Symbol>(inside_->texts.size());
        inside_->texts.emplace_back();
    } else {
        symbol = inside_->free.back();
        inside_->free.pop_back();
    }
    Inside::Text& slot = inside_->texts[symbol];
    slot.bytes = std::make_unique_for_overwrite<char[]>(text.size());
    text.copy(slot.bytes.get(), text.size());
    slot.size = static_cast<std::uint32_t>(text.size());
    slot.users = 1;
    inside_->known.insert(symbol);
    inside_->bytes += text.size();
    return symbol;
}

void SymbolTable::acquire(Symbol symbol) {
    if (symbol != kNoSymbol) {
        ++inside_->texts[symbol].users;
    }
}

void SymbolTable::release(Symbol symbol) {
    if (symbol == kNoSymbol) {
        return;
    }
    Inside::Text& slot = inside_->texts[symbol];
    NOCTURNE_ASSERT(slot.users > 0);
    if (--slot.users > 0) {
        return;
    }
    inside_->known.erase(symbol);
    inside_->bytes -= slot.size;
    slot = {};
    inside_->free.push_back(symbol);
}

std::pair<bool, Symbol> SymbolTable::find(std::string_view text) const {
    if (text.empty()) {
        return {true, kNoSymbol};
    }
    const auto found = inside_->known.find(text);
    return found == inside_->known.end() ? std::pair(false, kNoSymbol) : std::pair(true, *found);
}

std::string_view SymbolTable::text(Symbol symbol) const {
    return inside_->texts[symbol].view();
}

void SymbolTable::prefetch(Symbol symbol) const {
    model::prefetch(&inside_->texts[symbol], sizeof(Inside::Text));
}

void SymbolTable::prefetch_text(Symbol symbol) const {
    const std::string_view text = inside_->texts[symbol].view();
    model::prefetch(text.data(), text.size());
}

std::size_t SymbolTable::bound() const {
    return inside_->texts.size();
}

std::size_t SymbolTable::bytes() const {
    return inside_->bytes + inside_->texts.capacity() * sizeof(Inside::Text);
}

}  // namespace nocturne::model
