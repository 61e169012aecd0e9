#include "plugins/block_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace nocturne::plugins {

namespace {

// Blocks of a pool and what was written to them.
class Blocks {
   public:
    explicit Blocks(BlockPool& pool) : pool_(pool) {}

    ~Blocks() {
        while (!blocks_.empty()) {
            release_last();
        }
    }

    Blocks(const Blocks&) = delete;
    Blocks& operator=(const Blocks&) = delete;

    void take(std::size_t size) {
        blocks_.push_back({static_cast<char*>(pool_.resize(nullptr, 0, size)), {}});
        write(blocks_.back(), size);
    }

    void release_last() {
        pool_.release(blocks_.back().bytes, blocks_.back().written.size());
        blocks_.pop_back();
    }

    // Writes anew what it has then.
    void resize(std::size_t number, std::size_t size) {
        Block& block = blocks_[number];
        block.bytes = static_cast<char*>(pool_.resize(block.bytes, block.written.size(), size));
        block.written.resize(std::min(size, block.written.size()));
        ASSERT_EQ(std::string(block.bytes, block.written.size()), block.written);
        write(block, size);
    }

    void expect_unharmed() const {
        for (const Block& block : blocks_) {
            ASSERT_EQ(std::string(block.bytes, block.written.size()), block.written);
        }
    }

    std::size_t size() const { return blocks_.size(); }

    const char* last() const { return blocks_.back().bytes; }

   private:
    struct Block {
        char* bytes;
        std::string written;
    };

    void write(Block& block, std::size_t size) {
        block.written.assign(size, static_cast<char>('a' + number_++ % 26));
        std::memcpy(block.bytes, block.written.data(), size);
    }

    BlockPool& pool_;
    std::vector<Block> blocks_;
    std::size_t number_ = 0;
};

}  // namespace

TEST(BlockPool, KeepsWhatABlockHeldWhileItGrowsAndShrinks) {
    BlockPool pool;
    Blocks blocks(pool);
    for (std::size_t size = 1; size <= 3 * BlockPool::kSmallBytesMax; ++size) {
        blocks.take(size);
    }

    for (std::size_t round = 1; round < 100; ++round) {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            blocks.resize(i, 1 + (i * 7 + round * 31) % (3 * BlockPool::kSmallBytesMax));
        }
    }

    blocks.expect_unharmed();
}

TEST(BlockPool, GivesWhatFindsNoRoomToMalloc) {
    BlockPool pool;
    Blocks blocks(pool);

    while (blocks.size() < 2 * BlockPool::kRegionBytes / 48) {
        blocks.take(48);
    }

    EXPECT_FALSE(pool.has(blocks.last()));
    blocks.expect_unharmed();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        blocks.resize(i, 80);  // from the region and from malloc
    }
    blocks.expect_unharmed();
}

TEST(BlockPool, UsesAReleasedBlockAgainForOneOfItsSize) {
    BlockPool pool;
    Blocks blocks(pool);
    blocks.take(40);
    blocks.take(40);
    const char* const released = blocks.last();
    if (!pool.has(released)) {
        GTEST_SKIP() << "AddressSanitizer: the blocks are malloc's";
    }

    blocks.release_last();
    blocks.take(120);
    EXPECT_NE(blocks.last(), released);
    blocks.take(33);
    EXPECT_EQ(blocks.last(), released);
}

}  // namespace nocturne::plugins
