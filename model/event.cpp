#include "model/event.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace nocturne::model {

namespace {

constexpr std::size_t kArenaBlockBytes = 32 * 1024;
constexpr std::size_t kAlignment = alignof(std::max_align_t);

// Which optional fields follow in the encoded event.
enum Presence : unsigned {
    kHasTime = 1U << 0,
    kHasSummary = 1U << 1,
    kHasId = 1U << 2,
    kHasValue = 1U << 3,
    kHasLabels = 1U << 4,
    kHasAnnotations = 1U << 5,
};

std::uint8_t presence_of(const EventView& event) {
    unsigned bits = 0;
    bits |= event.time != kNoTime ? kHasTime : 0U;
    bits |= event.summary.empty() ? 0U : kHasSummary;
    bits |= event.id.empty() ? 0U : kHasId;
    bits |= event.has_value ? kHasValue : 0U;
    bits |= event.labels.empty() ? 0U : kHasLabels;
    bits |= event.annotations.empty() ? 0U : kHasAnnotations;
    return static_cast<std::uint8_t>(bits);
}

void encode_event(Writer& out, const EventView& event) {
    const std::uint8_t presence = presence_of(event);
    out.u8(presence);
    out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(event.kind) |
                                     static_cast<unsigned>(event.status) << 2 |
                                     static_cast<unsigned>(event.severity) << 3));
    out.text(event.source);
    out.text(event.resource);
    out.text(event.check);
    if (presence & kHasTime) {
        out.zigzag(to_unix_ms(event.time));
    }
    if (presence & kHasSummary) {
        out.text(event.summary);
    }
    if (presence & kHasId) {
        out.text(event.id);
    }
    if (presence & kHasValue) {
        out.f64(event.value);
    }
    if (presence & kHasLabels) {
        out.varint(event.labels.size());
        for (const LabelView& label : event.labels) {
            out.text(label.name);
            out.text(label.value);
        }
    }
    if (presence & kHasAnnotations) {
        out.varint(event.annotations.size());
        for (const AnnotationView& annotation : event.annotations) {
            out.u8(static_cast<std::uint8_t>(annotation.type));
            out.text(annotation.name);
            out.text(annotation.value);
        }
    }
}

// Clamps what a damaged journal could hold to the enumerators that exist.
template <typename Enum>
Enum enumerator(unsigned value, Enum last) {
    return static_cast<Enum>(std::min(value, static_cast<unsigned>(last)));
}

EventView decode_event(Reader& in, Arena& arena) {
    EventView event;
    const std::uint8_t presence = in.u8();
    const unsigned words = in.u8();
    event.kind = enumerator(words & 0x3, Kind::Heartbeat);
    event.status = enumerator((words >> 2) & 0x1, EventStatus::Resolved);
    event.severity = enumerator((words >> 3) & 0x7, Severity::Critical);
    event.source = arena.copy(in.text());
    event.resource = arena.copy(in.text());
    event.check = arena.copy(in.text());
    if (presence & kHasTime) {
        event.time = from_unix_ms(in.zigzag());
    }
    if (presence & kHasSummary) {
        event.summary = arena.copy(in.text());
    }
    if (presence & kHasId) {
        event.id = arena.copy(in.text());
    }
    if (presence & kHasValue) {
        event.has_value = true;
        event.value = in.f64();
    }
    if (presence & kHasLabels) {
        std::vector<LabelView> labels(in.count());
        for (LabelView& label : labels) {
            label.name = arena.copy(in.text());
            label.value = arena.copy(in.text());
        }
        event.labels = arena.copy(std::span<const LabelView>(labels));
    }
    if (presence & kHasAnnotations) {
        std::vector<AnnotationView> annotations(in.count());
        for (AnnotationView& annotation : annotations) {
            annotation.type = enumerator(in.u8(), AnnotationView::Type::Json);
            annotation.name = arena.copy(in.text());
            annotation.value = arena.copy(in.text());
        }
        event.annotations = arena.copy(std::span<const AnnotationView>(annotations));
    }
    event.fingerprint = identity_of(event.resource, event.check, event.labels);
    event.message = message_of(event.source, event.id);
    return event;
}

char* append(char* out, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::memcpy(out, &size, sizeof(size));
    if (!text.empty()) {  // an empty view may point to nothing
        std::memcpy(out + sizeof(size), text.data(), text.size());
    }
    return out + sizeof(size) + text.size();
}

}  // namespace

Fingerprint identity_of(std::string_view resource, std::string_view check,
                        std::span<const LabelView> labels) {
    std::size_t bytes = resource.size() + check.size() + 8;
    for (const LabelView& label : labels) {
        bytes += label.name.size() + label.value.size() + 8;
    }
    constexpr std::size_t kOnStackBytes = 2048;
    char on_stack[kOnStackBytes];
    std::string on_heap;
    char* begin = on_stack;
    if (bytes > kOnStackBytes) {
        on_heap.resize(bytes);
        begin = on_heap.data();
    }
    char* end = append(append(begin, resource), check);
    for (const LabelView& label : labels) {
        end = append(append(end, label.name), label.value);
    }
    return fingerprint_of({begin, static_cast<std::size_t>(end - begin)});
}

Fingerprint message_of(std::string_view source, std::string_view id) {
    if (id.empty()) {
        return {};
    }
    return identity_of(source, id, {});
}

char* Arena::allocate(std::size_t bytes) {
    used_ = (used_ + kAlignment - 1) / kAlignment * kAlignment;
    return take(bytes);
}

// From the place where the last one ended.
char* Arena::take(std::size_t bytes) {
    if (used_ + bytes > capacity_) {
        capacity_ = std::max(bytes, kArenaBlockBytes);
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(capacity_));
        used_ = 0;
    }
    char* begin = blocks_.back().get() + used_;
    used_ += bytes;
    return begin;
}

std::string_view Arena::copy(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    char* begin = take(text.size());
    std::memcpy(begin, text.data(), text.size());
    return {begin, text.size()};
}

void EventBatch::add(const EventView& event) {
    EventView copied = event;
    for (std::string_view* text :
         {&copied.source, &copied.resource, &copied.check, &copied.summary, &copied.id}) {
        *text = arena_.copy(*text);
    }
    std::vector<LabelView> labels(event.labels.begin(), event.labels.end());
    for (LabelView& label : labels) {
        label = {arena_.copy(label.name), arena_.copy(label.value)};
    }
    std::vector<AnnotationView> annotations(event.annotations.begin(), event.annotations.end());
    for (AnnotationView& annotation : annotations) {
        annotation.name = arena_.copy(annotation.name);
        annotation.value = arena_.copy(annotation.value);
    }
    copied.labels = arena_.copy(std::span<const LabelView>(labels));
    copied.annotations = arena_.copy(std::span<const AnnotationView>(annotations));
    events_.push_back(copied);
}

void encode(Writer& out, const EventBatch& batch) {
    out.varint(batch.size());
    for (const EventView& event : batch.events()) {
        encode_event(out, event);
    }
}

EventBatch decode_event_batch(Reader& in) {
    EventBatch batch;
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        batch.add_owned(decode_event(in, batch.arena()));
    }
    return batch;
}

}  // namespace nocturne::model
