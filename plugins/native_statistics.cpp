#include "plugins/native_statistics.hpp"

#include "model/result.hpp"
#include "plugins/meter.hpp"
#include "plugins/native_arguments.hpp"
#include "plugins/statistics/alert_score.hpp"
#include "plugins/statistics/archive.hpp"
#include "plugins/statistics/best.hpp"
#include "plugins/statistics/change.hpp"
#include "plugins/statistics/kpi.hpp"
#include "plugins/statistics/load.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/order.hpp"
#include "plugins/statistics/range.hpp"
#include "plugins/statistics/seasonal.hpp"
#include "plugins/statistics/tail.hpp"
#include "plugins/statistics/trend.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace nocturne::plugins {

namespace {

// ---- what a class of objects is ----

// One per class of plugins/statistics; `NativeClass<T>` has them for C++, this for the state.
struct Description {
    const char* name;   // of the constructor
    std::uint8_t code;  // in what is encoded: never used again for another class
    std::span<const Argument> arguments;
    const luaL_Reg* methods;
    lua_CFunction construct;
    lua_CFunction destroy;
    void (*encode)(void* block, model::Writer& out);
    bool (*push)(lua_State* L, model::Reader& in);
};

// What a userdata holds.
template <class T>
struct Block {
    T object;
    std::size_t charged = 0;
};

template <class T>
struct NativeClass;

// Those whose memory grows while they are used.
template <class T>
constexpr bool kGrows = false;
template <>
constexpr bool kGrows<AlertScore> = true;
template <>
constexpr bool kGrows<BestDetector> = true;
template <>
constexpr bool kGrows<KpiDetector> = true;

template <class T>
void charge(lua_State* L, Block<T>& block) {
    const std::size_t bytes = heap_bytes_of(block.object);
    const std::size_t before = std::exchange(block.charged, bytes);
    if (bytes > before) {
        Meter::of(L).charge(L, bytes - before);
    } else {
        Meter::of(L).discharge(before - bytes);
    }
}

// The registry has the metatable of a class at the address of its description; a metatable has the
// description at this address.
const char kDescriptionKey = 0;

// ---- methods ----

[[noreturn]] void refuse_self(lua_State* L, const char* name) {
    luaL_error(L,
               "expected an object of stats.%s first; call its methods with a colon, as in "
               "object:add(value)",
               name);
    std::abort();  // luaL_error does not come back
}

// The object at 1. Each method has the metatable of its class as upvalue.
template <class T>
Block<T>& self(lua_State* L) {
    if (lua_type(L, 1) != LUA_TUSERDATA || lua_getmetatable(L, 1) == 0 ||
        lua_rawequal(L, -1, lua_upvalueindex(1)) == 0) {
        refuse_self(L, NativeClass<T>::kName);
    }
    lua_pop(L, 1);
    return *static_cast<Block<T>*>(lua_touserdata(L, 1));
}

void push(lua_State* L, bool value) {
    lua_pushboolean(L, value ? 1 : 0);
}

void push(lua_State* L, double value) {
    lua_pushnumber(L, value);
}

void push(lua_State* L, std::size_t value) {
    lua_pushinteger(L, static_cast<lua_Integer>(value));
}

// Calls a member function with the numbers that follow the object; as many as it takes, no more.
template <class T, class Function, std::size_t... I>
int call_with_numbers(lua_State* L, Function function, std::index_sequence<I...>) {
    Block<T>& block = self<T>(L);
    T& object = block.object;
    Meter::of(L).tick(L);
    expect_count(L, 1 + sizeof...(I));
    using Returned = decltype(function(object, (static_cast<void>(I), 0.0)...));
    if constexpr (std::is_void_v<Returned>) {
        function(object, number_at(L, static_cast<int>(I) + 2)...);
        return 0;
    } else {
        push(L, function(object, number_at(L, static_cast<int>(I) + 2)...));
        if constexpr (kGrows<T>) {
            charge(L, block);
        }
        return 1;
    }
}

template <class Function>
struct Signature;

template <class T, class Returned, class... Numbers>
struct Signature<Returned (*)(T&, Numbers...)> {
    using Self = T;
    static constexpr std::size_t kCount = sizeof...(Numbers);
};

template <class T, class Returned, class... Numbers>
struct Signature<Returned (T::*)(Numbers...)> : Signature<Returned (*)(T&, Numbers...)> {};

template <class T, class Returned, class... Numbers>
struct Signature<Returned (T::*)(Numbers...) const> : Signature<Returned (*)(T&, Numbers...)> {};

// `kFunction`: a member function, or a function of the object, and of numbers.
template <auto kFunction>
int method(lua_State* L) {
    using Called = Signature<decltype(kFunction)>;
    return call_with_numbers<typename Called::Self>(
        L,
        [](auto& object, auto... numbers) {
            if constexpr (std::is_member_function_pointer_v<decltype(kFunction)>) {
                return (object.*kFunction)(numbers...);
            } else {
                return kFunction(object, numbers...);
            }
        },
        std::make_index_sequence<Called::kCount>());
}

template <class Moments>
double distance_to(Moments& moments, double sample, double floor) {
    return distance_in_scales(sample, moments.mean(), moments.deviation(), floor);
}

// ---- the classes ----

constexpr double kSpanMax = 1e9;

std::size_t whole(double number) {
    return static_cast<std::size_t>(number);
}

template <>
struct NativeClass<WeightedMoments> {
    static constexpr const char* kName = "weighted";
    static constexpr std::uint8_t kCode = 1;
    static constexpr Argument kArguments[] = {{"span", kRequired, 1, kSpanMax}};
    static constexpr luaL_Reg kMethods[] = {
        {"add", method<&WeightedMoments::add>},
        {"count", method<&WeightedMoments::count>},
        {"mean", method<&WeightedMoments::mean>},
        {"deviation", method<&WeightedMoments::deviation>},
        {"root_mean_square", method<&WeightedMoments::root_mean_square>},
        {"distance", method<&distance_to<WeightedMoments>>},
        {nullptr, nullptr}};

