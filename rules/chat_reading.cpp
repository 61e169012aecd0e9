#include "rules/chat_reading.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::rules {

namespace {

class ChatReader {
   public:
    ChatReader(FieldReader& reader, ChatSettings& to) : reader_(reader), to_(to) {}

    void read(const YAML::Node& node) {
        reader_.read_map(
            node, "chat",
            {
                reader_.duration("update_interval", to_.update_interval,
                                 std::chrono::milliseconds(100), std::chrono::hours(1)),
                {"users",
                 [&](const YAML::Node& it) {
                     reader_.each_map(it, "users",
                                      "a list, e.g. - {name: anna, role: approver, slack: U0ANNA}",
                                      [&](const YAML::Node& item) { read_user(item); });
                 }},
                {"channels",
                 [&](const YAML::Node& it) {
                     reader_.each_map(it, "channels", "a list, e.g. - {name: ops, kind: irc, ...}",
                                      [&](const YAML::Node& item) { read_channel(item); });
                 }},
            });
    }

   private:
    void read_user(const YAML::Node& node) {
        ChatUser user;
        std::string role;
        reader_.read_map(node, "users",
                         {
                             reader_.text("name", user.name),
                             reader_.text("role", role),
                             reader_.text("slack", user.slack),
                             reader_.text("mattermost", user.mattermost),
                             reader_.text("irc_account", user.irc_account),
                             reader_.text("irc_mask", user.irc_mask),
                         });
        const auto found = model::find_name<model::Role>(model::kRoleNames, role);
        if (user.name.empty()) {
            reader_.report(node, "name: is missing; expected the person's name");
        } else if (!found || *found == model::Role::Ingest) {
            reader_.report(node, "role: \"" + shorten(role) +
                                     "\" is not one of viewer, responder, approver, admin");
        } else if (check_identities(node, user)) {
            user.role = *found;
            to_.users.push_back(std::move(user));
        }
    }

    bool check_identities(const YAML::Node& node, const ChatUser& user) {
        if (user.slack.empty() && user.mattermost.empty() && user.irc_account.empty() &&
            user.irc_mask.empty()) {
            reader_.report(node, "\"" + shorten(user.name) +
                                     "\" has no identity; expected one of slack, mattermost, "
                                     "irc_account, irc_mask");
            return false;
        }
        const std::size_t mark = user.irc_mask.find('!');
        const bool is_mask =
            user.irc_mask.empty() ||
            (mark != std::string::npos && user.irc_mask.find('@', mark) != std::string::npos);
        if (!is_mask || user.irc_mask == "*!*@*") {
            reader_.report(node, "irc_mask: \"" + shorten(user.irc_mask) +
                                     "\" is not a mask of somebody; expected nick!user@host, e.g. "
                                     "*!anna@10.1.2.3");
            return false;
        }
        for (const ChatUser& other : to_.users) {
            const bool is_same =
                (!user.slack.empty() && user.slack == other.slack) ||
                (!user.mattermost.empty() && user.mattermost == other.mattermost) ||
                (!user.irc_account.empty() && user.irc_account == other.irc_account) ||
                (!user.irc_mask.empty() && user.irc_mask == other.irc_mask);
            if (is_same || user.name == other.name) {
                reader_.report(node, "\"" + shorten(user.name) + "\" and \"" + shorten(other.name) +
                                         "\" have a name or an identity in common");
                return false;
            }
        }
        return true;
    }

    void read_channel(const YAML::Node& node) {
        ChatChannel channel;
        std::string kind;
        reader_.read_map(
            node, "channels",
            {
                reader_.text("name", channel.name),
                reader_.text("kind", kind),
                reader_.flag("incidents", channel.incidents),
                {"severity_min", [&](const YAML::Node& it) { read_severity(it, channel); }},
                reader_.text("url", channel.url),
                reader_.text("callback_url", channel.callback_url),
                reader_.text("channel", channel.channel),
                reader_.text("token", channel.token),
                reader_.text("signing_secret", channel.signing_secret),
                reader_.text("command_token", channel.command_token),
                reader_.path("ca_file", channel.ca_file),
                reader_.text("server", channel.server),
                reader_.flag("tls", channel.tls),
                reader_.text("nick", channel.nick),
                reader_.text("account", channel.account),
                reader_.text("password", channel.password),
            });
        const auto found = model::find_name<ChatMedium>(kChatMediumNames, kind);
        if (!found) {
            reader_.report(node, "kind: \"" + shorten(kind) + "\" is not one of " +
                                     list_of(kChatMediumNames));
            return;
        }
        channel.kind = *found;
        if (is_whole(node, channel)) {
            to_.channels.push_back(std::move(channel));
        }
    }

