#include "engine/plugin_breaker.hpp"

#include <algorithm>

namespace nocturne::engine {

bool PluginBreaker::fault(Fault fault, model::Time now) {
    while (!faults_.empty() && faults_.front().first + kWindow <= now) {
        faults_.pop_front();
    }
    faults_.emplace_back(now, fault);
    std::uint32_t weight = 0;
    for (const auto& [at, one] : faults_) {
        weight += static_cast<std::uint32_t>(one);
    }
    if (state_ == State::Open || (state_ == State::Closed && weight < kWeightMax)) {
        return false;
    }
    const bool is_calm = recovered_at_ != model::kNoTime && recovered_at_ + kLastPause <= now;
    pause_ = state_ == State::Closed && (is_calm || pause_ == model::Duration(0))
                 ? kFirstPause
                 : std::min(pause_ * 2, kLastPause);
    state_ = State::Open;
    until_ = now + pause_;
    faults_.clear();
    return true;
}

bool PluginBreaker::good_call(model::Time now) {
    if (state_ != State::Probing || --probes_left_ > 0) {
        return false;
    }
    state_ = State::Closed;
    recovered_at_ = now;
    return true;
}

bool PluginBreaker::probe_if_due(model::Time now) {
    if (state_ != State::Open || until_ > now) {
        return false;
    }
    state_ = State::Probing;
    probes_left_ = kProbeCalls;
    return true;
}

void PluginBreaker::encode(model::Writer& out) const {
    out.u8(static_cast<std::uint8_t>(state_));
    out.varint(faults_.size());
    for (const auto& [at, fault] : faults_) {
        out.zigzag(model::to_unix_ms(at));
        out.u8(static_cast<std::uint8_t>(fault));
    }
    out.zigzag(model::to_unix_ms(until_));
    out.zigzag(model::to_unix_ms(recovered_at_));
    out.zigzag(pause_.count());
    out.varint(probes_left_);
}

void PluginBreaker::decode(model::Reader& in) {
    state_ = static_cast<State>(in.u8());
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        const model::Time at = model::from_unix_ms(in.zigzag());
        faults_.emplace_back(at, static_cast<Fault>(in.u8()));
    }
    until_ = model::from_unix_ms(in.zigzag());
    recovered_at_ = model::from_unix_ms(in.zigzag());
    pause_ = model::Duration(in.zigzag());
    probes_left_ = static_cast<std::uint32_t>(in.varint());
}

}  // namespace nocturne::engine
