// Events come in: in our words, or as payloads of other tools.
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "gateway/ingest.hpp"
#include "gateway/payload.hpp"
#include "model/json_writer.hpp"
#include "rules/rule_set.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFullWait{2000};  // for room in the engine, then 503

// The answer when nothing is taken: there is nothing, or somebody wants to see what it would
// be.
std::string render_payload(const PayloadEvents& events) {
    model::JsonWriter out;
    out.begin_object().member("accepted", std::uint64_t{0});
    out.key("rejected").begin_array().end_array();
    out.member("position", "").member("skipped", std::uint64_t{events.skipped});
    out.key("events").begin_array();
    for (std::string_view rest = events.ndjson; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        out.raw(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    out.end_array().end_object();
    return out.take();
}

void submit_events(const Context& context, std::shared_ptr<Ingest::Offer> offer,
                   Clock::time_point until) {
    if (context->ingest.try_submit(*offer)) {
        return;
    }
    if (Clock::now() >= until) {
        context->ingest.refuse(*offer);
        return;
    }
    context->parts.a_moment_later(
        [context, offer, until] { submit_events(context, offer, until); });
}

void take_events(const Context& context, std::string_view message, Respond respond) {
    auto offer = std::make_shared<Ingest::Offer>(
        context->ingest.decode(Transport::Http, message, [respond](Answer answer) {
            HttpResponse response = json_response(std::move(answer.json));
            if (answer.outcome == Answer::Outcome::Wrong) {
                response.status = 400;
            } else if (answer.outcome == Answer::Outcome::Unavailable) {
                response.status = 503;
                response.headers.emplace_back("Retry-After", "1");
            }
            respond(std::move(response));
        }));
    submit_events(context, std::move(offer), Clock::now() + kFullWait);
}

}  // namespace

void post_events(const Context& context, Call call, Respond respond) {
    take_events(context, call.request.body, std::move(respond));
}

// What another tool sends, in its own words.
void post_payload(const Context& context, Call call, Respond respond) {
    const Result<bool> tries = parse_flag(call.target, "dry_run");
    Status known = check_parameters(call.target, {"dry_run"});
    if (!known || !tries) {
        respond(error_response(400, (known ? tries.error() : known.error()).message));
        return;
    }
    const std::shared_ptr<const rules::RuleSet> rules =
        context->parts.rules ? context->parts.rules() : std::make_shared<const rules::RuleSet>();
    const Result<const rules::PayloadRule*> rule = find_payload(rules->payloads, call.name);
    if (!rule) {
        respond(error_response(404, rule.error().message));
        return;
    }
    const Result<PayloadEvents> events = events_of(**rule, call.request.body);
    if (!events) {
        respond(error_response(400, events.error().message));
        return;
    }
    const bool is_shadow = rules->rules[(*rule)->rule].mode == rules::Mode::Shadow;
    if (*tries || is_shadow || events->events == 0) {
        respond(json_response(render_payload(*events)));
        return;
    }
    take_events(context, events->ndjson, std::move(respond));
}

}  // namespace nocturne::gateway
