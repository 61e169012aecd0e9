#include "gateway/chat/irc_client.hpp"

#include "gateway/chat/irc_connection.hpp"
#include "gateway/chat/irc_line.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/log.hpp"
#include "gateway/wakeup.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

// 512 less the line end, "PRIVMSG <target> :", and the prefix that the server puts before it for
// others (nick, user and host may have 9 + 10 + 63 letters and more).
constexpr std::size_t kTextBytesMax = 380;
constexpr std::size_t kLinesOfAnswerMax = 25;
constexpr std::chrono::milliseconds kLook{200};
constexpr std::size_t kNickTries = 5;

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group =
                group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += i + k <= bytes.size() ? kLetters[group >> (18 - 6 * k) & 63U] : '=';
        }
    }
    return out;
}

bool is_same_nick(std::string_view a, std::string_view b) {
    return a.find_first_of("*?") == std::string_view::npos && matches_mask(a, b);
}

// What is said to us: all of it in private, on a channel what begins with our name.
std::optional<std::string> words_for_us(const std::string& text, const std::string& nick,
                                        bool is_private) {
    if (text.starts_with('\x01')) {
        return std::nullopt;
    }
    const std::string_view start = std::string_view(text).substr(0, nick.size());
    const bool is_named =
        is_same_nick(nick, start) && text.size() > nick.size() &&
        (text[nick.size()] == ':' || text[nick.size()] == ',' || text[nick.size()] == ' ');
    if (is_named) {
        return text.substr(nick.size() + 1);
    }
    return is_private ? std::optional(text) : std::nullopt;
}

}  // namespace

class IrcClient::Inside {
   public:
    Inside(rules::ChatChannel settings, ChatWay way, ChatDesk& desk, IrcPace pace)
        : settings_(std::move(settings)), way_(std::move(way)), desk_(desk), pace_(pace),
          thread_([this] { live(); }) {}

    ~Inside() {
        is_over_ = true;
        wakeup_.wake();
        thread_.join();
    }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    // On our channel. False when older lines had to go.
    bool write(const std::vector<std::string>& lines) {
        return queue("PRIVMSG " + settings_.channel + " :", lines);
    }

    IrcCounters counters;

   private:
    bool queue(const std::string& head, const std::vector<std::string>& lines) {
        bool is_kept = true;
        {
            const std::lock_guard lock(mutex_);
            for (const std::string& line : lines) {
                for (const std::string& piece : split_for_irc(line, kTextBytesMax)) {
                    if (lines_.size() >= pace_.lines_max) {
                        lines_.pop_front();
                        ++counters.lines_dropped;
                        is_kept = false;
                    }
                    lines_.push_back(head + piece);
                }
            }
        }
        wakeup_.wake();
        return is_kept;
    }

    // ---- the thread ----

    void live() {
        std::chrono::milliseconds pause = pace_.retry_min;
        while (!is_over_) {
            const Clock::time_point begin = Clock::now();
            const Status end = talk();
            counters.joined = 0;
            if (is_over_) {
                return;
            }
            ++counters.failures;
            logger()->warn("irc connection lost server={} reason=\"{}\" retry_ms={}",
                           settings_.server, end ? "" : printable(end.error().message),
                           pause.count());
            wait(pause);
            const bool was_well = is_registered_ && Clock::now() - begin > std::chrono::minutes(1);
            pause = was_well ? pace_.retry_min : std::min(pause * 2, pace_.retry_max);
        }
    }

