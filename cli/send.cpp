// `nocturne send`: events from files to a daemon, over ZeroMQ.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/output.hpp"
#include "gateway/event_file.hpp"
#include "gateway/zmq_client.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace nocturne::cli {

namespace {

constexpr std::size_t kMessageBytesMax = 1U << 20;  // well below what a daemon takes
constexpr std::uint64_t kRejectedTold = 100;        // the rest is counted

struct SendOptions {
    std::string to;
    bool ack = false;
    std::size_t batch = 64;
    std::vector<std::string> files;
};

// Lines on their way, and what became of them.
class Sending {
   public:
    Sending(gateway::Sender sender, const SendOptions& options)
        : sender_(std::move(sender)), options_(options), progress_(this_terminal().is_err) {}

    Status send_file(gateway::EventFileReader& reader) {
        for (;;) {
            NOCTURNE_TRY(const std::optional<gateway::EventLineView> line, reader.next());
            if (!line) {
                return flush();
            }
            if (line->is_cut) {
                reject(reader.name() + ":" + std::to_string(line->number) +
                       ": longer than any event may be");
                continue;
            }
            if (!places_.empty() && message_.size() + line->text.size() > kMessageBytesMax) {
                NOCTURNE_TRY_STATUS(flush());
            }
            message_.append(line->text).push_back('\n');
            places_.push_back(reader.name() + ":" + std::to_string(line->number));
            if (places_.size() >= options_.batch) {
                NOCTURNE_TRY_STATUS(flush());
                progress_.show(reader.bytes_read(), reader.bytes_total(),
                               std::to_string(sent_) + " events");
            }
        }
    }

    Status finish() {
        progress_.clear();
        return sender_.finish();
    }

    std::uint64_t rejected() const { return rejected_; }

    std::string summary() const {
        const std::string count = std::to_string(sent_) + (sent_ == 1 ? " event" : " events");
        return options_.ack
                   ? count + " sent, " + std::to_string(accepted_) + " accepted, " +
                         std::to_string(rejected_) + " rejected, up to position " +
                         (position_.empty() ? "-" : position_)
                   : count + " sent, without asking for an answer" +
                         (rejected_ > 0 ? ", " + std::to_string(rejected_) + " lines left out"
                                        : "");
    }

    std::string json() const {
        model::JsonWriter out;
        out.begin_object()
            .member("sent", sent_)
            .member("accepted", accepted_)
            .member("rejected", rejected_);
        out.member("position", position_).end_object();
        return out.take();
    }

   private:
    Status flush() {
        if (places_.empty()) {
            return {};
        }
        Result<gateway::SendReply> reply = sender_.send(message_);
        if (!reply) {
            return fail(reply.error());
        }
        sent_ += places_.size();
        accepted_ += reply->accepted;
        position_ = reply->position.empty() ? position_ : reply->position;
        tell_rejected(reply->json);
        message_.clear();
        places_.clear();
        return {};
    }

    void tell_rejected(const std::string& text) {
        const Result<boost::json::value> reply = parse_json(text);
        if (!reply) {
            return;
        }
        for (const boost::json::value& rejected : list_of(*reply, "rejected")) {
            const auto index = static_cast<std::size_t>(number_of(rejected, "index"));
            reject((index < places_.size() ? places_[index] : "event " + std::to_string(index)) +
                   ": " + text_of(rejected, "error"));
        }
    }

    void reject(const std::string& line) {
        if (++rejected_ <= kRejectedTold) {
            progress_.clear();
            std::fprintf(stderr, "%s\n", sanitise(line).c_str());
        }
    }

    gateway::Sender sender_;
    const SendOptions& options_;
    Progress progress_;
    std::string message_;
    std::vector<std::string> places_;  // of the lines in the message
    std::uint64_t sent_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t rejected_ = 0;
    std::string position_;
};

int failed(const Error& error) {
    complain(to_string(error));
    return error.code == ErrorCode::Unavailable ? kUnreachable : kFindings;
}

int send(const SendOptions& options, Format format) {
    gateway::SenderOptions to;
    to.mode = options.ack ? gateway::SenderOptions::Mode::Ack : gateway::SenderOptions::Mode::Push;
    to.endpoint = !options.to.empty() ? options.to
                  : options.ack       ? "tcp://127.0.0.1:5556"
                                      : "tcp://127.0.0.1:5555";
    std::vector<gateway::EventFileReader> readers;
    for (const std::string& file : options.files) {
        Result<gateway::EventFileReader> reader = gateway::EventFileReader::open(file);
        if (!reader) {
            complain(to_string(reader.error()));
            return kFindings;
        }
        readers.push_back(*std::move(reader));
    }
    Result<gateway::Sender> sender = gateway::Sender::connect(to);
    if (!sender) {
        return failed(sender.error());
    }
    Sending sending(*std::move(sender), options);
    for (gateway::EventFileReader& reader : readers) {
        if (const Status status = sending.send_file(reader); !status) {
            complain(sending.summary());
            return failed(status.error());
        }
    }
    if (const Status status = sending.finish(); !status) {
        return failed(status.error());
    }
    print((format == Format::Json ? sending.json() : sending.summary()) + "\n");
    return sending.rejected() > 0 ? kFindings : kOk;
}

}  // namespace

void add_send(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("send", "Send events from files over ZeroMQ");
    auto options = std::make_shared<SendOptions>();
    command
        ->add_option("--to", options->to, "the endpoint (tcp://127.0.0.1:5555, with --ack :5556)")
        ->option_text("EP");
    command->add_flag("--ack", options->ack,
                      "wait until the events are on the daemon's disk; tell what was rejected");
    command->add_option("--batch", options->batch, "events in a message")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000));
    command->add_option("files", options->files, "NDJSON, .gz too; - is standard input")
        ->required()
        ->option_text("FILE...");
    auto format = add_format(*command);
    command->callback([&chosen, options, format] {
        chosen = [options, format] { return send(*options, *format); };
    });
}

}  // namespace nocturne::cli
