#include "gateway/chat/chat_desk.hpp"

#include "gateway/effectors/result_text.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"

#include <utility>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kStrangersMax = 1000;  // beyond it a stranger may be told again

std::size_t index_of(rules::ChatMedium medium) {
    return static_cast<std::size_t>(medium);
}

std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += (text.empty() ? "" : "\n") + line;
    }
    return text;
}

}  // namespace

ChatDesk::ChatDesk(People people, ChatBackend& backend, std::function<void(const ChatNote&)> note)
    : people_(std::make_shared<const People>(std::move(people))), backend_(backend),
      note_(std::move(note)) {}

void ChatDesk::set_people(People people) {
    const std::lock_guard lock(mutex_);
    people_ = std::make_shared<const People>(std::move(people));
    strangers_.clear();
}

void ChatDesk::refuse(rules::ChatMedium medium, ChatRefusal refusal) {
    ++refusals_[index_of(medium)][static_cast<std::size_t>(refusal)];
    if (note_) {
        note_({{"", model::Role::Viewer, std::string(rules::kChatMediumNames[index_of(medium)])},
               "chat.request",
               "",
               refusal,
               std::string(kChatRefusalNames[static_cast<std::size_t>(refusal)])});
    }
}

ChatReply ChatDesk::greet_stranger(const ChatIdentity& who) {
    const std::string name = describe(who);
    {
        const std::lock_guard lock(mutex_);
        if (strangers_.size() >= kStrangersMax) {
            strangers_.clear();
        }
        if (!strangers_.insert(name).second) {
            return {};
        }
    }
    logger()->info("chat user unknown identity=\"{}\"", name);
    return {"I do not know you (" + name +
                "), so you can do nothing here. Ask an administrator to list you under chat.users.",
            true};
}

ChatReply ChatDesk::hear(const ChatIdentity& who, std::string_view text, const std::string& place) {
    std::shared_ptr<const People> people;
    {
        const std::lock_guard lock(mutex_);
        people = people_;
    }
    const std::string from =
        std::string(rules::kChatMediumNames[index_of(who.medium)]) + " " + printable(place, 128);
    const std::optional<Person> person = people->find(who);
    ChatNote note{
        {person ? person->name : describe(who), person ? person->role : model::Role::Viewer, from},
        "chat.message",
        "",
        std::nullopt,
        ""};
    const auto refuse_as = [&](ChatRefusal refusal, const std::string& reason) {
        ++refusals_[index_of(who.medium)][static_cast<std::size_t>(refusal)];
        note.refusal = refusal;
        note.reason = reason;
        if (note_) {
            note_(note);
        }
    };
    if (!person) {
        refuse_as(ChatRefusal::UnknownUser, "not listed under chat.users");
        return greet_stranger(who);
    }
    const Result<ChatCommand> command = parse_chat_command(text);
    if (!command) {
        refuse_as(ChatRefusal::Command, command.error().message);
        return {command.error().message, true};
    }
    const ChatVerbUse& use = use_of(command->verb);
    note.action = "chat." + std::string(use.name);
    note.subject = command->subject;
    if (!model::includes(person->role, use.role)) {
        const std::string reason = std::string(use.name) + " needs the role " +
                                   std::string(model::name_of(use.role)) + "; yours is " +
                                   std::string(model::name_of(person->role));
        refuse_as(ChatRefusal::Role, reason);
        return {"refused: " + reason, true};
    }
    const Result<std::string> answer = carry_out(*command, note.who);
    if (!answer) {
        refuse_as(ChatRefusal::Engine, answer.error().message);
        return {"refused: " + printable(answer.error().message), true};
    }
    ++carried_out_[index_of(who.medium)];
    if (note_ && use.role != model::Role::Viewer) {
        note_(note);
    }
    return {*answer, use.role == model::Role::Viewer};
}

Result<std::string> ChatDesk::carry_out(const ChatCommand& command, const ChatSpeaker& who) {
    switch (command.verb) {
        case ChatVerb::Help: return chat_help(who.role, command.text);
        case ChatVerb::Incidents: return backend_.incidents();
        case ChatVerb::Show: {
            NOCTURNE_TRY(const IncidentMessage message, backend_.incident(command.subject));
            return join(lines_of(message));
        }
        case ChatVerb::Why: return backend_.why(command.subject);
        case ChatVerb::WhatWouldYouDo: return backend_.what_would_you_do(command.subject);
        case ChatVerb::Plan: return backend_.plan(command.subject, who);
        case ChatVerb::Approve: return backend_.approve(command.subject, command.text, who);
        case ChatVerb::Reject: return backend_.reject(command.subject, command.text, who);
        case ChatVerb::Answer: return backend_.answer(command.subject, command.text, who);
        case ChatVerb::Silence: return backend_.silence(command.text, command.duration, who);
        case ChatVerb::Acknowledge: return backend_.acknowledge(command.subject, who);
        case ChatVerb::Label: return backend_.label(command.subject, command.text, who);
    }
    return fail(ErrorCode::Internal, "an unknown command");
}

void ChatDesk::append_metrics(std::string& out) const {
    append_metric_head(out, "chat_commands_total", "Commands from chats that were carried out.",
                       MetricType::Counter);
    for (std::size_t medium = 0; medium < carried_out_.size(); ++medium) {
        append_sample(out, "chat_commands_total",
                      "medium=\"" + std::string(rules::kChatMediumNames[medium]) + "\"",
                      carried_out_[medium]);
    }
    append_metric_head(out, "chat_refused_total", "What came from chats and was refused.",
                       MetricType::Counter);
    for (std::size_t medium = 0; medium < refusals_.size(); ++medium) {
        for (std::size_t refusal = 0; refusal < kChatRefusalNames.size(); ++refusal) {
            append_sample(out, "chat_refused_total",
                          "medium=\"" + std::string(rules::kChatMediumNames[medium]) +
                              "\",reason=\"" + std::string(kChatRefusalNames[refusal]) + "\"",
                          refusals_[medium][refusal]);
        }
    }
}

}  // namespace nocturne::gateway
