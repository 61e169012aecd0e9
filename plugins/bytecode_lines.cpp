#include "plugins/bytecode_lines.hpp"

#include "model/result.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kHeaderBytes = 4 + 1 + 1 + 6 + 3 + 8 + 8;  // ldump.c, dumpHeader
constexpr int kAbsoluteLine = -0x80;                             // ldebug.h, ABSLINEINFO
constexpr std::size_t kUpvalueBytes = 3;
constexpr std::size_t kInstructionBytes = 4;

// Reads the form of ldump.c. Written by this process, so it is trusted to be whole.
class DumpReader {
   public:
    explicit DumpReader(std::string_view dump) : rest_(dump) {}

    std::set<int> read() {
        skip(kHeaderBytes + 1);  // and the number of upvalues
        read_function();
        return std::move(lines_);
    }

   private:
    void skip(std::size_t bytes) {
        NOCTURNE_ASSERT(bytes <= rest_.size());
        rest_.remove_prefix(bytes);
    }

    std::uint8_t byte() {
        NOCTURNE_ASSERT(!rest_.empty());
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }

    // Seven bits a byte, highest first; the last byte has its highest bit set.
    std::size_t number() {
        std::size_t value = 0;
        for (;;) {
            const std::uint8_t next = byte();
            value = value << 7 | (next & 0x7FU);
            if ((next & 0x80U) != 0) {
                return value;
            }
        }
    }

    void skip_text() {
        if (const std::size_t size = number(); size > 0) {
            skip(size - 1);
        }
    }

    void skip_constants() {
        for (std::size_t left = number(); left > 0; --left) {
            switch (byte()) {
                case LUA_TNUMBER:
                case LUA_TNUMBER | 1 << 4: skip(8); break;
                case LUA_TSTRING:
                case LUA_TSTRING | 1 << 4: skip_text(); break;
                default: break;  // nil, false, true: the tag is all
            }
        }
    }

    void read_function() {
        skip_text();  // source
        const int first = static_cast<int>(number());
        number();  // last line
        byte();    // parameters
        const bool takes_varargs = byte() != 0;
        byte();  // stack
        skip(number() * kInstructionBytes);
        skip_constants();
        skip(number() * kUpvalueBytes);
        for (std::size_t left = number(); left > 0; --left) {
            read_function();
        }
        read_lines(first, takes_varargs);
        for (std::size_t left = number(); left > 0; --left) {
            skip_text();  // a local variable, and where it begins and ends
            number();
            number();
        }
        for (std::size_t left = number(); left > 0; --left) {
            skip_text();
        }
    }

    // The first instruction of a function with varargs, and the return that stands at the end of
    // each function, are nobody's code.
    void read_lines(int line, bool takes_varargs) {
        const std::size_t count = number();
        const std::string_view deltas = rest_;
        skip(count);
        std::vector<std::pair<std::size_t, int>> absolute(number());
        for (auto& [at, there] : absolute) {
            at = number();
            there = static_cast<int>(number());
        }
        std::size_t next_absolute = 0;
        for (std::size_t i = 0; i + 1 < count; ++i) {
            const int byte = static_cast<unsigned char>(deltas[i]);
            const int delta = byte < 128 ? byte : byte - 256;
            if (delta == kAbsoluteLine) {
                NOCTURNE_ASSERT(next_absolute < absolute.size());
                line = absolute[next_absolute++].second;
            } else {
                line += delta;
            }
            if (i > 0 || !takes_varargs) {
                lines_.insert(line);
            }
        }
    }

    std::string_view rest_;
    std::set<int> lines_;
};

}  // namespace

std::vector<int> lines_with_code(lua_State* L) {
    std::string dump;
    const auto append = [](lua_State*, const void* bytes, std::size_t size, void* out) {
        static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
        return 0;
    };
    NOCTURNE_ASSERT(lua_dump(L, append, &dump, 0) == 0);
    const std::set<int> lines = DumpReader(dump).read();
    return {lines.begin(), lines.end()};
}

}  // namespace nocturne::plugins
