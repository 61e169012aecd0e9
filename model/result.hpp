// Result<T>, Status and Error: how every room of Nocturne reports an expected failure.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne {

// What a caller could act on differently. A new code only if someone branches on it.
enum class ErrorCode : std::uint8_t {
    Invalid,      // the input is wrong; sending it again will not help
    NotFound,     // no such thing
    Unavailable,  // cannot be done now (full queue, full disk, peer away); trying again may help
    Damaged,      // stored data does not check out
    Internal,     // a library failed in a way we did not foresee
};

// Where in a file a problem stands. Line and column count from 1; 0 means unknown.
struct Place {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

// "file:line:column", leaving out what is unknown.
std::string to_string(const Place& place);

// An expected failure: what was found, what was expected, and where. Messages start in lower case
// and end without a full stop.
struct Error {
    ErrorCode code = ErrorCode::Invalid;
    std::string message;
    std::vector<Place> places;
};

// "file:line:column: message" with the first place in front, or the message alone.
std::string to_string(const Error& error);

// tl::expected that the compiler does not let one ignore. See docs/decisions/0002-result.md.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
   public:
    using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message), {}});
}

inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

// Ends the process with a message on stderr: a mistake of ours, not of the input.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace nocturne

#define NOCTURNE_CONCAT_2(a, b) a##b
#define NOCTURNE_CONCAT(a, b) NOCTURNE_CONCAT_2(a, b)

// NOCTURNE_TRY(auto rule, parse(text)); returns the error to the caller, or goes on with the value.
#define NOCTURNE_TRY_NAMED(name, declaration, ...)                                                 \
    auto&& name = (__VA_ARGS__);                                                                   \
    if (!name) {                                                                                   \
        return ::nocturne::fail(std::move(name).error());                                          \
    }                                                                                              \
    declaration = *std::move(name)
#define NOCTURNE_TRY(declaration, ...)                                                             \
    NOCTURNE_TRY_NAMED(NOCTURNE_CONCAT(nocturne_try_, __LINE__), declaration, __VA_ARGS__)

// The same for a Status, which has no value.
#define NOCTURNE_TRY_STATUS_NAMED(name, ...)                                                       \
    do {                                                                                           \
        if (auto&& name = (__VA_ARGS__); !name) {                                                  \
            return ::nocturne::fail(std::move(name).error());                                      \
        }                                                                                          \
    } while (false)
#define NOCTURNE_TRY_STATUS(...)                                                                   \
    NOCTURNE_TRY_STATUS_NAMED(NOCTURNE_CONCAT(nocturne_status_, __LINE__), __VA_ARGS__)

// Checks an invariant of ours, in release builds too.
#define NOCTURNE_ASSERT(expression)                                                                \
    ((expression) ? void() : ::nocturne::assertion_failed(#expression, __FILE__, __LINE__))
