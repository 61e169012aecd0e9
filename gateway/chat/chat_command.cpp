#include "gateway/chat/chat_command.hpp"

#include "gateway/effectors/result_text.hpp"
#include "model/matcher.hpp"
#include "model/suggestion.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace nocturne::gateway {

namespace {

using model::Role;

constexpr std::array<ChatVerbUse, 12> kUses{{
    {"help", "help [COMMAND]", "tells what can be said", Role::Viewer},
    {"incidents", "incidents", "lists those that are not over", Role::Viewer},
    {"show", "show ID", "tells an incident", Role::Viewer},
    {"why", "why SUBJECT", "tells the decisions about an incident, an alert or a resource",
     Role::Viewer},
    {"what would you do", "what would you do ID", "tells the proposed plan, and does nothing",
     Role::Viewer},
    {"plan", "plan ID", "makes a plan, which can then be approved", Role::Responder},
    // Which role a run's plan asks for beyond that, the engine says.
    {"approve", "approve RUN [HASH]", "lets a plan run; HASH: the beginning of the plan's hash",
     Role::Responder},
    {"reject", "reject RUN [REASON]", "says no to a plan", Role::Responder},
    {"answer", "answer RUN yes|no|again|leave",
     "answers what a run asks; where nobody knows whether a step was done: yes, it was; no, undo "
     "the "
     "rest; take it again; leave all as it is",
     Role::Responder},
    {"silence", "silence MATCHERS DURATION", "hides alerts, e.g. silence resource=orders-db 2h",
     Role::Responder},
    {"ack", "ack ID", "says that somebody works on an incident", Role::Responder},
    {"label", "label ID CAUSE", "says what the cause was, for learning", Role::Responder},
}};

struct Word {
    std::string_view word;
    ChatVerb verb;
};

constexpr std::array<Word, 18> kWords{{
    {"help", ChatVerb::Help},
    {"incidents", ChatVerb::Incidents},
    {"list", ChatVerb::Incidents},
    {"show", ChatVerb::Show},
    {"why", ChatVerb::Why},
    {"what would you do about", ChatVerb::WhatWouldYouDo},
    {"what would you do", ChatVerb::WhatWouldYouDo},
    {"wwyd", ChatVerb::WhatWouldYouDo},
    {"plan", ChatVerb::Plan},
    {"approve", ChatVerb::Approve},
    {"reject", ChatVerb::Reject},
    {"deny", ChatVerb::Reject},
    {"answer", ChatVerb::Answer},
    {"settle", ChatVerb::Answer},
    {"silence", ChatVerb::Silence},
    {"ack", ChatVerb::Acknowledge},
    {"acknowledge", ChatVerb::Acknowledge},
    {"label", ChatVerb::Label},
}};

bool is_space(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

// The first word; `rest` is what is behind it.
std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const auto end = std::find_if(rest.begin(), rest.end(), is_space);
    const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest = trim(rest.substr(word.size()));
    return word;
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// What is behind the words, which must stand at the start of the text.
std::optional<std::string_view> behind(std::string_view words, std::string_view text) {
    while (!words.empty()) {
        const std::string_view expected = take_word(words);
        const std::string_view found = take_word(text);
        if (!std::equal(expected.begin(), expected.end(), found.begin(), found.end(),
                        [](char a, char b) { return a == lower(b); })) {
            return std::nullopt;
        }
    }
    return text;
}

tl::unexpected<Error> wrong(ChatVerb verb, const std::string& what) {
    return fail(ErrorCode::Invalid, what + "; say: " + std::string(use_of(verb).use));
}

// Ids of incidents and runs, resources and alerts: no spaces, nothing that is not printable.
Result<std::string> take_subject(ChatVerb verb, std::string_view& rest) {
    const std::string_view word = take_word(rest);
    constexpr std::size_t kSubjectBytesMax = 256;
    if (word.empty()) {
        return wrong(verb, std::string(use_of(verb).name) + " of what?");
    }
    if (word.size() > kSubjectBytesMax || printable(word) != word) {
        return wrong(verb, "that is not the name of anything");
    }
    return std::string(word);
}

Status expect_end(ChatVerb verb, std::string_view rest) {
    return rest.empty() ? Status()
                        : Status(wrong(verb, "\"" + printable(rest, 64) + "\" is one too many"));
}

bool is_hash(std::string_view text) {
    constexpr std::size_t kShortest = 6;
    constexpr std::size_t kWhole = 64;
    return text.size() >= kShortest && text.size() <= kWhole &&
           std::all_of(text.begin(), text.end(), [](char letter) {
               const char low = lower(letter);
               return (low >= '0' && low <= '9') || (low >= 'a' && low <= 'f');
           });
}

Status parse_silence(ChatCommand& command, std::string_view rest) {
    const std::size_t space = rest.find_last_of(" \t\n");
    const std::string_view time =
        space == std::string_view::npos ? std::string_view() : trim(rest.substr(space));
    const Result<model::Duration> duration = model::parse_duration(time);
    constexpr model::Duration kMost = std::chrono::days(30);
    if (!duration || duration->count() <= 0 || *duration > kMost) {
        return wrong(command.verb,
                     time.empty() ? "silence what, and for how long?"
                                  : "\"" + printable(time, 64) + "\" is not a duration up to 30d");
    }
    const std::string_view matchers = trim(rest.substr(0, space));
    const Result<model::Matchers> parsed = model::parse_matchers(matchers);
    if (!parsed) {
        return wrong(command.verb, printable(parsed.error().message, 256));
    }
    command.text = matchers;
    command.duration = *duration;
    return {};
}

Status parse_rest(ChatCommand& command, std::string_view rest) {
    const ChatVerb verb = command.verb;
    if (verb == ChatVerb::Help) {
        command.text = rest;
        return {};
    }
    if (verb == ChatVerb::Incidents) {
        return expect_end(verb, rest);
    }
    if (verb == ChatVerb::Silence) {
        return parse_silence(command, rest);
    }
    NOCTURNE_TRY(command.subject, take_subject(verb, rest));
    if (verb == ChatVerb::Approve) {
        command.text = take_word(rest);
        std::transform(command.text.begin(), command.text.end(), command.text.begin(), lower);
        if (!command.text.empty() && !is_hash(command.text)) {
            return wrong(verb, "\"" + printable(command.text, 64) +
                                   "\" is not the beginning of a hash, 6 to 64 hexadecimal digits");
        }
        return expect_end(verb, rest);
    }
    if (verb == ChatVerb::Answer) {
        command.text = take_word(rest);
        std::transform(command.text.begin(), command.text.end(), command.text.begin(), lower);
        static constexpr std::array<std::string_view, 4> kAnswers{"yes", "no", "again", "leave"};
        if (std::find(kAnswers.begin(), kAnswers.end(), command.text) == kAnswers.end()) {
            return wrong(verb, "\"" + printable(command.text, 64) + "\" is no answer");
        }
        return expect_end(verb, rest);
    }
    if (verb == ChatVerb::Reject || verb == ChatVerb::Label) {
        command.text = printable(rest, 1024);
        return verb == ChatVerb::Label && command.text.empty()
                   ? Status(wrong(verb, "label it with which cause?"))
                   : Status();
    }
    return expect_end(verb, rest);
}

}  // namespace

const ChatVerbUse& use_of(ChatVerb verb) {
    return kUses[static_cast<std::size_t>(verb)];
}

Result<ChatCommand> parse_chat_command(std::string_view text) {
    if (text.size() > kChatTextBytesMax) {
        return fail(ErrorCode::Invalid, "that is too long; at most 4096 bytes");
    }
    text = trim(text);
    if (text.empty()) {
        return ChatCommand{};
    }
    while (!text.empty() && text.back() == '?') {
        text = trim(text.substr(0, text.size() - 1));
    }
    for (const Word& word : kWords) {
        if (const std::optional<std::string_view> rest = behind(word.word, text)) {
            ChatCommand command;
            command.verb = word.verb;
            NOCTURNE_TRY_STATUS(parse_rest(command, *rest));
            return command;
        }
    }
    std::vector<std::string_view> known;
    for (const ChatVerbUse& use : kUses) {
        known.push_back(use.name);
    }
    std::string_view rest = text;
    const std::string_view first = take_word(rest);
    return fail(ErrorCode::Invalid, "\"" + printable(first, 64) + "\" is no command; " +
                                        model::suggest(first.substr(0, 64), known));
}

std::string chat_help(model::Role role, std::string_view command) {
    std::string all;
    for (const ChatVerbUse& use : kUses) {
        if (use.name == command) {
            return std::string(use.use) + ": " + std::string(use.what) + " (needs the role " +
                   std::string(model::name_of(use.role)) + ")";
        }
        if (model::includes(role, use.role)) {
            all += (all.empty() ? "" : "; ") + std::string(use.use);
        }
    }
    return "you may say: " + all + ". `help COMMAND` tells more";
}

}  // namespace nocturne::gateway
