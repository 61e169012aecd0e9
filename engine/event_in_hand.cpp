#include "engine/event_in_hand.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

using plugins::Wish;

void OwnEvents::add(OwnEvent event) {
    batch_.add(event.event);
    event.event = batch_.events().back();
    events_.push_back(event);
}

void OwnEvents::reset() {
    if (!events_.empty()) {
        batch_ = {};
        events_.clear();
        next_ = 0;
    }
}

void EventInHand::begin(const model::EventView& event, std::uint32_t depth) {
    event_ = event;
    depth_ = depth;
    if (has_texts_) {
        texts_ = {};
        has_texts_ = false;
    }
    deeds_.clear();
    labels_.assign(event.labels.begin(), event.labels.end());
    annotations_.assign(event.annotations.begin(), event.annotations.end());
}

bool EventInHand::grant(const Wish& wish) {
    switch (wish.what) {
        case Wish::What::Annotate: return annotate(wish);
        case Wish::What::Label: return label(wish);
        case Wish::What::Severity: return set_severity(wish.value);
        case Wish::What::Resource:
            if (wish.value.empty()) {
                return false;
            }
            event_.resource = keep(wish.value);
            identify();
            return true;
        case Wish::What::Emit: break;  // the caller's business
    }
    return false;
}

std::string_view EventInHand::keep(std::string_view text) {
    has_texts_ = true;
    return texts_.copy(text);
}

bool EventInHand::annotate(const Wish& wish) {
    auto found = std::find_if(annotations_.begin(), annotations_.end(),
                              [&](const auto& one) { return one.name == wish.name; });
    if (found == annotations_.end()) {
        if (annotations_.size() >= kAnnotationsMax || wish.name.empty()) {
            return false;
        }
        found = annotations_.insert(found, {keep(wish.name), {}, wish.type});
    }
    found->value = keep(wish.value);
    found->type = wish.type;
    event_.annotations = annotations_;
    return true;
}

// An empty value takes the label away.
bool EventInHand::label(const Wish& wish) {
    auto place = std::lower_bound(
        labels_.begin(), labels_.end(), wish.name,
        [](const model::LabelView& label, const std::string& name) { return label.name < name; });
    const bool is_there = place != labels_.end() && place->name == wish.name;
    if (wish.value.empty()) {
        if (is_there) {
            labels_.erase(place);
        }
    } else if (is_there) {
        place->value = keep(wish.value);
    } else {
        if (labels_.size() >= kLabelsMax || wish.name.empty()) {
            return false;
        }
        labels_.insert(place, {keep(wish.name), keep(wish.value)});
    }
    event_.labels = labels_;
    identify();
    return true;
}

bool EventInHand::set_severity(std::string_view name) {
    const auto severity = model::find_name<model::Severity>(model::kSeverityNames, name);
    if (!severity || *severity == model::Severity::Ok) {
        return false;  // "ok" would end an alert, which is the source's to say
    }
    event_.severity = *severity;
    return true;
}

void EventInHand::identify() {
    event_.fingerprint = model::identity_of(event_.resource, event_.check, event_.labels);
}

}  // namespace nocturne::engine
