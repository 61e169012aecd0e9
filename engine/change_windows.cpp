#include "engine/change_windows.hpp"

#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <map>

namespace nocturne::engine {

using rules::ChangeWindowRule;

namespace {

constexpr std::size_t kCoveredMax = 10'000;  // nodes of one window

}  // namespace

void ChangeWindows::load(const rules::RuleSet& rules) {
    std::map<model::Fingerprint, std::uint32_t> same;
    for (std::uint32_t i = 0; i < rules.change_windows.size(); ++i) {
        same.emplace(rules.rules[rules.change_windows[i].rule].content, i);
    }
    for (Window& window : windows_) {
        if (window.until == model::kNoTime) {
            window = {};  // it names a rule of before
            continue;
        }
        const auto found =
            same.find(rules_->rules[rules_->change_windows[window.rule].rule].content);
        if (found == same.end()) {
            window = {};
        } else {
            window.rule = found->second;
        }
    }
    rules_ = &rules;
}

void ChangeWindows::note(const model::EventView& change, model::Time now,
                         const topology::Graph& graph, RuleBook& book, Deadlines& deadlines) {
    if (rules_ == nullptr || rules_->change_windows.empty() ||
        graph.find(change.resource) == topology::kNoNode) {
        return;
    }
    const rules::SubjectView subject = rules::subject_of(change);
    for (std::uint32_t i = 0; i < rules_->change_windows.size(); ++i) {
        const ChangeWindowRule& rule = rules_->change_windows[i];
        if (!rule.match.holds(subject)) {
            continue;
        }
        auto place = std::find_if(windows_.begin(), windows_.end(), [](const Window& window) {
            return window.until == model::kNoTime;
        });
        if (place == windows_.end()) {
            if (windows_.size() >= kOpenMax) {
                ++refused_;
                return;
            }
            place = windows_.insert(place, Window{});
        }
        *place = {std::string(change.resource), std::string(change.check), i, now + rule.lasts, 0};
        deadlines.add(place->until, Deadline::Kind::ChangeWindow,
                      static_cast<std::uint32_t>(place - windows_.begin()));
        const std::size_t covered =
            topology::dependents(graph, graph.find(change.resource), rule.dependents, kCoveredMax)
                .size();
        cut_ += covered >= kCoveredMax ? 1U : 0U;
        (void)book.note(rule.rule, now);
        return;
    }
}

bool ChangeWindows::covers(const Window& window, topology::NodeIndex node,
                           const topology::Graph& graph) const {
    const topology::NodeIndex changed = graph.find(window.resource);
    if (changed == topology::kNoNode) {
        return false;
    }
    const std::vector<topology::NodeIndex> covered = topology::dependents(
        graph, changed, rules_->change_windows[window.rule].dependents, kCoveredMax);
    return std::find(covered.begin(), covered.end(), node) != covered.end();
}

Mute ChangeWindows::mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                          RuleBook& book, model::Time now, Count count, bool& closed) {
    const model::Alert& alert = alerts[slot];
    for (Window& window : windows_) {
        if (window.until == model::kNoTime || window.until <= now) {
            continue;
        }
        const ChangeWindowRule& rule = rules_->change_windows[window.rule];
        if (alert.severity > rule.severity_max || !covers(window, alert.node, graph)) {
            continue;
        }
        if (book.is_shadow(rule.rule)) {
            (void)book.note(rule.rule, now);
            continue;
        }
        if (count == Count::Yes && ++window.raised > rule.alerts_max) {
            window.until = model::kNoTime;
            closed = true;
            continue;
        }
        (void)book.note(rule.rule, now);
        return {model::Reason::DuringChange, rule.rule, model::kNoId,
                window.what + " on " + window.resource + ", until " +
                    model::format_time(window.until)};
    }
    return {};
}

bool ChangeWindows::look_at(Slot window, model::Time now) {
    if (window >= windows_.size() || windows_[window].until == model::kNoTime ||
        windows_[window].until > now) {
        return false;
    }
    windows_[window].until = model::kNoTime;
    return true;
}

std::size_t ChangeWindows::open_count(model::Time now) const {
    return static_cast<std::size_t>(
        std::count_if(windows_.begin(), windows_.end(), [&](const Window& window) {
            return window.until != model::kNoTime && window.until > now;
        }));
}

void ChangeWindows::encode(model::Writer& out) const {
    out.varint(windows_.size());
    for (const Window& window : windows_) {
        out.text(window.resource);
        out.text(window.what);
        out.varint(window.rule);
        out.zigzag(model::to_unix_ms(window.until));
        out.varint(window.raised);
    }
}

void ChangeWindows::decode(model::Reader& in) {
    windows_.resize(in.count());
    for (Window& window : windows_) {
        window.resource = in.text();
        window.what = in.text();
        window.rule = static_cast<std::uint32_t>(in.varint());
        window.until = model::from_unix_ms(in.zigzag());
        window.raised = in.varint();
        if (rules_ == nullptr || window.rule >= rules_->change_windows.size()) {
            window = {};
        }
    }
}

}  // namespace nocturne::engine
