// BodyReader: reads the JSON of a request strictly and notes each problem with its path.
#pragma once

#include "model/time.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

inline constexpr std::size_t kNameBytesMax = 4 * 1024;
inline constexpr std::size_t kTextBytesMax = 64 * 1024;

// The beginning of a text, for messages.
std::string cut(std::string_view text);

// Absent and null are the same: nothing. Paths are those of messages: `nodes[2].name`; "" is the
// body itself. What is wrong is noted and read as nothing.
class BodyReader {
   public:
    using Object = boost::json::object;
    using Value = boost::json::value;

    // `problems` must outlive this object; takes no more than 50.
    explicit BodyReader(std::vector<std::string>& problems) : problems_(problems) {}

    // Notes a problem.
    void note(std::string_view path, std::string_view what);
    void wrong(std::string_view path, std::string_view expected, const Value& found);

    // The object that the body is; nothing, and a problem, when it is none.
    std::optional<Object> parse(std::string_view text);

    void check_keys(const Object& object, std::string_view path,
                    std::initializer_list<std::string_view> known);

    std::string text(const Value& value, std::string_view path,
                     std::size_t bytes_max = kNameBytesMax);
    std::string text(const Object& object, std::string_view key, std::string_view path,
                     std::size_t bytes_max = kNameBytesMax);
    std::string required_text(const Object& object, std::string_view key, std::string_view path);

    // RFC 3339 text or milliseconds since 1970; kNoTime when it is not there.
    model::Time time(const Object& object, std::string_view key);

    // Calls `each(element, path)` for the elements of an array; absent is empty.
    void each_of(const Object& object, std::string_view key, std::string_view path,
                 const std::function<void(const Value&, const std::string&)>& each);

    // nullptr when it is absent or null.
    static const Value* find(const Object& object, std::string_view key);
    static std::string join(std::string_view path, std::string_view key);
    // A value as it stands there, for messages.
    static std::string shown(const Value& value);

   private:
    std::vector<std::string>& problems_;
};

}  // namespace nocturne::gateway