    void wait(std::chrono::milliseconds time) const {
        const Clock::time_point until = Clock::now() + time;
        while (!is_over_ && Clock::now() < until) {
            std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(
                kLook, std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now())));
        }
    }

    // From connecting to the end of the connection, whose reason it gives.
    Status talk() {
        is_registered_ = false;
        has_account_tags_ = false;
        nick_ = settings_.nick;
        nick_tries_ = 0;
        capabilities_.clear();
        NOCTURNE_TRY(
            connection_,
            IrcConnection::open({settings_.server, settings_.tls, settings_.ca_file.string(),
                                 std::chrono::seconds(15), [this] { return is_over_.load(); }}));
        ++counters.connects;
        NOCTURNE_TRY_STATUS(introduce());
        heard_at_ = Clock::now();
        is_asked_ = false;
        join_at_ = Clock::time_point::max();
        while (!is_over_) {
            NOCTURNE_TRY(const std::optional<std::string> line,
                         connection_->read_line(time_to_wait(), wakeup_.descriptor()));
            if (line) {
                heard_at_ = Clock::now();
                is_asked_ = false;
                NOCTURNE_TRY_STATUS(hear(parse_irc_line(*line)));
            } else {
                wakeup_.clear();
            }
            NOCTURNE_TRY_STATUS(keep_alive());
            NOCTURNE_TRY_STATUS(send_some());
        }
        (void)connection_->write_line("QUIT :stopping");
        return {};
    }

    std::chrono::milliseconds time_to_wait() {
        const std::lock_guard lock(mutex_);
        return lines_.empty() || counters.joined == 0 ? kLook
                                                      : std::min(kLook, pace_.line / 4 + kMoment);
    }

    Status introduce() {
        NOCTURNE_TRY_STATUS(connection_->write_line("CAP LS 302"));
        if (!settings_.password.empty() && settings_.account.empty()) {
            NOCTURNE_TRY(const std::string password, way_.secrets.read(settings_.password));
            NOCTURNE_TRY_STATUS(connection_->write_line("PASS :" + password));
        }
        NOCTURNE_TRY_STATUS(connection_->write_line("NICK " + nick_));
        return connection_->write_line("USER nocturne 0 * :Nocturne, an event correlation engine");
    }

    Status hear(const IrcLine& line) {
        const std::string& command = line.command;
        if (command == "PING") {
            return connection_->write_line("PONG :" + line.parameter(0));
        }
        if (command == "PRIVMSG") {
            return hear_words(line);
        }
        if (command == "CAP") {
            return hear_capabilities(line);
        }
        if (command == "AUTHENTICATE") {
            return authenticate();
        }
        if (command == "903") {
            return connection_->write_line("CAP END");
        }
        if (command == "902" || command == "904" || command == "905" || command == "908") {
            return fail(ErrorCode::Invalid,
                        "the account was refused: " + line.parameter(line.parameters.size() - 1));
        }
        if (command == "ERROR") {
            return fail(ErrorCode::Unavailable, "the server says: " + line.parameter(0));
        }
        if (command == "433") {
            return take_other_nick();
        }
        if (command == "001") {
            is_registered_ = true;
            nick_ = line.parameter(0);
            return join();
        }
        return hear_of_channel(line);
    }

    Status hear_of_channel(const IrcLine& line) {
        static const std::set<std::string> kCannotJoin{"403", "405", "471", "473",
                                                       "474", "475", "476", "477"};
        const bool is_us = is_same_nick(nick_, line.nick());
        if (line.command == "JOIN" && is_us) {
            counters.joined = 1;
            logger()->info("irc joined server={} channel={}", settings_.server, settings_.channel);
        } else if (line.command == "NICK" && is_us) {
            nick_ = line.parameter(0);
        } else if ((line.command == "KICK" && is_same_nick(nick_, line.parameter(1))) ||
                   kCannotJoin.count(line.command) > 0) {
            counters.joined = 0;
            join_at_ = Clock::now() + pace_.join_retry;
            logger()->warn("irc not on the channel server={} channel={} reason=\"{}\"",
                           settings_.server, settings_.channel,
                           printable(line.parameter(line.parameters.size() - 1), 200));
        }
        return {};
    }

    Status join() {
        join_at_ = Clock::time_point::max();
        return connection_->write_line("JOIN " + settings_.channel);
    }

    Status take_other_nick() {
        if (++nick_tries_ > kNickTries) {
            return fail(ErrorCode::Unavailable, "all our names are taken");
        }
        nick_ += '_';
        return connection_->write_line("NICK " + nick_);
    }

    // ---- what the server can ----

    Status hear_capabilities(const IrcLine& line) {
        const std::string what = line.parameter(1);
        if (what == "LS") {
            const bool is_more = line.parameters.size() > 3;
            add_capabilities(line.parameter(is_more ? 3 : 2));
            return is_more ? Status() : ask_for_capabilities();
        }
        if (what == "ACK") {
            has_account_tags_ = line.parameter(2).find("account-tag") != std::string::npos;
            const bool has_sasl = line.parameter(2).find("sasl") != std::string::npos;
            return connection_->write_line(has_sasl ? "AUTHENTICATE PLAIN" : "CAP END");
        }
        if (what == "NAK") {
            return settings_.account.empty()
                       ? connection_->write_line("CAP END")
                       : Status(fail(ErrorCode::Invalid, "the server takes no SASL"));
        }
        return {};
    }

    void add_capabilities(std::string_view list) {
        while (!list.empty()) {
            const std::string_view word = list.substr(0, list.find(' '));
            capabilities_.insert(std::string(word.substr(0, word.find('='))));
            list.remove_prefix(std::min(word.size() + 1, list.size()));
        }
    }

    Status ask_for_capabilities() {
        std::string wanted;
        if (capabilities_.count("account-tag") > 0) {
            wanted += "account-tag";
        }
        if (!settings_.account.empty()) {
            if (capabilities_.count("sasl") == 0) {
                return fail(ErrorCode::Invalid, "the server takes no SASL, so account cannot be "
                                                "used; leave it out");
            }
            wanted += wanted.empty() ? "sasl" : " sasl";
        }
        return connection_->write_line(wanted.empty() ? "CAP END" : "CAP REQ :" + wanted);
    }

    Status authenticate() {
        NOCTURNE_TRY(const std::string password, way_.secrets.read(settings_.password));
        std::string plain = settings_.account;
        plain.append(1, '\0').append(settings_.account).append(1, '\0').append(password);
        return connection_->write_line("AUTHENTICATE " + base64(plain));
    }

    // ---- what people say ----

    Status hear_words(const IrcLine& line) {
        const std::string target = line.parameter(0);
        const bool is_private = is_same_nick(nick_, target);
        // While our own nick is taken (by our last life, mostly) people still say it.
        std::optional<std::string> words = words_for_us(line.parameter(1), nick_, false);
        if (!words) {
            words = words_for_us(line.parameter(1), settings_.nick, is_private);
        }
        if (!words || line.prefix.find('!') == std::string::npos ||
            is_same_nick(nick_, line.nick())) {
            return {};
        }
        ChatIdentity who{rules::ChatMedium::Irc, line.prefix, "", ""};
        if (const auto account = line.tags.find("account");
            has_account_tags_ && account != line.tags.end()) {
            who.irc_account = account->second;
        }
        const ChatReply reply = desk_.hear(who, *words, is_private ? "private" : target);
        std::vector<std::string> lines = split_for_irc(reply.text, kTextBytesMax);
        if (lines.size() > kLinesOfAnswerMax) {
            const std::size_t more = lines.size() - kLinesOfAnswerMax;
            lines.resize(kLinesOfAnswerMax);
            lines.push_back("and " + std::to_string(more) + " more lines");
        }
        // NOTICE, which no program answers: two of them would never stop.
        queue("NOTICE " + (is_private ? line.nick() : target) + " :", lines);
        return {};
    }

    // ---- what goes out ----

    Status keep_alive() {
        const Clock::time_point now = Clock::now();
        if (now >= join_at_) {
            NOCTURNE_TRY_STATUS(join());
        }
        if (now - heard_at_ > 2 * pace_.silence_max) {
            return fail(ErrorCode::Unavailable, "the server says nothing any more");
        }
        if (now - heard_at_ > pace_.silence_max && !is_asked_) {
            is_asked_ = true;
            return connection_->write_line("PING :nocturne");
        }
        return {};
    }

    Status send_some() {
        while (counters.joined != 0) {
            const Clock::time_point now = Clock::now();
            paid_until_ = std::max(paid_until_, now);
            std::string line;
            {
                const std::lock_guard lock(mutex_);
                if (lines_.empty() || paid_until_ + pace_.line > now + pace_.ahead) {
                    return {};
                }
                line = std::move(lines_.front());
                lines_.pop_front();
            }
            paid_until_ += pace_.line;
            if (const Status status = connection_->write_line(line); !status) {
                const std::lock_guard lock(mutex_);
                lines_.push_front(std::move(line));
                return status;
            }
            ++counters.lines_sent;
        }
        return {};
    }

    static constexpr std::chrono::milliseconds kMoment{1};

    const rules::ChatChannel settings_;
    ChatWay way_;
    ChatDesk& desk_;
    const IrcPace pace_;
    std::atomic<bool> is_over_{false};
    Wakeup wakeup_;
    std::mutex mutex_;
    std::deque<std::string> lines_;  // guarded by mutex_

    // Of the thread.
    std::unique_ptr<IrcConnection> connection_;
    std::string nick_;
    std::size_t nick_tries_ = 0;
    std::set<std::string> capabilities_;
    bool is_registered_ = false;
    bool has_account_tags_ = false;
    bool is_asked_ = false;
    Clock::time_point heard_at_;
    Clock::time_point join_at_;
    Clock::time_point paid_until_;

    std::thread thread_;
};

