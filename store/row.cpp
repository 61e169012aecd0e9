// The form of a journal row: codec (1 byte), raw size (varint), XXH3 of what follows (8 bytes), bytes.
#include <lz4.h>
#include <xxhash.h>

#include "model/codec.hpp"
#include "store/store.hpp"

namespace nocturne::store {

namespace {

enum class Codec : std::uint8_t { Plain = 0, Lz4 = 1 };

constexpr std::size_t kCompressFromBytes = 128;       // below it the header of LZ4 eats the gain
constexpr std::size_t kRawBytesMax = 1U << 30;        // no row is larger; a damaged size must not allocate

tl::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::Damaged, std::string("stored row is damaged: ") + what);
}

std::string assemble(Codec codec, std::size_t raw_bytes, std::string_view stored) {
    model::Writer header;
    header.u8(static_cast<std::uint8_t>(codec));
    header.varint(raw_bytes);
    header.u64(XXH3_64bits(stored.data(), stored.size()));
    std::string row = header.take();
    row.append(stored);
    return row;
}

}  // namespace

std::string pack_row(std::string_view bytes) {
    NOCTURNE_ASSERT(bytes.size() <= kRawBytesMax);
    if (bytes.size() >= kCompressFromBytes) {
        std::string compressed;
        compressed.resize(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))));
        const int size = LZ4_compress_default(bytes.data(), compressed.data(), static_cast<int>(bytes.size()),
                                              static_cast<int>(compressed.size()));
        if (size > 0 && static_cast<std::size_t>(size) < bytes.size()) {
            return assemble(Codec::Lz4, bytes.size(), {compressed.data(), static_cast<std::size_t>(size)});
        }
    }
    return assemble(Codec::Plain, bytes.size(), bytes);
}

Result<std::string> unpack_row(std::string_view row) {
    model::Reader in(row);
    const std::uint8_t codec = in.u8();
    const std::uint64_t raw_bytes = in.varint();
    const std::uint64_t checksum = in.u64();
    if (!in.ok() || raw_bytes > kRawBytesMax) {
        return damaged("its header does not read");
    }
    const std::string_view stored = row.substr(row.size() - in.remaining());
    if (XXH3_64bits(stored.data(), stored.size()) != checksum) {
        return damaged("its checksum does not match");
    }
    if (codec == static_cast<std::uint8_t>(Codec::Plain) && stored.size() == raw_bytes) {
        return std::string(stored);
    }
    // LZ4 makes at most 255 bytes of one.
    if (codec != static_cast<std::uint8_t>(Codec::Lz4) || raw_bytes > 255 * stored.size() + 64) {
        return damaged("its size does not fit");
    }
    std::string bytes(raw_bytes, '\0');
    const int size = LZ4_decompress_safe(stored.data(), bytes.data(), static_cast<int>(stored.size()),
                                         static_cast<int>(bytes.size()));
    if (size < 0 || static_cast<std::uint64_t>(size) != raw_bytes) {
        return damaged("it does not decompress");
    }
    return bytes;
}

}  // namespace nocturne::store
