// Rows of nocturne.db, which a failing disk or a stranger may have written.
//
// Input: the bytes of a row, as unpack_row() takes them. They are also tried as the stored part of
// a row with a good checksum (first byte: codec; next four: raw size), which gets behind the
// checksum, and as what pack_row() packs.
#include "model/codec.hpp"
#include "store/row.hpp"

#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using nocturne::store::kRowBytesMax;

void unpack(std::string_view row) {
    const auto bytes = nocturne::store::unpack_row(row);
    if (bytes && (bytes->size() > kRowBytesMax || bytes->size() > 255 * row.size())) {
        std::abort();
    }
}

void unpack_sealed(std::string_view input) {
    nocturne::model::Reader in(input.substr(0, 5));
    const std::uint8_t codec = in.u8() & 1;
    std::uint64_t raw_bytes = 0;
    for (int i = 0; i < 4; ++i) {
        raw_bytes = raw_bytes << 8 | in.u8();
    }
    const std::string_view stored = input.substr(5);
    nocturne::model::Writer row;
    row.u8(codec);
    row.varint(raw_bytes);
    row.u64(XXH3_64bits_withSeed(stored.data(), stored.size(),
                                 nocturne::store::seal_of(0, codec, raw_bytes)));
    unpack(row.take().append(stored));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    unpack(input);
    if (size >= 5) {
        unpack_sealed(input);
    }
    const auto back = nocturne::store::unpack_row(nocturne::store::pack_row(input, size), size);
    if (!back || *back != input) {
        std::abort();
    }
    return 0;
}
