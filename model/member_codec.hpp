// Writes and reads a type by its list of members, so that both are one list. A type takes part by
// `template <typename Self, typename Each> void each_member(Self& self, Each each)`, an enum by
// `constexpr std::size_t count_of(E)`, both found by their argument. New members go to the end.
#pragma once

#include "model/codec.hpp"
#include "model/position.hpp"
#include "model/time.hpp"

#include <concepts>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nocturne::model {

// The Reader gives nothing more and is not ok().
inline void spoil(Reader& in) {
    in = Reader({});
    in.u8();
}

// ---- writing ----

inline void put(Writer& out, bool value) {
    out.boolean(value);
}

template <std::unsigned_integral Number>

requires(!std::same_as<Number, bool>) void put(Writer& out, Number value) {
    out.varint(value);
}

inline void put(Writer& out, double value) {
    out.f64(value);
}

inline void put(Writer& out, const std::string& text) {
    out.text(text);
}

inline void put(Writer& out, Duration value) {
    out.zigzag(value.count());
}

inline void put(Writer& out, Time value) {
    out.zigzag(to_unix_ms(value));
}

inline void put(Writer& out, Id id) {
    out.varint(id.position);
    out.varint(id.index);
}

template <typename Enum>
requires std::is_enum_v<Enum>

void put(Writer& out, Enum value) {
    out.u8(static_cast<std::uint8_t>(value));
}

template <typename T>
void put(Writer& out, const std::optional<T>& value);
template <typename T>
void put(Writer& out, const std::vector<T>& values);
template <typename T>
void put(Writer& out, const std::deque<T>& values);
template <typename T>
void put(Writer& out, const std::set<T>& values);
template <typename K, typename V>
void put(Writer& out, const std::map<K, V>& values);

template <typename T>

requires requires(const T& value) {
    each_member(value, [](const auto&) {});
}

void put(Writer& out, const T& value) {
    each_member(value, [&](const auto& member) { put(out, member); });
}

template <typename T>
void put(Writer& out, const std::optional<T>& value) {
    out.boolean(value.has_value());
    if (value) {
        put(out, *value);
    }
}

template <typename Many>
void put_each(Writer& out, const Many& values) {
    out.varint(values.size());
    for (const auto& value : values) {
        put(out, value);
    }
}

template <typename T>
void put(Writer& out, const std::vector<T>& values) {
    put_each(out, values);
}

template <typename T>
void put(Writer& out, const std::deque<T>& values) {
    put_each(out, values);
}

template <typename T>
void put(Writer& out, const std::set<T>& values) {
    put_each(out, values);
}

template <typename K, typename V>
void put(Writer& out, const std::map<K, V>& values) {
    out.varint(values.size());
    for (const auto& [key, value] : values) {
        put(out, key);
        put(out, value);
    }
}

// ---- reading; check in.ok() afterwards ----

inline void get(Reader& in, bool& value) {
    value = in.boolean();
}

template <std::unsigned_integral Number>

requires(!std::same_as<Number, bool>) void get(Reader& in, Number& value) {
    value = static_cast<Number>(in.varint());
}

inline void get(Reader& in, double& value) {
    value = in.f64();
}

inline void get(Reader& in, std::string& text) {
    text = in.text();
}

inline void get(Reader& in, Duration& value) {
    value = Duration(in.zigzag());
}

inline void get(Reader& in, Time& value) {
    value = from_unix_ms(in.zigzag());
}

inline void get(Reader& in, Id& id) {
    id.position = in.varint();
    id.index = static_cast<std::uint32_t>(in.varint());
}

template <typename Enum>
requires std::is_enum_v<Enum>

void get(Reader& in, Enum& value) {
    const std::uint8_t number = in.u8();
    if (number >= count_of(value)) {
        spoil(in);
        return;
    }
    value = static_cast<Enum>(number);
}

template <typename T>
void get(Reader& in, std::optional<T>& value);
template <typename T>
void get(Reader& in, std::vector<T>& values);
template <typename T>
void get(Reader& in, std::deque<T>& values);
template <typename T>
void get(Reader& in, std::set<T>& values);
template <typename K, typename V>
void get(Reader& in, std::map<K, V>& values);

template <typename T>

requires requires(T& value) {
    each_member(value, [](auto&) {});
}

void get(Reader& in, T& value) {
    each_member(value, [&](auto& member) { get(in, member); });
}

template <typename T>
void get(Reader& in, std::optional<T>& value) {
    value.reset();
    if (in.boolean()) {
        get(in, value.emplace());
    }
}

template <typename Many>
void get_each(Reader& in, Many& values) {
    values.clear();
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        get(in, values.emplace_back());
    }
}

template <typename T>
void get(Reader& in, std::vector<T>& values) {
    get_each(in, values);
}

template <typename T>
void get(Reader& in, std::deque<T>& values) {
    get_each(in, values);
}

template <typename T>
void get(Reader& in, std::set<T>& values) {
    values.clear();
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        T value;
        get(in, value);
        values.insert(values.end(), std::move(value));
    }
}

template <typename K, typename V>
void get(Reader& in, std::map<K, V>& values) {
    values.clear();
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        K key;
        get(in, key);
        get(in, values[std::move(key)]);
    }
}

}  // namespace nocturne::model
