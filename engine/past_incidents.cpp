#include "engine/past_incidents.hpp"

#include "model/event.hpp"

#include <algorithm>
#include <map>

namespace nocturne::engine {

namespace {

// Jaccard's index of two sorted sets.
double likeness(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
    std::size_t both = 0;
    for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
        both += *i == *j;
        const bool first = *i <= *j;
        const bool second = *j <= *i;
        i += first;
        j += second;
    }
    const std::size_t either = a.size() + b.size() - both;
    return either == 0 ? 0.0 : static_cast<double>(both) / static_cast<double>(either);
}

}  // namespace

std::vector<std::uint64_t> PastIncidents::signature_of(const model::Incident& incident,
                                                       const AlertTable& alerts) {
    std::vector<std::uint64_t> signature;
    for (const Slot slot : incident.alerts) {
        if (signature.size() == kAlertsMax) {
            break;
        }
        const model::Alert& alert = alerts[slot];
        signature.push_back(
            model::identity_of(alerts.text(alert.resource), alerts.text(alert.check), {}).low);
    }
    std::sort(signature.begin(), signature.end());
    signature.erase(std::unique(signature.begin(), signature.end()), signature.end());
    return signature;
}

void PastIncidents::remember(const model::Incident& incident, const AlertTable& alerts) {
    std::erase_if(past_, [&](const Past& past) { return past.id == incident.id; });
    past_.push_back(
        {incident.id, incident.cause, incident.opened_at, signature_of(incident, alerts)});
    if (past_.size() > kIncidentsMax) {
        past_.pop_front();
    }
}

std::vector<PastIncidents::Likeness> PastIncidents::compare(const model::Incident& incident,
                                                            const AlertTable& alerts) const {
    if (past_.empty()) {
        return {};
    }
    const std::vector<std::uint64_t> now = signature_of(incident, alerts);
    std::map<std::string, Likeness> best;
    for (const Past& past : past_) {
        const double share = past.id == incident.id ? 0.0 : likeness(past.signature, now);
        Likeness& known = best[past.cause];
        if (share >= known.share && share > 0) {
            known = {past.cause, share, past.at, past.id};
        }
    }
    std::vector<Likeness> alike;
    for (auto& [cause, one] : best) {
        if (one.share > 0) {
            alike.push_back(std::move(one));
        }
    }
    return alike;
}

void PastIncidents::encode(model::Writer& out) const {
    out.varint(past_.size());
    for (const Past& past : past_) {
        out.varint(past.id.position);
        out.varint(past.id.index);
        out.text(past.cause);
        out.zigzag(model::to_unix_ms(past.at));
        out.varint(past.signature.size());
        for (const std::uint64_t hash : past.signature) {
            out.u64(hash);
        }
    }
}

void PastIncidents::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        Past& past = past_.emplace_back();
        past.id.position = in.varint();
        past.id.index = static_cast<std::uint32_t>(in.varint());
        past.cause = in.text();
        past.at = model::from_unix_ms(in.zigzag());
        past.signature.resize(std::min(in.count(), kAlertsMax));
        for (std::uint64_t& hash : past.signature) {
            hash = in.u64();
        }
    }
}

}  // namespace nocturne::engine
