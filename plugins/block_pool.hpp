// BlockPool: the small blocks of one plugin, side by side. Lua's heap is little else than them, and
// plugins that take turns on each event find theirs in a cache only when they lie close.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

namespace nocturne::plugins {

// Has one region, filled from its beginning and given back as a whole. A block that is not small,
// or finds no room there, is malloc's: what lies idle is bounded by the region, whatever sizes a
// plugin asks for by turns. With AddressSanitizer every block is malloc's, so that it sees what is
// done to them.
class BlockPool {
   public:
    static constexpr std::size_t kRegionBytes = 256U << 10;
    static constexpr std::size_t kSmallBytesMax = 128;

    BlockPool();
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;

    // As realloc, with what the block has now; nullptr has 0. nullptr: there is no memory, and the
    // block is as it was.
    void* resize(void* block, std::size_t old_size, std::size_t new_size) noexcept;
    void release(void* block, std::size_t size) noexcept;

    // Whether it lies in the region.
    bool has(const void* block) const noexcept {
        return !std::less<>()(block, region_.get()) && std::less<>()(block, end_);
    }

   private:
    struct Free {
        Free* next;
    };

    static constexpr std::size_t kGrainBytes = 16;

    static std::size_t class_of(std::size_t size) { return (size - 1) / kGrainBytes; }

    void* take(std::size_t size) noexcept;

    std::array<Free*, kSmallBytesMax / kGrainBytes> free_{};  // by class
    std::unique_ptr<std::byte[]> region_;
    std::byte* next_ = nullptr;  // what is behind it was never used
    std::byte* end_ = nullptr;
};

}  // namespace nocturne::plugins
