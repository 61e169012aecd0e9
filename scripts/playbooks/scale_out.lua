-- Scale a service out, a little at a time, up to a cap.
--
-- How many replicas there are is a label of the node (`label`); without it nobody knows what "more" would be, and nothing
-- is planned. Each step adds a share, at least one; between steps there is time for the new ones to start. A step that
-- is not well in time is undone together with those before it.

local action <const> = nocturne.action

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

-- The counts after each step: 4 -> { 5, 7 }.
local function counts_from(now, set)
  local counts <const> = {}
  while #counts < set.steps and now < set.replicas_max do
    now = math.min(now + math.max(1, math.ceil(now * set.share)), set.replicas_max)
    counts[#counts + 1] = now
  end
  return counts
end

return {
  name = "scale_out",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "adds replicas to a service that is overloaded, step by step",
  prose = [[
Sets the number of replicas, never adds blindly: a step that is repeated does no harm. More replicas cost money and
press on what they depend on (connections of a database!), so steps are small and capped. When a step does not become
well, all steps are taken back.]],
  risk = "medium",
  reversible = true,

  when = {
    incident = 'severity=~"major|critical"',
    suspect = 'type="service", kind="load"',
    confidence_min = 0.6,
  },
  wants = { graph = true, effectors = { "http", "check" } },
  limits = { cooldown = "30m", runs_max = 2, runs_window = "2h" },

  parameters = {
    url = { type = "string", default = "http://scaler/services/{node}/replicas", help = 'takes PUT {"replicas": N}' },
    health_url = { type = "string", default = "http://{node}/health", help = "answers 200 when the service is well" },
    label = { type = "string", default = "replicas", help = "label of the node with how many there are" },
    share = { type = "number", default = 0.25, min = 0.01, max = 1, help = "how much a step adds, of what is there" },
    steps = { type = "integer", default = 2, min = 1, max = 10, help = "steps of one run" },
    replicas_max = { type = "integer", default = 20, min = 1, max = 1000, help = "never more than these" },
    pause = { type = "string", default = "1m", help = "between two steps" },
    patience = { type = "string", default = "3m", help = "how long a step may take until all is well" },
  },

  plan = function(incident, ctx)
    local node <const>, set <const> = ctx.suspect.resource, ctx.parameters
    local now <const> = math.tointeger(tonumber(nocturne.graph.label(node, set.label)))
    if not now or now < 1 then
      return nil, string.format("nobody says how many replicas %s has (label %s)", node, set.label)
    end
    local counts <const> = counts_from(now, set)
    if #counts == 0 then
      return nil, string.format("%s has %d replicas, and %d is the cap", node, now, set.replicas_max)
    end

    local function set_to(count)
      return action.http{ url = fill(set.url, node), method = "PUT", body = { replicas = count } }
    end
    local steps <const> = {}
    local before = now
    for i, count in ipairs(counts) do
      if i > 1 then
        steps[#steps + 1] = { name = "let step " .. i - 1 .. " settle", run = action.wait{ set.pause } }
      end
      steps[#steps + 1] = {
        name = string.format("%d to %d replicas", before, count),
        idempotent = true,
        run = set_to(count),
        verify = action.check{ url = fill(set.health_url, node), every = "5s", timeout = set.patience },
        undo = set_to(before),
      }
      before = count
    end
    return {
      summary = string.format("scale %s from %d to %d replicas in %d steps", node, now, before, #counts),
      preconditions = { incident_state = "active", first_suspect = node, suspect_kind = "load" },
      steps = steps,
    }
  end,
}