    static WeightedMoments make(const double* given) { return WeightedMoments(given[0]); }
};

template <>
struct NativeClass<RollingMoments> {
    static constexpr const char* kName = "rolling";
    static constexpr std::uint8_t kCode = 2;
    static constexpr Argument kArguments[] = {{"window", kRequired, 1, 100'000, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&RollingMoments::add>},
                                            {"count", method<&RollingMoments::count>},
                                            {"is_full", method<&RollingMoments::is_full>},
                                            {"mean", method<&RollingMoments::mean>},
                                            {"deviation", method<&RollingMoments::deviation>},
                                            {"distance", method<&distance_to<RollingMoments>>},
                                            {nullptr, nullptr}};

    static RollingMoments make(const double* given) { return RollingMoments(whole(given[0])); }
};

template <>
struct NativeClass<SortedWindow> {
    static constexpr const char* kName = "median";
    static constexpr std::uint8_t kCode = 3;
    static constexpr Argument kArguments[] = {{"window", kRequired, 1, 4096, kWhole}};
    static constexpr luaL_Reg kMethods[] = {
        {"add", method<&SortedWindow::add>},
        {"count", method<&SortedWindow::count>},
        {"is_full", method<&SortedWindow::is_full>},
        {"median", method<&SortedWindow::median>},
        {"quantile", method<&SortedWindow::quantile>},
        {"mad", method<&SortedWindow::median_absolute_deviation>},
        {"beyond_fence", method<&SortedWindow::beyond_fence>},
        {nullptr, nullptr}};