IrcClient::IrcClient(rules::ChatChannel settings, ChatWay way, ChatDesk& desk, IrcPace pace)
    : inside_(std::make_unique<Inside>(std::move(settings), std::move(way), desk, pace)) {}

IrcClient::~IrcClient() = default;

Result<std::string> IrcClient::post(const IncidentMessage& message) {
    inside_->write(lines_of(message));
    return message.id;
}

// There is no changing what was said: one line says what is new. What somebody must answer is said
// whole.
Status IrcClient::update(const std::string&, const IncidentMessage& message) {
    const bool asks =
        message.run && (message.run->awaits_approval || !message.run->question.empty());
    if (asks && !message.is_over()) {
        inside_->write(lines_of(message));
        return {};
    }
    std::string line = headline(message);
    if (!message.suspect.empty()) {
        line += ", suspect " + message.suspect + " (" + message.share + ")";
    }
    if (message.run) {
        line += ", " + tell_state(*message.run);
    }
    inside_->write({std::move(line)});
    return {};
}

Status IrcClient::say(const std::string& text, const std::string&) {
    return inside_->write({text})
               ? Status()
               : Status(fail(ErrorCode::Unavailable,
                             "older lines for " + std::string("IRC had to be dropped")));
}

const IrcCounters& IrcClient::counters() const {
    return inside_->counters;
}

}  // namespace nocturne::gateway
