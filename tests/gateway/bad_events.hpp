// The bad input that every transport must survive, each with the words that its error must hold.
#pragma once

#include <string>
#include <vector>

namespace nocturne::gateway {

struct BadEvent {
    std::string name;
    std::string json;
    std::string error;
};

inline std::vector<BadEvent> bad_events() {
    return {
        {"half an object", R"({"resource":"a","check":)", "not valid JSON"},
        {"a number", "17", "expected a JSON object"},
        {"wrong type", R"({"resource":7,"check":"c"})", "field \"resource\""},
        {"labels that are a list", R"({"resource":"a","check":"c","labels":["x"]})",
         "field \"labels\""},
        {"unknown severity", R"({"resource":"a","check":"c","severity":"sev1"})",
         "\"sev1\" is not one of"},
        {"no resource", R"({"check":"c"})", "field \"resource\""},
        {"not a number", R"({"resource":"a","check":"c","value":NaN})", "N"},
        {"broken UTF-8", "{\"resource\":\"a\xFF\xFE\",\"check\":\"c\"}", "UTF-8"},
        {"the year 0", R"({"resource":"a","check":"c","time":"0000-01-01T00:00:00Z"})",
         "field \"time\""},
        {"beyond the year 9999", R"({"resource":"a","check":"c","time":253402300800000})",
         "field \"time\""},
        {"10 MB",
         R"({"resource":"a","check":"c","summary":")" + std::string(10'000'000, 'x') + "\"}",
         "the limit is"},
    };
}

}  // namespace nocturne::gateway
