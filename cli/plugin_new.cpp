#include "cli/plugin_new.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <system_error>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameBytesMax = 64;

// In all of them NAME is the plugin's name.

constexpr const char* kEnricher =
    R"lua(-- NAME: say here what it adds to an event, and why that helps.

return {
  name = "NAME",
  version = "0.1.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "who looks after the node of an alert",

  -- What it may see and do; what is not asked for is refused.
  wants = {
    events = { "alert" },
    graph = true,
    writes = { "annotations" },
  },

  -- Set in nocturne.yaml, for all events or for some.
  parameters = {
    fallback = { type = "string", default = "on-call", help = "who it is when the graph names nobody" },
  },

  -- Called for each event. What must be remembered until the next one goes into nocturne.state.
  on_event = function(event, parameters)
    local owner <const> = nocturne.graph.owner(event.resource)
    nocturne.annotate("contact", owner or parameters.fallback)
  end,
}
)lua";

constexpr const char* kEnricherTest =
    R"lua(-- Stories of NAME.lua. Run them with: nocturne test PATH

return {
  ["names the owner in the graph"] = function(t)
    t.graph{ { name = "web", owner = "team-shop" } }

    local result <const> = t.event{ resource = "web", check = "latency", severity = "major" }

    t.equal(result.annotations, { contact = "team-shop" })
  end,

  ["names somebody when the graph does not"] = function(t)
    t.plugin{ fallback = "the duty phone" }

    local result <const> = t.event{ resource = "unknown", check = "latency" }

    t.equal(result.annotations.contact, "the duty phone")
  end,
}
)lua";

constexpr const char* kDetector =
    R"lua(-- NAME: say here what is odd about a metric, and how it is told.

local stats <const> = nocturne.stats

return {
  name = "NAME",
  version = "0.1.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "a sample far from what is usual of late",
  wants = { events = { "metric" } },

  -- Set in nocturne.yaml, for all metrics or for some.
  parameters = {
    limit = { type = "number", default = 6, min = 0.1, max = 100, help = "how far is odd, in deviations" },
    learning = { type = "integer", default = 100, min = 2, max = 100000,
                 help = "samples at first that are learned from in silence" },
  },

  -- What is remembered of one series, made for its first sample. It survives a restart.
  series = function(parameters)
    return { usual = stats.weighted{ span = 200 }, seen = 0 }
  end,

  -- Called for each sample. 0 to 1, and 0.5 or more is an alert; nil while there is nothing to say.
  on_sample = function(series, sample, parameters)
    local usual <const>, value <const> = series.usual, sample.value
    if not stats.usable(value) then
      return nil
    end
    local far <const> = usual:distance(value, 1e-9 + 0.01 * math.abs(usual:mean())) / parameters.limit
    usual:add(value)
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil
    end
    return far / (1 + far)
  end,
}
)lua";

constexpr const char* kDetectorTest =
    R"lua(-- Stories of NAME.lua. Run them with: nocturne test PATH

local MINUTE <const> = 60

-- Ordinary samples, a minute apart, up to the given one.
local function learn(t, count)
  for i = 1, count do
    t.sample("cpu", i * MINUTE, 50 + i % 5)
  end
end

return {
  ["tells a sample that is far off"] = function(t)
    learn(t, 200)

    t.truthy(t.sample("cpu", 201 * MINUTE, 90) >= 0.5)
  end,

  ["is silent about an ordinary one"] = function(t)
    learn(t, 200)

    t.truthy(t.sample("cpu", 201 * MINUTE, 52) < 0.5)
  end,

  ["says nothing while it is learning"] = function(t)
    learn(t, 50)

    t.equal(t.sample("cpu", 51 * MINUTE, 90), nil)
  end,

  ["takes the limit that is given"] = function(t)
    t.plugin{ limit = 100 }
    learn(t, 200)

    t.truthy(t.sample("cpu", 201 * MINUTE, 90) < 0.5)
  end,
}
)lua";

constexpr const char* kPlaybook =
    R"lua(-- NAME: say here what it does about which fault, and when it is the wrong thing to do.

local action <const> = nocturne.action

return {
  name = "NAME",
  version = "0.1.0",
  kind = "playbook",
  api = 1,
  mode = "approve",
  summary = "restarts what is suspected",
  prose = "What people should know before they say yes.",
  risk = "medium",
  reversible = false,

  -- Which incidents it is for; all of it must hold.
  when = {
    incident = 'severity=~"major|critical"',
    suspect = 'type="service", kind!="change"',
    confidence_min = 0.6,
  },

  -- What it may see, and what its actions may use; what is not asked for is refused.
  wants = { graph = true, effectors = { "command:{program}", "check" } },

  -- Configuration can make them stricter, never looser.
  limits = { cooldown = "30m", healthy_min = 1 },

  parameters = {
    program = { type = "string", default = "restart-unit", help = "listed program; gets unit = the node" },
  },

  -- Plans, and does nothing itself. No plan is nil, and why not.
  plan = function(incident, ctx)
    local node <const> = ctx.suspect.resource
    if #nocturne.graph.dependents(node) == 0 then
      return nil, "nothing depends on " .. node
    end
    return {
      summary = "restart " .. node,
      steps = {
        {
          name = "restart " .. node,
          idempotent = true,
          run = action.command{ ctx.parameters.program, unit = node },
          verify = action.check{ url = "http://" .. node .. "/health", every = "5s", timeout = "2m" },
        },
      },
    }
  end,
}
)lua";

