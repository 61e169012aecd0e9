// Plain data: what of a plugin can be kept. Tables, texts, numbers, booleans and the objects of
// nocturne.stats, each table in one place only.
#pragma once

#include "model/codec.hpp"
#include "plugins/lua_headers.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::plugins {

struct PlainDataLimits {
    std::size_t bytes_max = 64U << 10;  // as they are kept
    std::size_t nodes_max = 100'000;    // values, tables included
    int depth_max = 16;
};

struct PlainDataSize {
    std::size_t nodes = 0;
};

// Appends the value; the same value gives the same bytes, whatever order its keys came in. Raw, and
// outside a run. Nothing; or why it cannot be kept, with its path: "nocturne.state.a.b is a
// function; ...", and what was written is of no use.
std::optional<std::string> encode_plain(lua_State* L, int index, std::string_view root,
                                        const PlainDataLimits& limits, model::Writer& out,
                                        PlainDataSize& size);

// The same without the bytes: whether it can be kept. Of objects of nocturne.stats the size is not
// counted.
std::optional<std::string> check_plain(lua_State* L, int index, std::string_view root,
                                       const PlainDataLimits& limits, PlainDataSize& size);

// Pushes the value that was encoded. False, and nothing is pushed, when the bytes are not one.
bool push_plain(lua_State* L, model::Reader& in);

}  // namespace nocturne::plugins
