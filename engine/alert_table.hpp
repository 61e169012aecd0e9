// AlertTable: all alerts that the engine knows, by slot and by fingerprint.
#pragma once

#include "model/alert.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"
#include "model/symbols.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nocturne::engine {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

// A slot keeps its number as long as its alert lives, then serves another. Loops go over slots,
// never over the hash map, so that the order of things is the same in each run.
class AlertTable {
   public:
    Slot find(const model::Fingerprint& fingerprint) const;
    // A hint that changes nothing: what an update of these events' alerts reads is brought into the
    // processor's cache, the waits beside one another instead of one after the other. A few dozen
    // at a time; more than kFetchedMax are cut off.
    void fetch(std::span<const model::EventView> events) const;
    static constexpr std::size_t kFetchedMax = 32;

    // A new alert with that fingerprint, otherwise empty.
    Slot create(const model::Fingerprint& fingerprint);
    // Gives back the alert's texts to the symbols, and its slot.
    void remove(Slot slot);

    model::Alert& operator[](Slot slot) { return alerts_[slot]; }

    const model::Alert& operator[](Slot slot) const { return alerts_[slot]; }

    bool is_used(Slot slot) const {
        return slot < alerts_.size() && alerts_[slot].id != model::kNoId;
    }

    Slot bound() const { return static_cast<Slot>(alerts_.size()); }

    std::size_t size() const { return slots_.size(); }

    model::SymbolTable& symbols() { return symbols_; }

    const model::SymbolTable& symbols() const { return symbols_; }

    std::string_view text(model::Symbol symbol) const { return symbols_.text(symbol); }

    // Lets `symbol` stand for `text`; the text that it stood for before loses a user.
    void assign(model::Symbol& symbol, std::string_view text);

    // About what the table holds, in bytes.
    std::size_t bytes() const;

    void encode(model::Writer& out) const;
    // Into an empty table.
    void decode(model::Reader& in);

   private:
    model::SymbolTable symbols_;
    std::vector<model::Alert> alerts_;
    std::vector<Slot> free_;
    boost::unordered_flat_map<model::Fingerprint, Slot, model::FingerprintHash> slots_;
};

}  // namespace nocturne::engine
