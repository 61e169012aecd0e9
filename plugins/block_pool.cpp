#include "plugins/block_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace nocturne::plugins {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsOn = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kIsOn = false;
#else
constexpr bool kIsOn = true;
#endif
#else
constexpr bool kIsOn = true;
#endif

constexpr std::size_t kLineBytes = 64;  // of a cache

}  // namespace

BlockPool::BlockPool() {
    if (!kIsOn) {
        return;
    }
    region_ = std::make_unique_for_overwrite<std::byte[]>(kRegionBytes);
    void* first = region_.get();
    std::size_t room = kRegionBytes;
    next_ = static_cast<std::byte*>(std::align(kLineBytes, kLineBytes, first, room));
    end_ = next_ + room;
}

// Of a small block; nullptr when the region is full.
void* BlockPool::take(std::size_t size) noexcept {
    Free*& free = free_[class_of(size)];
    if (free != nullptr) {
        return std::exchange(free, free->next);
    }
    const std::size_t bytes = (class_of(size) + 1) * kGrainBytes;
    if (static_cast<std::size_t>(end_ - next_) < bytes) {
        return nullptr;
    }
    return std::exchange(next_, next_ + bytes);
}

void BlockPool::release(void* block, std::size_t size) noexcept {
    if (!has(block)) {
        std::free(block);
        return;
    }
    Free*& free = free_[class_of(size)];
    free = new (block) Free{free};
}

void* BlockPool::resize(void* block, std::size_t old_size, std::size_t new_size) noexcept {
    const bool was_here = has(block);
    if (was_here && new_size <= kSmallBytesMax && class_of(old_size) == class_of(new_size)) {
        return block;
    }
    void* got = new_size <= kSmallBytesMax ? take(new_size) : nullptr;
    if (got == nullptr && !was_here) {
        return std::realloc(block, new_size);
    }
    if (got == nullptr) {
        got = std::malloc(new_size);
    }
    if (got != nullptr && block != nullptr) {
        std::memcpy(got, block, std::min(old_size, new_size));
        release(block, old_size);
    }
    return got;
}

}  // namespace nocturne::plugins