    void read_severity(const YAML::Node& node, ChatChannel& channel) {
        std::string text;
        reader_.text("severity_min", text).read(node);
        const auto severity = model::find_name<model::Severity>(model::kSeverityNames, text);
        if (severity && *severity != model::Severity::Ok) {
            channel.severity_min = *severity;
        } else {
            reader_.report(node, "severity_min: \"" + shorten(text) +
                                     "\" is not one of info, warning, minor, major, critical");
        }
    }

    bool is_whole(const YAML::Node& node, ChatChannel& channel) {
        const std::size_t before = reader_.problems.size();
        const auto need = [&](const std::string& value, const char* key, const char* example) {
            if (value.empty()) {
                reader_.report(node, std::string(key) + ": is missing for " +
                                         std::string(name_of(channel.kind)) + "; expected e.g. " +
                                         example);
            }
        };
        need(channel.name, "name", "ops");
        switch (channel.kind) {
            case ChatMedium::Slack:
                channel.url = channel.url.empty() ? "https://slack.com/api" : channel.url;
                need(channel.channel, "channel", "C0OPS00001");
                need(channel.token, "token", "SLACK_BOT_TOKEN (the name of a secret)");
                break;
            case ChatMedium::Mattermost:
                need(channel.url, "url", "https://chat.example.com");
                if (!channel.token.empty()) {
                    need(channel.channel, "channel", "the id of the channel");
                }
                break;
            case ChatMedium::Webhook: need(channel.url, "url", "https://example.com/hook"); break;
            case ChatMedium::Irc:
                need(channel.server, "server", "irc.example.com:6697");
                need(channel.channel, "channel", "\"#ops\"");
                check_irc(node, channel);
                break;
        }
        check_urls(node, channel);
        if (std::any_of(to_.channels.begin(), to_.channels.end(),
                        [&](const ChatChannel& other) { return other.name == channel.name; })) {
            reader_.report(node,
                           "name: \"" + shorten(channel.name) + "\" is listed twice; leave one");
        }
        return reader_.problems.size() == before;
    }

    void check_urls(const YAML::Node& node, const ChatChannel& channel) {
        for (const std::string& url : {channel.url, channel.callback_url}) {
            if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
                reader_.report(node, "\"" + shorten(url) +
                                         "\" is not a URL; expected e.g. https://example.com");
            }
        }
    }

    void check_irc(const YAML::Node& node, const ChatChannel& channel) {
        const std::size_t colon = channel.server.rfind(':');
        const bool has_port =
            colon != std::string::npos && colon > 0 &&
            parse_number<std::uint16_t>(std::string_view(channel.server).substr(colon + 1));
        if (!channel.server.empty() && !has_port) {
            reader_.report(node, "server: \"" + shorten(channel.server) +
                                     "\" has no port; expected e.g. irc.example.com:6697");
        }
        for (const std::string& word : {channel.channel, channel.nick, channel.server}) {
            if (word.find_first_of(" \r\n,") != std::string::npos) {
                reader_.report(node,
                               "\"" + shorten(word) + "\" has a space, a comma or a line end");
            }
        }
        if (!channel.account.empty() && channel.password.empty()) {
            reader_.report(node, "password: is missing; expected the name of the secret that goes "
                                 "with the account");
        }
    }

    static std::string_view name_of(ChatMedium medium) {
        return kChatMediumNames[static_cast<std::size_t>(medium)];
    }

    FieldReader& reader_;
    ChatSettings& to_;
};

}  // namespace

void read_chat(FieldReader& reader, const YAML::Node& node, ChatSettings& to) {
    ChatReader(reader, to).read(node);
}

std::vector<std::string> secrets_of(const ChatChannel& channel) {
    std::vector<std::string> names;
    for (const std::string& name :
         {channel.token, channel.signing_secret, channel.command_token, channel.password}) {
        if (!name.empty()) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace nocturne::rules
