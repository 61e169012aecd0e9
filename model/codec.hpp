// Writer and Reader: the compact binary form in which the journal and the snapshots keep things.
//
// Integers are LEB128 varints (signed ones in zigzag), texts are length and bytes. A Reader never
// reads past its end: after the first short or malformed read it stays failed and gives zeros, so a
// decoder checks ok() once, at its end (and each count against remaining() before it allocates).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace nocturne::model {

class Writer {
   public:
    void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }

    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_.push_back(static_cast<char>(value | 0x80));
            value >>= 7;
        }
        bytes_.push_back(static_cast<char>(value));
    }

    void zigzag(std::int64_t value) {
        varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }

    void u64(std::uint64_t value) {  // eight bytes, lowest first: for what is no small number
        char bytes[8];
        for (int i = 0; i < 8; ++i) {
            bytes[i] = static_cast<char>(value >> (8 * i));
        }
        bytes_.append(bytes, sizeof(bytes));
    }

    void f64(double value) { u64(std::bit_cast<std::uint64_t>(value)); }

    void boolean(bool value) { u8(value ? 1 : 0); }

    void text(std::string_view value) {
        varint(value.size());
        bytes_.append(value);
    }

    const std::string& bytes() const { return bytes_; }

    std::string take() { return std::move(bytes_); }

    void clear() { bytes_.clear(); }

    void reserve(std::size_t bytes) { bytes_.reserve(bytes); }

   private:
    std::string bytes_;
};

class Reader {
   public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t u8() {
        if (rest_.empty()) {
            return fail();
        }
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }

    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = u8();
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) {
                return value;
            }
        }
        return fail();
    }

    std::int64_t zigzag() {
        const std::uint64_t value = varint();
        return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }

    std::uint64_t u64() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            value |= static_cast<std::uint64_t>(u8()) << shift;
        }
        return value;
    }

    double f64() { return std::bit_cast<double>(u64()); }

    bool boolean() { return u8() != 0; }

    // Borrows from the bytes that the Reader was made of.
    std::string_view text() {
        const std::uint64_t size = varint();
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }

    // A count of things that take at least one byte each; 0 when that many cannot follow.
    std::size_t count() {
        const std::uint64_t value = varint();
        if (value > rest_.size()) {
            fail();
            return 0;
        }
        return value;
    }

    bool ok() const { return ok_; }

    std::size_t remaining() const { return rest_.size(); }

   private:
    std::uint8_t fail() {
        ok_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace nocturne::model
