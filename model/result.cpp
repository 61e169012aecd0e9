#include "model/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace nocturne {

std::string to_string(const Place& place) {
    std::string text = place.file;
    if (place.line > 0) {
        text += ":" + std::to_string(place.line);
        if (place.column > 0) {
            text += ":" + std::to_string(place.column);
        }
    }
    return text;
}

std::string to_string(const Error& error) {
    if (error.places.empty()) {
        return error.message;
    }
    return to_string(error.places.front()) + ": " + error.message;
}

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "nocturne: internal error at %s:%d: %s does not hold\n", file, line,
                 expression);
    std::abort();
}

}  // namespace nocturne
