#include "engine/alert_table.hpp"

#include "model/prefetch.hpp"

#include <algorithm>
#include <array>

namespace nocturne::engine {

using model::Alert;
using model::Reader;
using model::Writer;

namespace {

void encode_fields(Writer& out, const Alert& alert) {
    out.u64(alert.fingerprint.high);
    out.u64(alert.fingerprint.low);
    for (const model::Id id : {alert.id, alert.incident, alert.suppressed_by}) {
        out.varint(id.position);
        out.varint(id.index);
    }
    for (const model::Time time : {alert.first_seen, alert.last_seen, alert.changed_at,
                                   alert.touched_at, alert.ended_at, alert.reminder}) {
        out.zigzag(model::to_unix_ms(time));
    }
    out.varint(alert.count);
    out.f64(alert.value);
    out.f64(static_cast<double>(alert.deviation));
    out.f64(static_cast<double>(alert.excess));
    out.f64(static_cast<double>(alert.baseline));
    out.varint(alert.node);
    out.u8(static_cast<std::uint8_t>(alert.severity));
    out.u8(static_cast<std::uint8_t>(alert.severity_worst));
    out.u8(static_cast<std::uint8_t>(alert.state));
    out.u8(static_cast<std::uint8_t>(alert.suppression));
    out.u8(static_cast<std::uint8_t>(alert.grouping));
    out.boolean(alert.has_value);
    out.boolean(alert.is_counted);
    out.boolean(alert.slo);
}

void decode_fields(Reader& in, Alert& alert) {
    alert.fingerprint.high = in.u64();
    alert.fingerprint.low = in.u64();
    for (model::Id* id : {&alert.id, &alert.incident, &alert.suppressed_by}) {
        id->position = in.varint();
        id->index = static_cast<std::uint32_t>(in.varint());
    }
    for (model::Time* time : {&alert.first_seen, &alert.last_seen, &alert.changed_at,
                              &alert.touched_at, &alert.ended_at, &alert.reminder}) {
        *time = model::from_unix_ms(in.zigzag());
    }
    alert.count = in.varint();
    alert.value = in.f64();
    alert.deviation = static_cast<float>(in.f64());
    alert.excess = static_cast<float>(in.f64());
    alert.baseline = static_cast<float>(in.f64());
    alert.node = static_cast<std::uint32_t>(in.varint());
    alert.severity = static_cast<model::Severity>(in.u8());
    alert.severity_worst = static_cast<model::Severity>(in.u8());
    alert.state = static_cast<model::AlertState>(in.u8());
    alert.suppression = static_cast<model::Reason>(in.u8());
    alert.grouping = static_cast<model::Reason>(in.u8());
    alert.has_value = in.boolean();
    alert.is_counted = in.boolean();
    alert.slo = in.boolean();
}

}  // namespace

Slot AlertTable::find(const model::Fingerprint& fingerprint) const {
    const auto found = slots_.find(fingerprint);
    return found == slots_.end() ? kNoSlot : found->second;
}

void AlertTable::fetch(std::span<const model::EventView> events) const {
    std::array<const Alert*, kFetchedMax> alerts{};
    std::size_t found = 0;
    for (const model::EventView& event : events.first(std::min(events.size(), kFetchedMax))) {
        if (const Slot slot = find(event.fingerprint); slot != kNoSlot) {
            alerts[found++] = &alerts_[slot];
            model::prefetch(&alerts_[slot], sizeof(Alert));
        }
    }
    // Each round reads what the one before it has asked for.
    const std::span<const Alert* const> known(alerts.data(), found);
    for (const Alert* alert : known) {
        symbols_.prefetch(alert->summary);
        symbols_.prefetch(alert->annotations);
        model::prefetch(alert->sources.data(), sizeof(model::Symbol));
    }
    for (const Alert* alert : known) {
        symbols_.prefetch_text(alert->summary);
        symbols_.prefetch_text(alert->annotations);
    }
}

Slot AlertTable::create(const model::Fingerprint& fingerprint) {
    Slot slot = 0;
    if (free_.empty()) {
        slot = static_cast<Slot>(alerts_.size());
        alerts_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    alerts_[slot].fingerprint = fingerprint;
    slots_.emplace(fingerprint, slot);
    return slot;
}

void AlertTable::remove(Slot slot) {
    Alert& alert = alerts_[slot];
    slots_.erase(alert.fingerprint);
    for (const model::Symbol symbol :
         {alert.resource, alert.check, alert.summary, alert.annotations, alert.suppressed_rule}) {
        symbols_.release(symbol);
    }
    for (const model::Symbol source : alert.sources) {
        symbols_.release(source);
    }
    for (const model::LabelSymbols& label : alert.labels) {
        symbols_.release(label.name);
        symbols_.release(label.value);
    }
    alert = {};
    free_.push_back(slot);
}

void AlertTable::assign(model::Symbol& symbol, std::string_view text) {
    if (symbols_.text(symbol) == text) {
        return;
    }
    const model::Symbol before = symbol;
    symbol = symbols_.acquire(text);
    symbols_.release(before);
}

std::size_t AlertTable::bytes() const {
    std::size_t bytes = alerts_.capacity() * sizeof(Alert) + symbols_.bytes() +
                        slots_.bucket_count() * (sizeof(model::Fingerprint) + sizeof(Slot) + 1);
    for (const Alert& alert : alerts_) {
        bytes += alert.labels.capacity() * sizeof(model::LabelSymbols) +
                 alert.sources.capacity() * sizeof(model::Symbol);
    }
    return bytes;
}

void AlertTable::encode(Writer& out) const {
    out.varint(alerts_.size());
    for (const Alert& alert : alerts_) {
        out.boolean(alert.id != model::kNoId);
        if (alert.id == model::kNoId) {
            continue;
        }
        encode_fields(out, alert);
        for (const model::Symbol symbol : {alert.resource, alert.check, alert.summary,
                                           alert.annotations, alert.suppressed_rule}) {
            out.text(text(symbol));
        }
        out.varint(alert.sources.size());
        for (const model::Symbol source : alert.sources) {
            out.text(text(source));
        }
        out.varint(alert.labels.size());
        for (const model::LabelSymbols& label : alert.labels) {
            out.text(text(label.name));
            out.text(text(label.value));
        }
    }
    out.varint(free_.size());
    for (const Slot slot : free_) {
        out.varint(slot);
    }
}

void AlertTable::decode(Reader& in) {
    const std::size_t count = in.count();
    alerts_.resize(count);
    slots_.reserve(count);
    for (Slot slot = 0; slot < count && in.ok(); ++slot) {
        if (!in.boolean()) {
            continue;
        }
        Alert& alert = alerts_[slot];
        decode_fields(in, alert);
        for (model::Symbol* symbol : {&alert.resource, &alert.check, &alert.summary,
                                      &alert.annotations, &alert.suppressed_rule}) {
            *symbol = symbols_.acquire(in.text());
        }
        alert.sources.resize(in.count());
        for (model::Symbol& source : alert.sources) {
            source = symbols_.acquire(in.text());
        }
        alert.labels.resize(in.count());
        for (model::LabelSymbols& label : alert.labels) {
            label.name = symbols_.acquire(in.text());
            label.value = symbols_.acquire(in.text());
        }
        slots_.emplace(alert.fingerprint, slot);
    }
    free_.resize(in.count());
    for (Slot& slot : free_) {
        slot = static_cast<Slot>(in.varint());
    }
}

}  // namespace nocturne::engine