    static SortedWindow make(const double* given) { return SortedWindow(whole(given[0])); }
};

template <>
struct NativeClass<QuantileSketch> {
    static constexpr const char* kName = "quantiles";
    static constexpr std::uint8_t kCode = 4;
    static constexpr Argument kArguments[] = {{"half_life", 0, 0, kSpanMax, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&QuantileSketch::add>},
                                            {"count", method<&QuantileSketch::count>},
                                            {"quantile", method<&QuantileSketch::quantile>},
                                            {"share_above", method<&QuantileSketch::share_above>},
                                            {nullptr, nullptr}};

    static QuantileSketch make(const double* given) { return QuantileSketch(whole(given[0])); }
};

template <>
struct NativeClass<ShrinkingRange> {
    static constexpr const char* kName = "range";
    static constexpr std::uint8_t kCode = 5;
    static constexpr Argument kArguments[] = {{"forget", 1e-4, 0, 0.5}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&ShrinkingRange::add>},
                                            {"count", method<&ShrinkingRange::count>},
                                            {"excess", method<&ShrinkingRange::excess>},
                                            {"high", method<&ShrinkingRange::high>},
                                            {"low", method<&ShrinkingRange::low>},
                                            {"width", method<&ShrinkingRange::width>},
                                            {nullptr, nullptr}};

    static ShrinkingRange make(const double* given) { return ShrinkingRange(given[0]); }
};

template <>
struct NativeClass<SeasonalProfile> {
    static constexpr const char* kName = "seasonal";
    static constexpr std::uint8_t kCode = 6;
    static constexpr Argument kArguments[] = {{"period", 86400, 60, 1e9},
                                              {"slots", 24, 1, Season::kSlotsMax, kWhole},
                                              {"alpha", 0.1, 0, 1}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&SeasonalProfile::add>},
                                            {"knows", method<&SeasonalProfile::knows>},
                                            {"expected", method<&SeasonalProfile::expected>},
                                            {nullptr, nullptr}};

    static SeasonalProfile make(const double* given) {
        return SeasonalProfile({given[0], static_cast<int>(given[1])}, given[2]);
    }
};

double excess_with_today(SeasonalRange& range, double time_s, double sample, double periods) {
    const double bounded = periods >= 1 ? std::min(periods, 1e6) : 1;
    return range.excess(time_s, sample, static_cast<std::uint32_t>(bounded));
}

double excess_before_today(SeasonalRange& range, double time_s, double sample, double periods) {
    const double bounded = periods >= 1 ? std::min(periods, 1e6) : 1;
    return range.excess(time_s, sample, static_cast<std::uint32_t>(bounded),
                        SeasonalRange::Today::DoesNotCount);
}

template <>
struct NativeClass<SeasonalRange> {
    static constexpr const char* kName = "seasonal_range";
    static constexpr std::uint8_t kCode = 7;
    static constexpr Argument kArguments[] = {{"period", 86400, 60, 1e9},
                                              {"slots", 24, 1, Season::kSlotsMax, kWhole},
                                              {"shrink", 0, 0, 1},
                                              {"neighbours", 0, 0, 100, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&SeasonalRange::add>},
                                            {"excess", method<&excess_with_today>},
                                            {"excess_before_today", method<&excess_before_today>},
                                            {nullptr, nullptr}};

    static SeasonalRange make(const double* given) {
        return SeasonalRange({given[0], static_cast<int>(given[1])}, given[2],
                             static_cast<int>(given[3]));
    }
};

template <>
struct NativeClass<Trend> {
    static constexpr const char* kName = "trend";
    static constexpr std::uint8_t kCode = 8;
    static constexpr Argument kArguments[] = {{"span", kRequired, 2, kSpanMax}};
    static constexpr luaL_Reg kMethods[] = {
        {"add", method<&Trend::add>},         {"count", method<&Trend::count>},
        {"slope", method<&Trend::slope>},     {"explained", method<&Trend::explained>},
        {"time_to", method<&Trend::time_to>}, {nullptr, nullptr}};

    static Trend make(const double* given) { return Trend(given[0]); }
};

