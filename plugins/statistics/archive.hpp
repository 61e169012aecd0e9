// Keeping statistics: one list of members serves for writing them, reading them and weighing them.
//
//   template <class Archive>
//   void fields(Archive& archive) {
//       archive(alpha_, mean_, count_);
//   }
//
// What is decoded goes on exactly as what was encoded. Decoding is bounded and safe for any bytes:
// numbers are finite, sizes are within the bounds that the constructors have, places within sizes.
#pragma once

#include "model/codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace nocturne::plugins {

// Numbers, and things of numbers: what every archive goes through member by member.
template <class Derived>
class Archive {
   public:
    template <class... Fields>
    void operator()(Fields&... fields) {
        (one(fields), ...);
    }

    // All items of a container whose size is known.
    template <class Items>
    void each(Items& items) {
        for (auto& item : items) {
            one(item);
        }
    }

   private:
    template <class Field>
    void one(Field& field) {
        if constexpr (requires { field.fields(self()); }) {
            field.fields(self());
        } else {
            self().number(field);
        }
    }

    template <class Value>
    void one(std::optional<Value>& field) {
        self().optional(field);
    }

    Derived& self() { return static_cast<Derived&>(*this); }
};

class Encoder : public Archive<Encoder> {
   public:
    static constexpr bool kReads = false;
    static constexpr bool kWrites = true;

    explicit Encoder(model::Writer& out) : out_(out) {}

    void number(double value) { out_.f64(value); }

    void number(float value) { out_.f64(static_cast<double>(value)); }

    void number(bool value) { out_.boolean(value); }

    template <std::unsigned_integral Count>
    void number(Count value) {
        out_.varint(value);
    }

    template <std::signed_integral Number>
    void number(Number value) {
        out_.zigzag(value);
    }

    template <class Value>
    void optional(std::optional<Value>& value) {
        out_.boolean(value.has_value());
        if (value) {
            (*this)(*value);
        }
    }

    // The first `used` items of a container of fixed size (ring not yet full), its size in front.
    template <class Item>
    void ring(std::vector<Item>& items, std::size_t used, std::size_t) {
        out_.varint(items.size());
        for (std::size_t i = 0; i < std::min(used, items.size()); ++i) {
            (*this)(items[i]);
        }
    }

    // The first `count` items of a container that grows; their number was written.
    template <class Item>
    void items(std::vector<Item>& items, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            (*this)(items[i]);
        }
    }

    // Most of them 0.
    template <std::size_t N>
    void sparse(std::array<float, N>& items) {
        out_.varint(static_cast<std::uint64_t>(
            std::count_if(items.begin(), items.end(), [](float item) { return item != 0; })));
        for (std::size_t i = 0; i < N; ++i) {
            if (items[i] != 0) {
                out_.varint(i);
                number(items[i]);
            }
        }
    }

    template <class Item>
    void size_of(std::vector<Item>&, std::size_t) {}

    template <class Item>
    void weigh(std::vector<Item>&) {}

    void check(bool) {}

   private:
    model::Writer& out_;
};

class Decoder : public Archive<Decoder> {
   public:
    static constexpr bool kReads = true;
    static constexpr bool kWrites = false;

    explicit Decoder(model::Reader& in) : in_(in) {}

    bool ok() const { return is_sound_ && in_.ok(); }

    // What must hold of the members read so far: later ones may rely on it.
    void check(bool holds) { is_sound_ = is_sound_ && holds && in_.ok(); }

    void number(double& value) {
        const double read = in_.f64();
        value = std::isfinite(read) ? read : 0;
        check(std::isfinite(read));
    }

    void number(float& value) {
        double wide = 0;
        number(wide);
        check(std::abs(wide) < 1e38);
        value = ok() ? static_cast<float>(wide) : 0.0F;
    }

    void number(bool& value) { value = in_.boolean(); }

    template <std::unsigned_integral Count>
    void number(Count& value) {
        const std::uint64_t read = in_.varint();
        value = static_cast<Count>(read);
        check(std::in_range<Count>(read));
    }

    template <std::signed_integral Number>
    void number(Number& value) {
        const std::int64_t read = in_.zigzag();
        value = static_cast<Number>(read);
        check(std::in_range<Number>(read));
    }

    template <class Value>
    void optional(std::optional<Value>& value) {
        if (!in_.boolean()) {
            value.reset();
            return;
        }
        value.emplace();
        (*this)(*value);
    }

    template <class Item>
    void ring(std::vector<Item>& items, std::size_t used, std::size_t size_max) {
        const std::uint64_t size = in_.varint();
        check(size >= 1 && size <= size_max &&
              std::min<std::uint64_t>(used, size) <= in_.remaining());
        items.assign(ok() ? size : 1, Item{});
        for (std::size_t i = 0; i < std::min(used, items.size()) && ok(); ++i) {
            (*this)(items[i]);
        }
    }

    template <class Item>
    void items(std::vector<Item>& items, std::size_t count) {
        check(count <= in_.remaining());
        items.assign(ok() ? std::max<std::size_t>(count, 1) : 1, Item{});
        for (std::size_t i = 0; i < count && ok(); ++i) {
            (*this)(items[i]);
        }
    }

    template <std::size_t N>
    void sparse(std::array<float, N>& items) {
        items.fill(0);
        const std::size_t count = in_.count();
        for (std::size_t i = 0; i < count && ok(); ++i) {
            const std::uint64_t place = in_.varint();
            check(place < N);
            number(items[ok() ? place : 0]);
        }
    }

    // The container takes this size, which was checked.
    template <class Item>
    void size_of(std::vector<Item>& items, std::size_t size) {
        items.assign(ok() ? size : 1, Item{});
    }

    template <class Item>
    void weigh(std::vector<Item>&) {}

   private:
    model::Reader& in_;
    bool is_sound_ = true;
};

// Bytes on the heap.
class Weigher : public Archive<Weigher> {
   public:
    static constexpr bool kReads = false;
    static constexpr bool kWrites = false;

    std::size_t bytes() const { return bytes_; }

    template <class Number>
    void number(Number) {}

    template <class Value>
    void optional(std::optional<Value>& value) {
        if (value) {
            (*this)(*value);
        }
    }

    template <class Item>
    void ring(std::vector<Item>& items, std::size_t, std::size_t) {
        weigh(items);
    }

    template <class Item>
    void items(std::vector<Item>& items, std::size_t) {
        weigh(items);
    }

    template <std::size_t N>
    void sparse(std::array<float, N>&) {}

    template <class Item>
    void size_of(std::vector<Item>& items, std::size_t) {
        weigh(items);
    }

    template <class Item>
    void weigh(std::vector<Item>& items) {
        bytes_ += items.capacity() * sizeof(Item);
    }

    void check(bool) {}

   private:
    std::size_t bytes_ = 0;
};

template <class Statistic>
void encode(Statistic& statistic, model::Writer& out) {
    Encoder encoder(out);
    encoder(statistic);
}

// False: the bytes are not those of such a statistic, which may be used no more.
template <class Statistic>
bool decode(Statistic& statistic, model::Reader& in) {
    Decoder decoder(in);
    decoder(statistic);
    return decoder.ok();
}

template <class Statistic>
std::size_t heap_bytes_of(Statistic& statistic) {
    Weigher weigher;
    weigher(statistic);
    return weigher.bytes();
}

}  // namespace nocturne::plugins