constexpr const char* kPlaybookTest =
    R"lua(-- Stories of NAME.lua. Run them with: nocturne test PATH

-- An incident with this node as the cause, for all that is known.
local function fault_of(node)
  return { severity = "critical", confidence = 0.8, suspects = { { resource = node, score = 0.8 } } }
end

return {
  ["restarts what is suspected, and looks whether it is well"] = function(t)
    t.graph{ { name = "web", depends_on = { "cart" } }, { name = "cart", type = "service" } }

    local plan <const> = t.plan(fault_of("cart"))

    t.equal(plan.summary, "restart cart")
    t.equal(#plan.steps, 1)
    t.equal(plan.steps[1].run, {
      effector = "command", target = "restart-unit", arguments = { unit = "cart" }, timeout = "30s",
    })
    t.equal(plan.steps[1].verify.target, "http://cart/health")
  end,

  ["starts the program that is configured"] = function(t)
    t.graph{ { name = "web", depends_on = { "cart" } }, { name = "cart", type = "service" } }
    t.plugin{ program = "restart-pod" }

    local plan <const> = t.plan(fault_of("cart"))

    t.equal(plan.steps[1].run.target, "restart-pod")
    t.equal(plan.capabilities, { "command:restart-pod", "check" })
  end,

  ["leaves alone what nobody uses"] = function(t)
    t.graph{ { name = "cart", type = "service" } }

    local plan <const>, why <const> = t.plan(fault_of("cart"))

    t.equal(plan, nil)
    t.equal(why, "nothing depends on cart")
  end,
}
)lua";

// A plugin and its test.
struct Beginning {
    const char* kind;
    const char* plugin;
    const char* test;
};

// By NewPlugin.
constexpr std::array<Beginning, 3> kBeginnings{{{"enricher", kEnricher, kEnricherTest},
                                                {"detector", kDetector, kDetectorTest},
                                                {"playbook", kPlaybook, kPlaybookTest}}};

// Written out as `text` with the plugin's name and the test's path in it.
std::string filled_in(std::string text, const std::string& name, const std::string& test) {
    const auto replace = [&](std::string_view word, const std::string& by) {
        for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size()) {
            text.replace(at, word.size(), by);
        }
    };
    replace("PATH", test);
    replace("NAME", name);
    return text;
}

bool is_name(const std::string& name) {
    const auto is_inner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= kNameBytesMax && name.front() >= 'a' &&
           name.front() <= 'z' && std::all_of(name.begin(), name.end(), is_inner) &&
           !name.ends_with("_test");
}

Status write(const fs::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) {
        return fail({ErrorCode::Unavailable, "cannot be written", {{path.string(), 0, 0}}});
    }
    return {};
}

struct NewOptions {
    std::string name;
    std::string kind;
    std::string folder = "plugins";
};

int make(const NewOptions& options) {
    std::size_t kind = 0;
    while (kBeginnings[kind].kind != options.kind) {
        ++kind;
    }
    const auto written =
        write_new_plugin(options.name, static_cast<NewPlugin>(kind), options.folder);
    if (!written) {
        complain(to_string(written.error()));
        return kFindings;
    }
    const std::string plugin = written->front().string();
    const std::string test = written->back().string();
    print("wrote " + plugin + "\nwrote " + test + "\n\ntry     nocturne plugin check " + plugin +
          "\ntest    nocturne test " + test + "\n");
    return kOk;
}

}  // namespace

Result<std::vector<fs::path>> write_new_plugin(const std::string& name, NewPlugin kind,
                                               const fs::path& folder) {
    if (!is_name(name)) {
        return fail(ErrorCode::Invalid,
                    "\"" + name +
                        "\" is no name of a plugin; expected lower-case letters, digits, _ and -, "
                        "beginning with a letter, at most 64, and no _test at its end");
    }
    const Beginning& beginning = kBeginnings[static_cast<std::size_t>(kind)];
    const fs::path plugin = folder / (name + ".lua");
    const fs::path test = folder / (name + "_test.lua");
    std::error_code error;
    for (const fs::path& path : {plugin, test}) {
        if (fs::exists(path, error)) {
            return fail({ErrorCode::Invalid,
                         "is there already; take another name, or another --dir",
                         {{path.string(), 0, 0}}});
        }
    }
    fs::create_directories(folder, error);
    NOCTURNE_TRY_STATUS(write(plugin, filled_in(beginning.plugin, name, test.string())));
    NOCTURNE_TRY_STATUS(write(test, filled_in(beginning.test, name, test.string())));
    return std::vector<fs::path>{plugin, test};
}

void add_plugin_new(CLI::App& plugin, Action& chosen) {
    CLI::App* command = plugin.add_subcommand("new", "Write a plugin to begin with, and its test");
    auto options = std::make_shared<NewOptions>();
    command->add_option("name", options->name, "what the plugin is called")
        ->required()
        ->option_text("NAME");
    command
        ->add_option("--kind", options->kind,
                     "detector (of metrics), enricher (of events) or playbook (of incidents)")
        ->required()
        ->check(CLI::IsMember({"detector", "enricher", "playbook"}))
        ->option_text("KIND");
    command->add_option("--dir", options->folder, "the folder that it is written to (plugins)")
        ->option_text("DIR");
    command->callback([&chosen, options] { chosen = [options] { return make(*options); }; });
}

}  // namespace nocturne::cli