template <>
struct NativeClass<ChangePoint> {
    static constexpr const char* kName = "change_point";
    static constexpr std::uint8_t kCode = 9;
    static constexpr Argument kArguments[] = {{"span", 1000, 2, kSpanMax},
                                              {"slack", 0.5, 0, 1000},
                                              {"step", 4, 0.1, 1000},
                                              {"sum", 100, 1, 1e6}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&ChangePoint::add>},
                                            {"forget", method<&ChangePoint::forget>},
                                            {nullptr, nullptr}};

    static ChangePoint make(const double* given) {
        return ChangePoint({given[0], given[1], given[2], given[3]});
    }
};

template <>
struct NativeClass<DistributionShift> {
    static constexpr const char* kName = "drift";
    static constexpr std::uint8_t kCode = 10;
    static constexpr Argument kArguments[] = {{"window", 288, 20, 10'000, kWhole}};
    static constexpr luaL_Reg kMethods[] = {
        {"add", method<&DistributionShift::add>},
        {"stability_index", method<&DistributionShift::stability_index>},
        {"kolmogorov_smirnov", method<&DistributionShift::kolmogorov_smirnov>},
        {nullptr, nullptr}};

    static DistributionShift make(const double* given) {
        return DistributionShift(whole(given[0]));
    }
};

template <>
struct NativeClass<BurnRate> {
    static constexpr const char* kName = "burn_rate";
    static constexpr std::uint8_t kCode = 11;
    static constexpr Argument kArguments[] = {{"objective", kRequired, 0.9, 0.99999},
                                              {"window", kRequired, 1, 1e9}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&BurnRate::add>},
                                            {"rate", method<&BurnRate::rate>},
                                            {"is_full", method<&BurnRate::is_full>},
                                            {nullptr, nullptr}};

    static BurnRate make(const double* given) { return BurnRate(given[0], given[1]); }
};

template <>
struct NativeClass<CovariateBaseline> {
    static constexpr const char* kName = "covariate";
    static constexpr std::uint8_t kCode = 12;
    static constexpr Argument kArguments[] = {{"span", kRequired, 1, kSpanMax}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&CovariateBaseline::add>},
                                            {"distance", method<&CovariateBaseline::distance>},
                                            {nullptr, nullptr}};

    static CovariateBaseline make(const double* given) { return CovariateBaseline(given[0]); }
};

template <>
struct NativeClass<Autocorrelation> {
    static constexpr const char* kName = "autocorrelation";
    static constexpr std::uint8_t kCode = 13;
    static constexpr Argument kArguments[] = {{"lag", kRequired, 1, 100'000, kWhole},
                                              {"span", kRequired, 1, kSpanMax}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&Autocorrelation::add>},
                                            {"correlation", method<&Autocorrelation::correlation>},
                                            {nullptr, nullptr}};

    static Autocorrelation make(const double* given) {
        return Autocorrelation(whole(given[0]), given[1]);
    }
};

template <>
struct NativeClass<TailProbability> {
    static constexpr const char* kName = "tail";
    static constexpr std::uint8_t kCode = 14;
    static constexpr Argument kArguments[] = {{"p", 0.98, 0.5, 0.999}, {"span", 1000, 2, kSpanMax}};
    static constexpr luaL_Reg kMethods[] = {{"add", method<&TailProbability::add>},
                                            {"count", method<&TailProbability::count>},
                                            {"surprise", method<&TailProbability::surprise>},
                                            {nullptr, nullptr}};

    static TailProbability make(const double* given) { return TailProbability(given[0], given[1]); }
};

