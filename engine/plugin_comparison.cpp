#include "engine/plugin_comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace nocturne::engine {

using plugins::CallResult;
using plugins::Wish;

namespace {

bool are_equal(const model::EventView& a, const model::EventView& b) {
    return a.fingerprint == b.fingerprint && a.status == b.status && a.severity == b.severity &&
           a.kind == b.kind && a.summary == b.summary && a.value == b.value;
}

bool are_equal(const Wish& a, const Wish& b) {
    return a.what == b.what && a.name == b.name && a.value == b.value && a.type == b.type;
}

bool want_the_same(const CallResult& a, const CallResult& b) {
    return std::equal(a.wishes.begin(), a.wishes.end(), b.wishes.begin(), b.wishes.end(),
                      [](const Wish& x, const Wish& y) { return are_equal(x, y); }) &&
           std::equal(a.emitted.events().begin(), a.emitted.events().end(),
                      b.emitted.events().begin(), b.emitted.events().end(),
                      [](const auto& x, const auto& y) { return are_equal(x, y); });
}

bool is_near(const std::optional<double>& a, const std::optional<double>& b) {
    return a && b ? std::abs(*a - *b) < PluginComparison::kScoreTolerance : !a && !b;
}

bool tells_anomaly(const CallResult& result) {
    const auto emitted = result.emitted.events();
    return (result.score && *result.score >= PluginComparison::kAnomalyMin) ||
           std::any_of(emitted.begin(), emitted.end(), [](const model::EventView& event) {
               return event.kind == model::Kind::Alert &&
                      event.status == model::EventStatus::Firing;
           });
}

std::string text_of(double score) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "score %.3f", score);
    return std::string(text.data(), static_cast<std::size_t>(size));
}

std::string text_of(const Wish& wish, const CallResult& result, std::size_t& next_emitted) {
    switch (wish.what) {
        case Wish::What::Annotate: return "annotate " + wish.name + "=" + wish.value;
        case Wish::What::Label: return "label " + wish.name + "=" + wish.value;
        case Wish::What::Resource: return "resource=" + wish.value;
        case Wish::What::Severity: return "severity=" + wish.value;
        case Wish::What::Emit: break;
    }
    if (next_emitted >= result.emitted.size()) {
        return "emit";
    }
    const model::EventView& event = result.emitted.events()[next_emitted++];
    return "emit " + std::string(event.resource) + " " + std::string(event.check) + " " +
           std::string(model::name_of(event.status));
}

}  // namespace

std::string describe(const CallResult& result) {
    constexpr std::size_t kShown = 512;
    std::string text;
    std::size_t next_emitted = 0;
    for (const Wish& wish : result.wishes) {
        text += (text.empty() ? "" : "; ") + text_of(wish, result, next_emitted);
        if (text.size() > kShown) {
            return plugins::printable(text, kShown);
        }
    }
    if (result.score) {
        text += (text.empty() ? "" : "; ") + text_of(*result.score);
    }
    return text.empty() ? "nothing" : plugins::printable(text, kShown);
}

void PluginComparison::note(const CallResult* before, const CallResult* after, const About& about,
                            model::Time now) {
    if (before == nullptr && after == nullptr) {
        return;
    }
    ++calls;
    static const CallResult kNothing;
    const CallResult& a = before == nullptr ? kNothing : *before;
    const CallResult& b = after == nullptr ? kNothing : *after;
    note_told(a, b, about, now);
    if (want_the_same(a, b)) {
        if (is_near(a.score, b.score)) {
            ++same;
            return;
        }
        ++scores_differ;
    } else {
        ++(b.wishes.empty() ? only_old : a.wishes.empty() ? only_new : differ);
    }
    if (examples.size() == kExamplesMax) {
        examples.pop_front();
    }
    const std::string name =
        std::string(about.resource) + (about.check.empty() ? "" : " ") + std::string(about.check);
    examples.push_back({now, plugins::printable(name, 256),
                        before == nullptr ? "not called, or failed" : describe(a),
                        after == nullptr ? "not called, or failed" : describe(b)});
}

void PluginComparison::note_told(const CallResult& before, const CallResult& after,
                                 const About& about, model::Time now) {
    const bool by_old = tells_anomaly(before);
    const bool by_new = tells_anomaly(after);
    if (!by_old && !by_new) {
        return;
    }
    if (told.size() == kToldMax) {
        told.pop_front();
    }
    constexpr std::size_t kShown = 256;
    told.push_back({about.time == model::kNoTime ? now : about.time,
                    plugins::printable(about.resource, kShown),
                    plugins::printable(about.check, kShown), by_old, by_new});
}

void PluginComparison::encode(model::Writer& out) const {
    for (const std::uint64_t count : {calls, same, only_old, only_new, differ, scores_differ}) {
        out.varint(count);
    }
    out.zigzag(model::to_unix_ms(since));
    out.varint(examples.size());
    for (const Example& example : examples) {
        out.zigzag(model::to_unix_ms(example.at));
        out.text(example.about);
        out.text(example.before);
        out.text(example.after);
    }
    out.varint(told.size());
    for (const Told& one : told) {
        out.zigzag(model::to_unix_ms(one.at));
        out.text(one.resource);
        out.text(one.check);
        out.boolean(one.by_old);
        out.boolean(one.by_new);
    }
}

void PluginComparison::decode(model::Reader& in) {
    for (std::uint64_t* count : {&calls, &same, &only_old, &only_new, &differ, &scores_differ}) {
        *count = in.varint();
    }
    since = model::from_unix_ms(in.zigzag());
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        Example& example = examples.emplace_back();
        example.at = model::from_unix_ms(in.zigzag());
        example.about = in.text();
        example.before = in.text();
        example.after = in.text();
    }
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        Told& one = told.emplace_back();
        one.at = model::from_unix_ms(in.zigzag());
        one.resource = in.text();
        one.check = in.text();
        one.by_old = in.boolean();
        one.by_new = in.boolean();
    }
}

}  // namespace nocturne::engine
