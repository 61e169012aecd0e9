// People: who somebody in a chat is to us, by configuration.
#pragma once

#include "model/role.hpp"
#include "rules/chat_settings.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// By what a medium knows somebody. Only what the medium vouches for: names that people give
// themselves are not in it.
struct ChatIdentity {
    rules::ChatMedium medium = rules::ChatMedium::Slack;
    std::string id;    // slack, mattermost: the user's id; irc: nick!user@host
    std::string team;  // of slack; for messages
    std::string irc_account;
};

struct Person {
    std::string name;
    model::Role role = model::Role::Viewer;
};

class People {
   public:
    explicit People(std::vector<rules::ChatUser> users) : users_(std::move(users)) {}

    // Nobody for whom is not listed. On IRC the account goes before the mask.
    std::optional<Person> find(const ChatIdentity& identity) const;

   private:
    std::vector<rules::ChatUser> users_;
};

// "slack U0ALICE001", "irc anna!~anna@10.1.2.3": for logs and for whom we do not know.
std::string describe(const ChatIdentity& identity);

// nick!user@host against a mask with * and ?; upper and lower case are the same, as on IRC.
bool matches_mask(std::string_view mask, std::string_view text);

}  // namespace nocturne::gateway