template <>
struct NativeClass<AlertScore> {
    static constexpr const char* kName = "alert";
    static constexpr std::uint8_t kCode = 15;
    static constexpr Argument kArguments[] = {{"hold", 100, 0, 100'000, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"score", method<&AlertScore::of>}, {nullptr, nullptr}};

    static AlertScore make(const double* given) { return AlertScore(whole(given[0])); }
};

template <>
struct NativeClass<BestDetector> {
    static constexpr const char* kName = "best";
    static constexpr std::uint8_t kCode = 16;
    static constexpr Argument kArguments[] = {{"level", 0.08, 0.001, 10},
                                              {"hour", 0.75, 0.01, 100},
                                              {"day", 8, 0.01, 1000},
                                              {"hold", 100, 0, 100'000, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"score", method<&BestDetector::score>},
                                            {nullptr, nullptr}};

    static BestDetector make(const double* given) {
        return BestDetector({given[0], given[1], given[2], whole(given[3])});
    }
};

template <>
struct NativeClass<KpiDetector> {
    static constexpr const char* kName = "kpi";
    static constexpr std::uint8_t kCode = 17;
    static constexpr Argument kArguments[] = {{"limit", 3.5, 0.5, 100},
                                              {"hold", 5, 0, 100'000, kWhole},
                                              {"hold_slow", 100, 0, 100'000, kWhole}};
    static constexpr luaL_Reg kMethods[] = {{"score", method<&KpiDetector::score>},
                                            {nullptr, nullptr}};

    static KpiDetector make(const double* given) {
        return KpiDetector({given[0], whole(given[1]), whole(given[2])});
    }
};

// ---- their life ----

// Pushes a userdata with what `make` gives. Nothing raises between the object's making and the
// metatable whose finalizer ends it.
template <class T, class Make>
Block<T>& push_block(lua_State* L, const Description& description, Make make) {
    static_assert(alignof(Block<T>) <= alignof(std::max_align_t));
    lua_rawgetp(L, LUA_REGISTRYINDEX, &description);
    void* const place = lua_newuserdatauv(L, sizeof(Block<T>), 0);
    Block<T>* block = nullptr;
    try {
        block = new (place) Block<T>{make()};
    } catch (const std::bad_alloc&) {
        block = nullptr;
    }
    if (block == nullptr) {
        Meter::of(L).stop_for_memory(L);
    }
    lua_insert(L, -2);
    lua_setmetatable(L, -2);
    return *block;
}

template <class T>
int construct(lua_State* L);

// The finalizer. A plugin may meet the object once more (as a key of a table with weak keys), so it
// is none of ours afterwards.
template <class T>
int destroy(lua_State* L) {
    auto* const block = static_cast<Block<T>*>(lua_touserdata(L, 1));
    Meter::of(L).discharge(block->charged);
    block->~Block<T>();
    lua_pushnil(L);
    lua_setmetatable(L, 1);
    return 0;
}

template <class T>
void encode_block(void* block, model::Writer& out) {
    encode(static_cast<Block<T>*>(block)->object, out);
}

template <class T>
bool push_decoded(lua_State* L, model::Reader& in);

template <class T>
constexpr Description kDescription = {
    NativeClass<T>::kName,    NativeClass<T>::kCode, NativeClass<T>::kArguments,
    NativeClass<T>::kMethods, construct<T>,          destroy<T>,
    encode_block<T>,          push_decoded<T>};

template <class T>
int construct(lua_State* L) {
    std::array<double, kArgumentsMax> given{};
    read_arguments(L, NativeClass<T>::kName, NativeClass<T>::kArguments, given);
    charge(L,
           push_block<T>(L, kDescription<T>, [&] { return NativeClass<T>::make(given.data()); }));
    return 1;
}

template <class T>
bool push_decoded(lua_State* L, model::Reader& in) {
    Block<T>& block = push_block<T>(L, kDescription<T>, [] { return T(); });
    if (!decode(block.object, in)) {
        lua_pop(L, 1);
        return false;
    }
    charge(L, block);
    return true;
}

constexpr const Description* kAll[] = {
    &kDescription<WeightedMoments>, &kDescription<RollingMoments>,
    &kDescription<SortedWindow>,    &kDescription<QuantileSketch>,
    &kDescription<ShrinkingRange>,  &kDescription<SeasonalProfile>,
    &kDescription<SeasonalRange>,   &kDescription<Trend>,
    &kDescription<ChangePoint>,     &kDescription<DistributionShift>,
    &kDescription<BurnRate>,        &kDescription<CovariateBaseline>,
    &kDescription<Autocorrelation>, &kDescription<TailProbability>,
    &kDescription<AlertScore>,      &kDescription<BestDetector>,
    &kDescription<KpiDetector>,
};

int refuse_assignment(lua_State* L) {
    return luaL_error(L, "objects of nocturne.stats have no fields to set");
}

// The metatable of a class into the registry.
void add_class(lua_State* L, const Description& description) {
    lua_createtable(L, 0, 6);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushfstring(L, "stats.%s", description.name);
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, description.destroy);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, refuse_assignment);
    lua_setfield(L, -2, "__newindex");
    lua_pushlightuserdata(L, const_cast<Description*>(&description));
    lua_rawsetp(L, -2, &kDescriptionKey);

    lua_newtable(L);
    lua_pushvalue(L, -2);  // upvalue of the methods
    luaL_setfuncs(L, description.methods, 1);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &description);
}

// Null when the value is no object of ours.
const Description* description_of(lua_State* L, int index) {
    if (lua_type(L, index) != LUA_TUSERDATA || lua_getmetatable(L, index) == 0) {
        return nullptr;
    }
    lua_rawgetp(L, -1, &kDescriptionKey);
    const auto* const description = static_cast<const Description*>(lua_touserdata(L, -1));
    lua_pop(L, 2);
    return description;
}

// ---- functions ----

template <double (*kCombine)(std::span<const double>)>
int combine(lua_State* L) {
    Scores scores;
    return push(L, kCombine(read_scores(L, 1, scores))), 1;
}

int combine_k(lua_State* L) {
    Scores scores;
    const double k = number_at(L, 1);
    luaL_argcheck(L, k >= 1 && k == std::floor(k) && k < 1e6, 1, "a whole number from 1 on");
    return push(L, k_of(whole(k), read_scores(L, 2, scores))), 1;
}

int distance(lua_State* L) {
    expect_count(L, 4);
    return push(L, distance_in_scales(number_at(L, 1), number_at(L, 2), number_at(L, 3),
                                      number_at(L, 4))),
           1;
}

int tail_of_normal(lua_State* L) {
    expect_count(L, 1);
    return push(L, normal_tail(number_at(L, 1))), 1;
}

int usable(lua_State* L) {
    return push(L, lua_type(L, 1) == LUA_TNUMBER && is_usable(lua_tonumber(L, 1))), 1;
}

constexpr luaL_Reg kFunctions[] = {{"any", combine<any_of>}, {"all", combine<all_of>},
                                   {"k_of", combine_k},      {"likelihood", combine<likelihood_of>},
                                   {"distance", distance},   {"normal_tail", tail_of_normal},
                                   {"usable", usable},       {nullptr, nullptr}};

}  // namespace

void add_native_statistics(lua_State* L) {
    luaL_newlib(L, kFunctions);
    for (const Description* description : kAll) {
        add_class(L, *description);
        lua_pushcfunction(L, description->construct);
        lua_setfield(L, -2, description->name);
    }
}

bool is_native(lua_State* L, int index) {
    return description_of(L, index) != nullptr;
}

void encode_native(lua_State* L, int index, model::Writer& out) {
    const Description* const description = description_of(L, index);
    NOCTURNE_ASSERT(description != nullptr);
    out.u8(description->code);
    description->encode(lua_touserdata(L, index), out);
}

bool push_native(lua_State* L, model::Reader& in) {
    const std::uint8_t code = in.u8();
    for (const Description* description : kAll) {
        if (description->code == code && in.ok()) {
            return description->push(L, in);
        }
    }
    return false;
}

}  // namespace nocturne::plugins
