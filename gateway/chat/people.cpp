#include "gateway/chat/people.hpp"

#include "gateway/effectors/result_text.hpp"

namespace nocturne::gateway {

namespace {

// RFC 1459: {}|^ are the lower case of []\~.
char irc_lower(char letter) {
    if (letter >= 'A' && letter <= 'Z') {
        return static_cast<char>(letter - 'A' + 'a');
    }
    switch (letter) {
        case '[': return '{';
        case ']': return '}';
        case '\\': return '|';
        case '~': return '^';
        default: return letter;
    }
}

bool are_same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && [&] {
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (irc_lower(a[i]) != irc_lower(b[i])) {
                return false;
            }
        }
        return true;
    }();
}

}  // namespace

bool matches_mask(std::string_view mask, std::string_view text) {
    // Greedy with one step back: linear in practice, quadratic at worst, on short texts.
    std::size_t m = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t taken = 0;
    while (t < text.size()) {
        if (m < mask.size() && mask[m] == '*') {
            star = m++;
            taken = t;
        } else if (m < mask.size() &&
                   (mask[m] == '?' || irc_lower(mask[m]) == irc_lower(text[t]))) {
            ++m;
            ++t;
        } else if (star != std::string_view::npos) {
            m = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (m < mask.size() && mask[m] == '*') {
        ++m;
    }
    return m == mask.size();
}

std::optional<Person> People::find(const ChatIdentity& identity) const {
    const auto as_person = [](const rules::ChatUser& user) { return Person{user.name, user.role}; };
    if (identity.id.empty()) {
        return std::nullopt;
    }
    for (const rules::ChatUser& user : users_) {
        switch (identity.medium) {
            case rules::ChatMedium::Slack:
                if (user.slack == identity.id) {
                    return as_person(user);
                }
                break;
            case rules::ChatMedium::Mattermost:
                if (user.mattermost == identity.id) {
                    return as_person(user);
                }
                break;
            case rules::ChatMedium::Irc:
                if (!user.irc_account.empty() && are_same(user.irc_account, identity.irc_account)) {
                    return as_person(user);
                }
                break;
            case rules::ChatMedium::Webhook: return std::nullopt;  // nobody speaks through it
        }
    }
    if (identity.medium == rules::ChatMedium::Irc) {
        for (const rules::ChatUser& user : users_) {
            if (!user.irc_mask.empty() && matches_mask(user.irc_mask, identity.id)) {
                return as_person(user);
            }
        }
    }
    return std::nullopt;
}

std::string describe(const ChatIdentity& identity) {
    const std::string medium(rules::kChatMediumNames[static_cast<std::size_t>(identity.medium)]);
    return medium + " " + printable(identity.id, 128) +
           (identity.irc_account.empty()
                ? ""
                : " (account " + printable(identity.irc_account, 64) + ")");
}

}  // namespace nocturne::gateway
