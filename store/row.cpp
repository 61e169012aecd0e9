// codec (1 byte), raw size (varint), XXH3 of the stored bytes seeded with the seal and the two
// fields before it (8 bytes, lowest first), stored bytes.
#include "store/row.hpp"

#include "model/codec.hpp"

#include <lz4.h>
#include <xxhash.h>

#include <array>

namespace nocturne::store {

namespace {

enum class Codec : std::uint8_t { Plain = 0, Lz4 = 1 };

constexpr std::size_t kCompressFromBytes = 128;  // below it the header of LZ4 eats the gain
constexpr std::size_t kHeaderBytesMax = 1 + 5 + 8;
constexpr std::uint64_t kLz4RatioMax = 255;  // LZ4 makes at most 255 bytes of one
static_assert(kRowBytesMax < LZ4_MAX_INPUT_SIZE);

std::uint64_t checksum_of(Codec codec, std::uint64_t raw_bytes, std::string_view stored,
                          Seal seal) {
    const std::uint64_t seed = seal_of(seal, static_cast<std::uint64_t>(codec), raw_bytes);
    return XXH3_64bits_withSeed(stored.data(), stored.size(), seed);
}

tl::unexpected<Error> damaged(const char* what) {
    return fail(ErrorCode::Damaged, std::string("stored row is damaged: ") + what);
}

std::string header_of(Codec codec, std::size_t raw_bytes, std::string_view stored, Seal seal) {
    model::Writer header;
    header.u8(static_cast<std::uint8_t>(codec));
    header.varint(raw_bytes);
    header.u64(checksum_of(codec, raw_bytes, stored, seal));
    return header.take();
}

}  // namespace

Seal seal_of(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    const std::array<std::uint64_t, 3> fields{a, b, c};
    return XXH3_64bits(fields.data(), sizeof(fields));
}

void append_row(std::string& out, std::string_view bytes, Seal seal) {
    NOCTURNE_ASSERT(bytes.size() <= kRowBytesMax);
    const std::size_t begin = out.size();
    if (bytes.size() >= kCompressFromBytes) {
        // The header's length depends on the size alone, so LZ4 may write straight to its place.
        const std::size_t header_bytes = header_of(Codec::Lz4, bytes.size(), {}, seal).size();
        const int bound = LZ4_compressBound(static_cast<int>(bytes.size()));
        out.resize(begin + kHeaderBytesMax + static_cast<std::size_t>(bound));
        const int size = LZ4_compress_default(bytes.data(), out.data() + begin + header_bytes,
                                              static_cast<int>(bytes.size()), bound);
        const auto stored_bytes = static_cast<std::size_t>(size);
        if (size > 0 && stored_bytes < bytes.size()) {
            const std::string_view stored(out.data() + begin + header_bytes, stored_bytes);
            const std::string header = header_of(Codec::Lz4, bytes.size(), stored, seal);
            out.replace(begin, header_bytes, header);
            out.resize(begin + header_bytes + stored_bytes);
            return;
        }
        out.resize(begin);
    }
    out += header_of(Codec::Plain, bytes.size(), bytes, seal);
    out += bytes;
}

std::string pack_row(std::string_view bytes, Seal seal) {
    std::string row;
    append_row(row, bytes, seal);
    return row;
}

Result<std::string> unpack_row(std::string_view row, Seal seal) {
    model::Reader in(row);
    const std::uint8_t codec = in.u8();
    const std::uint64_t raw_bytes = in.varint();
    const std::uint64_t checksum = in.u64();
    if (!in.ok() || raw_bytes > kRowBytesMax || codec > static_cast<std::uint8_t>(Codec::Lz4)) {
        return damaged("its header does not read");
    }
    const std::string_view stored = row.substr(row.size() - in.remaining());
    if (checksum_of(static_cast<Codec>(codec), raw_bytes, stored, seal) != checksum) {
        return damaged("its checksum does not match");
    }
    if (codec == static_cast<std::uint8_t>(Codec::Plain)) {
        return stored.size() == raw_bytes ? Result<std::string>(std::string(stored))
                                          : damaged("its size does not fit");
    }
    if (stored.size() > kRowBytesMax || raw_bytes > kLz4RatioMax * stored.size()) {
        return damaged("its size does not fit");
    }
    std::string bytes(raw_bytes, '\0');
    const int size =
        LZ4_decompress_safe(stored.data(), bytes.data(), static_cast<int>(stored.size()),
                            static_cast<int>(bytes.size()));
    if (size < 0 || static_cast<std::uint64_t>(size) != raw_bytes) {
        return damaged("it does not decompress");
    }
    return bytes;
}

}  // namespace nocturne::store
