// Pattern: Lua's patterns, matched with every step counted.
//
// The language and its corner cases are those of lstrlib.c of Lua 5.4 (Lua.org, PUC-Rio, MIT
// licence), whose matcher this follows; it can take exponential time, so it pays for each step.
#pragma once

#include "plugins/lua_headers.hpp"
#include "plugins/meter.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace nocturne::plugins {

// One match attempt after the other over one subject. Errors of the pattern are raised.
class PatternMatch {
   public:
    PatternMatch(lua_State* L, std::string_view subject, std::string_view pattern)
        : L_(L), meter_(Meter::of(L)), begin_(subject.data()), end_(begin_ + subject.size()),
          pattern_end_(pattern.data() + pattern.size()) {}

    // From `at` on; the end of the match, or nullptr.
    const char* match_at(const char* at, const char* pattern) {
        level_ = 0;
        depth_ = kDepthMax;
        return match(at, pattern);
    }

    // Pushes the captures, or the whole match [from, to) when there are none and `from` is given;
    // how many.
    int push_captures(const char* from, const char* to);
    void push_capture(int index, const char* from, const char* to);

    const char* begin() const { return begin_; }

    const char* end() const { return end_; }

    int captures() const { return level_; }

   private:
    static constexpr int kCapturesMax = 32;
    static constexpr int kDepthMax = 200;  // C levels
    static constexpr std::ptrdiff_t kUnfinished = -1;
    static constexpr std::ptrdiff_t kPosition = -2;

    struct Capture {
        const char* from = nullptr;
        std::ptrdiff_t length = 0;
    };

    const char* match(const char* s, const char* p);
    const char* match_item(const char* s, const char* p, const char*& after, bool& goes_on);
    const char* match_balance(const char* s, const char* p);
    const char* match_frontier(const char* s, const char*& p);
    const char* expand_most(const char* s, const char* p, const char* after);
    const char* expand_least(const char* s, const char* p, const char* after);
    const char* start_capture(const char* s, const char* p, std::ptrdiff_t what);
    const char* end_capture(const char* s, const char* p);
    const char* match_back(const char* s, int index);
    bool is_single_match(const char* s, const char* p, const char* after);
    bool is_in_class(int c, const char* p, const char* end);
    const char* class_end(const char* p);
    int open_capture();
    int closed_capture(int index);

    lua_State* L_;
    Meter& meter_;
    const char* begin_;
    const char* end_;
    const char* pattern_end_;
    int level_ = 0;
    int depth_ = kDepthMax;
    std::array<Capture, kCapturesMax> captures_{};
};

}  // namespace nocturne::plugins
