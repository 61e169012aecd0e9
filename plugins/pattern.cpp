#include "plugins/pattern.hpp"

#include <cctype>
#include <cstring>

namespace nocturne::plugins {

namespace {

constexpr char kEscape = '%';

int byte_at(const char* s) {
    return static_cast<unsigned char>(*s);
}

bool is_in_named_class(int c, int name) {
    bool is_in = false;
    switch (std::tolower(name)) {
        case 'a': is_in = std::isalpha(c) != 0; break;
        case 'c': is_in = std::iscntrl(c) != 0; break;
        case 'd': is_in = std::isdigit(c) != 0; break;
        case 'g': is_in = std::isgraph(c) != 0; break;
        case 'l': is_in = std::islower(c) != 0; break;
        case 'p': is_in = std::ispunct(c) != 0; break;
        case 's': is_in = std::isspace(c) != 0; break;
        case 'u': is_in = std::isupper(c) != 0; break;
        case 'w': is_in = std::isalnum(c) != 0; break;
        case 'x': is_in = std::isxdigit(c) != 0; break;
        default: return name == c;
    }
    return std::isupper(name) != 0 ? !is_in : is_in;
}

}  // namespace

// ---- captures ----

int PatternMatch::closed_capture(int index) {
    index -= '1';
    if (index < 0 || index >= level_ ||
        captures_[static_cast<std::size_t>(index)].length == kUnfinished) {
        return luaL_error(L_, "invalid capture index %%%d", index + 1);
    }
    return index;
}

int PatternMatch::open_capture() {
    for (int level = level_ - 1; level >= 0; --level) {
        if (captures_[static_cast<std::size_t>(level)].length == kUnfinished) {
            return level;
        }
    }
    return luaL_error(L_, "invalid pattern capture");
}

const char* PatternMatch::start_capture(const char* s, const char* p, std::ptrdiff_t what) {
    if (level_ >= kCapturesMax) {
        luaL_error(L_, "too many captures");
    }
    captures_[static_cast<std::size_t>(level_)] = {s, what};
    ++level_;
    const char* const found = match(s, p);
    if (found == nullptr) {
        --level_;
    }
    return found;
}

const char* PatternMatch::end_capture(const char* s, const char* p) {
    Capture& capture = captures_[static_cast<std::size_t>(open_capture())];
    capture.length = s - capture.from;
    const char* const found = match(s, p);
    if (found == nullptr) {
        capture.length = kUnfinished;
    }
    return found;
}

const char* PatternMatch::match_back(const char* s, int index) {
    const Capture& capture = captures_[static_cast<std::size_t>(closed_capture(index))];
    // A position capture has no text; Lua's own matcher takes its length for a huge one.
    if (capture.length < 0 || end_ - s < capture.length) {
        return nullptr;
    }
    const auto length = static_cast<std::size_t>(capture.length);
    meter_.tick(L_, length / 16 + 1);
    return std::memcmp(capture.from, s, length) == 0 ? s + length : nullptr;
}

void PatternMatch::push_capture(int index, const char* from, const char* to) {
    if (index >= level_) {
        if (index != 0) {
            luaL_error(L_, "invalid capture index %%%d", index + 1);
        }
        lua_pushlstring(L_, from, static_cast<std::size_t>(to - from));
        return;
    }
    const Capture& capture = captures_[static_cast<std::size_t>(index)];
    if (capture.length == kUnfinished) {
        luaL_error(L_, "unfinished capture");
    } else if (capture.length == kPosition) {
        lua_pushinteger(L_, capture.from - begin_ + 1);
    } else {
        lua_pushlstring(L_, capture.from, static_cast<std::size_t>(capture.length));
    }
}

int PatternMatch::push_captures(const char* from, const char* to) {
    const int count = level_ == 0 && from != nullptr ? 1 : level_;
    luaL_checkstack(L_, count, "too many captures");
    for (int i = 0; i < count; ++i) {
        push_capture(i, from, to);
    }
    return count;
}

// ---- single characters ----

const char* PatternMatch::class_end(const char* p) {
    if (*p++ == kEscape) {
        if (p == pattern_end_) {
            luaL_error(L_, "malformed pattern (ends with '%%')");
        }
        return p + 1;
    }
    if (p[-1] != '[') {
        return p;
    }
    if (p != pattern_end_ && *p == '^') {
        ++p;
    }
    do {  // a ']' that stands first is part of the set
        if (p == pattern_end_) {
            luaL_error(L_, "malformed pattern (missing ']')");
        }
        meter_.tick(L_);
        if (*p++ == kEscape && p < pattern_end_) {
            ++p;
        }
    } while (p == pattern_end_ || *p != ']');
    return p + 1;
}

// `p`: the '[', `end`: its ']'.
bool PatternMatch::is_in_class(int c, const char* p, const char* end) {
    bool sign = true;
    meter_.tick(L_, static_cast<std::uint64_t>(end - p));
    if (p[1] == '^') {
        sign = false;
        ++p;
    }
    while (++p < end) {
        if (*p == kEscape) {
            ++p;
            if (is_in_named_class(c, byte_at(p))) {
                return sign;
            }
        } else if (p[1] == '-' && p + 2 < end) {
            p += 2;
            if (byte_at(p - 2) <= c && c <= byte_at(p)) {
                return sign;
            }
        } else if (byte_at(p) == c) {
            return sign;
        }
    }
    return !sign;
}

bool PatternMatch::is_single_match(const char* s, const char* p, const char* after) {
    meter_.tick(L_);
    if (s >= end_) {
        return false;
    }
    const int c = byte_at(s);
    switch (*p) {
        case '.': return true;
        case kEscape: return is_in_named_class(c, byte_at(p + 1));
        case '[': return is_in_class(c, p, after - 1);
        default: return byte_at(p) == c;
    }
}

// ---- items ----

const char* PatternMatch::match_balance(const char* s, const char* p) {
    if (p >= pattern_end_ - 1) {
        luaL_error(L_, "malformed pattern (missing arguments to '%%b')");
    }
    if (s >= end_ || *s != *p) {
        return nullptr;
    }
    const char open = p[0];
    const char close = p[1];
    int depth = 1;
    while (++s < end_) {
        meter_.tick(L_);
        if (*s == close) {
            if (--depth == 0) {
                return s + 1;
            }
        } else if (*s == open) {
            ++depth;
        }
    }
    return nullptr;
}

const char* PatternMatch::expand_most(const char* s, const char* p, const char* after) {
    std::ptrdiff_t count = 0;
    while (is_single_match(s + count, p, after)) {
        ++count;
    }
    for (; count >= 0; --count) {
        if (const char* found = match(s + count, after + 1); found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

const char* PatternMatch::expand_least(const char* s, const char* p, const char* after) {
    for (;;) {
        if (const char* found = match(s, after + 1); found != nullptr) {
            return found;
        }
        if (!is_single_match(s, p, after)) {
            return nullptr;
        }
        ++s;
    }
}

// %f[set]: moves `p` behind the set; nullptr when there is no frontier at `s`.
const char* PatternMatch::match_frontier(const char* s, const char*& p) {
    p += 2;
    if (p >= pattern_end_ || *p != '[') {
        luaL_error(L_, "missing '[' after '%%f' in pattern");
    }
    const char* const after = class_end(p);
    const int before = s == begin_ ? '\0' : byte_at(s - 1);
    const int now = s == end_ ? '\0' : byte_at(s);
    const bool is_frontier = !is_in_class(before, p, after - 1) && is_in_class(now, p, after - 1);
    p = after;
    return is_frontier ? s : nullptr;
}

// A single character and what may follow it: ? + * -. `goes_on`: one character matched and there is
// no suffix, or it may be absent; the loop of match() goes on at `after`.
const char* PatternMatch::match_item(const char* s, const char* p, const char*& after,
                                     bool& goes_on) {
    const char suffix = after < pattern_end_ ? *after : '\0';
    switch (suffix) {
        case '?':
            if (is_single_match(s, p, after)) {
                if (const char* found = match(s + 1, after + 1); found != nullptr) {
                    return found;
                }
            }
            ++after;
            goes_on = true;
            return s;
        case '+': return is_single_match(s, p, after) ? expand_most(s + 1, p, after) : nullptr;
        case '*': return expand_most(s, p, after);
        case '-': return expand_least(s, p, after);
        default: goes_on = is_single_match(s, p, after); return goes_on ? s + 1 : nullptr;
    }
}

const char* PatternMatch::match(const char* s, const char* p) {
    if (depth_-- == 0) {
        luaL_error(L_, "pattern too complex");
    }
    bool goes_on = true;
    while (goes_on && s != nullptr && p != pattern_end_) {
        meter_.tick(L_);
        goes_on = false;
        const char next = p + 1 < pattern_end_ ? p[1] : '\0';
        if (*p == '(') {
            s = next == ')' ? start_capture(s, p + 2, kPosition)
                            : start_capture(s, p + 1, kUnfinished);
        } else if (*p == ')') {
            s = end_capture(s, p + 1);
        } else if (*p == '$' && p + 1 == pattern_end_) {
            s = s == end_ ? s : nullptr;
        } else if (*p == kEscape && next == 'b') {
            s = match_balance(s, p + 2);
            p += 4;
            goes_on = true;
        } else if (*p == kEscape && next == 'f') {
            s = match_frontier(s, p);
            goes_on = true;
        } else if (*p == kEscape && std::isdigit(static_cast<unsigned char>(next)) != 0) {
            s = match_back(s, static_cast<unsigned char>(next));
            p += 2;
            goes_on = true;
        } else {
            const char* after = class_end(p);
            s = match_item(s, p, after, goes_on);
            p = after;
        }
    }
    ++depth_;
    return s;
}

}  // namespace nocturne::plugins
