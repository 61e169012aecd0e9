#include "engine/event_in_hand.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nocturne::engine {

using plugins::Wish;

namespace {

// Its length and its last eight bytes: names that differ seldom share them, so that a search among
// a hundred reads few lines of memory and compares texts once.
std::uint64_t key_of(std::string_view name) {
    std::uint64_t key = 0;
    if (name.size() >= sizeof(key)) {
        std::memcpy(&key, name.data() + name.size() - sizeof(key), sizeof(key));
    } else {
        for (const char byte : name) {
            key = key << 8U | static_cast<unsigned char>(byte);
        }
    }
    return key ^ name.size() << 56U;
}

}  // namespace

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
    if (texts_bytes_ >
        kTextsKeptBytes) {  // a new block for each event would cost more than it holds
        texts_ = {};
        texts_bytes_ = 0;
    }
    deeds_.clear();
    labels_.assign(event.labels.begin(), event.labels.end());
    annotations_.assign(event.annotations.begin(), event.annotations.end());
    keys_.clear();
    for (const model::AnnotationView& annotation : annotations_) {
        keys_.push_back(key_of(annotation.name));
    }
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
    texts_bytes_ += text.size();
    return texts_.copy(text);
}

// annotations_.size() when there is none of that name.
std::size_t EventInHand::place_of(std::string_view annotation, std::uint64_t key) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (keys_[i] == key && annotations_[i].name == annotation) {
            return i;
        }
    }
    return keys_.size();
}

bool EventInHand::annotate(const Wish& wish) {
    const std::uint64_t key = key_of(wish.name);
    const std::size_t place = place_of(wish.name, key);
    if (place == annotations_.size()) {
        if (annotations_.size() >= kAnnotationsMax || wish.name.empty()) {
            return false;
        }
        annotations_.push_back({keep(wish.name), {}, wish.type});
        keys_.push_back(key);
    }
    annotations_[place].value = keep(wish.value);
    annotations_[place].type = wish.type;
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
