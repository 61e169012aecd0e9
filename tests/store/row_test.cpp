#include "store/row.hpp"

#include "story.hpp"

#include <gtest/gtest.h>

namespace nocturne::store {

TEST(Row, GivesBackWhatWasPacked) {
    for (const std::size_t size : {0U, 1U, 127U, 128U, 12'000U, 1'000'000U}) {
        const std::string bytes = size == 0 ? std::string() : bytes_of(7, size);

        const auto unpacked = unpack_row(pack_row(bytes, 42), 42);

        ASSERT_TRUE(unpacked) << to_string(unpacked.error());
        EXPECT_EQ(*unpacked, bytes);
    }
}

TEST(Row, TakesLessRoomThanABatchOfAlikeEvents) {
    const std::string bytes = bytes_of(1, 12'000);

    EXPECT_LT(pack_row(bytes).size(), bytes.size() * 2 / 3);
}

TEST(Row, KeepsWhatDoesNotCompressAsItIs) {
    std::string noise;
    std::uint64_t state = 1;
    for (int i = 0; i < 4'096; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        noise += static_cast<char>(state >> 56U);
    }

    const std::string row = pack_row(noise);

    EXPECT_LE(row.size(), noise.size() + 16);
    EXPECT_EQ(*unpack_row(row), noise);
}

TEST(Row, IsDamagedWhenAnyBitFlips) {
    const std::string row = pack_row(bytes_of(3, 400), 9);
    for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
        std::string flipped = row;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));

        const auto unpacked = unpack_row(flipped, 9);

        ASSERT_FALSE(unpacked) << "bit " << bit;
        EXPECT_EQ(unpacked.error().code, ErrorCode::Damaged);
    }
}

TEST(Row, IsDamagedWhenCutAnywhere) {
    const std::string row = pack_row(bytes_of(3, 400));
    for (std::size_t size = 0; size < row.size(); ++size) {
        EXPECT_FALSE(unpack_row(std::string_view(row).substr(0, size))) << size;
    }
}

TEST(Row, IsDamagedInAnotherPlace) {
    EXPECT_FALSE(unpack_row(pack_row("the second batch", seal_of(2, 0, 0)), seal_of(1, 0, 0)));
}

}  // namespace nocturne::store
