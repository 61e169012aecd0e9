// Plays a story to the engine under rules and prints what their patterns raised.
//
// play_rules RULES < STORY: each line of the story is "second resource check", sorted by time; a
// second alone lets time pass until its end. Prints "second resource check" for each event raised.
//
// Events arrive in the middle of their second: SEC, which reads a clock of whole seconds, cannot
// tell when within it.
#include "engine/core.hpp"
#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "rules/loader.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace nocturne::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const model::Time kStart = model::from_unix_ms(1'763'690'000'000);  // Friday 01:53:20 UTC

class Player {
   public:
    void apply(model::Input::Body body) {
        std::vector<model::Effect> effects;
        core_.apply({++position_, now_, std::move(body)}, effects);
        print_raised();
    }

    void pass_until(model::Time end) {
        while (core_.next_deadline() <= end) {
            now_ = std::max(now_, core_.next_deadline());
            apply(model::Tick{});
        }
        now_ = end;
    }

   private:
    // Each alert counts the events that raised it, and begins anew when it was resolved.
    void print_raised() {
        const AlertTable& alerts = core_.state().alerts;
        for (Slot slot = 0; slot < alerts.bound(); ++slot) {
            if (!alerts.is_used(slot) || alerts.text(alerts[slot].sources.front()) != "nocturne") {
                continue;
            }
            if (!alerts[slot].is_burning()) {
                seen_[slot] = 0;
                continue;
            }
            for (std::uint64_t& seen = seen_[slot]; seen < alerts[slot].count; ++seen) {
                std::cout << std::chrono::floor<seconds>(now_ - kStart).count() << ' '
                          << alerts.text(alerts[slot].resource) << ' '
                          << alerts.text(alerts[slot].check) << '\n';
            }
        }
    }

    Core core_;
    model::Time now_ = kStart;
    model::Position position_ = 0;
    std::map<Slot, std::uint64_t> seen_;
};

int play(const char* file) {
    rules::ReadRules read = rules::read_rules({file});
    std::vector<rules::Problem> problems = rules::compile(read.revision).problems;
    problems.insert(problems.begin(), read.problems.begin(), read.problems.end());
    for (const rules::Problem& problem : problems) {
        std::cerr << rules::to_string(problem) << '\n';
    }
    if (rules::has_errors(problems)) {
        return 1;
    }
    Player player;
    player.apply(std::move(read.revision));
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::int64_t second = 0;
        std::string resource;
        std::string check;
        words >> second;
        if (!(words >> resource >> check)) {
            player.pass_until(kStart + seconds(second) + milliseconds(999));
            continue;
        }
        player.pass_until(kStart + seconds(second) + milliseconds(500));
        std::string event = R"({"severity":"info","resource":")";
        event.append(resource).append(R"(","check":")").append(check).append("\"}");
        player.apply(model::EventDecoder().decode(event).batch);
    }
    return 0;
}

}  // namespace
}  // namespace nocturne::engine

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: play_rules RULES < STORY\n";
        return 2;
    }
    return nocturne::engine::play(argv[1]);
}
