-- Collect evidence while it is still there.
--
-- Logs rotate, queues drain, a restart forgets. A listed program is started for each of the nodes that matter: the
-- suspects first, best first, then the nodes whose alerts fire. It changes nothing, so it may go by itself and often.

local action <const> = nocturne.action

-- The nodes, each once, at most so many.
local function nodes_of(incident, max)
  local nodes <const>, seen <const> = {}, {}
  local function add(node)
    if #nodes < max and not seen[node] and nocturne.graph.exists(node) then
      seen[node] = true
      nodes[#nodes + 1] = node
    end
  end
  for _, suspect in ipairs(incident.suspects) do
    add(suspect.resource)
  end
  for _, alert in ipairs(incident.alerts) do
    if alert.firing then
      add(alert.resource)
    end
  end
  return nodes
end

return {
  name = "collect_evidence",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "keeps what the nodes of an incident say of the last 30 minutes",
  prose = [[
Starts the collecting program for each node: logs, metrics, process lists, whatever it takes. Where it puts them is its
own business; it is told the incident, so that people find them.]],
  risk = "low",
  reversible = false,

  when = { incident = 'severity=~"major|critical"' },
  wants = { graph = true, effectors = { "command:{program}", "notify" } },
  -- It only looks, so nobody depends on what it touches.
  limits = { cooldown = "30m", runs_max = 20, blast_share_max = 1, healthy_min = 0, dependents_max = 100000,
             confidence_min = 0 },

  parameters = {
    program = { type = "string", default = "collect-evidence",
                help = "listed program; gets node, incident, minutes" },
    minutes = { type = "integer", default = 30, min = 1, max = 1440, help = "how far back" },
    nodes = { type = "integer", default = 5, min = 1, max = 50, help = "at most so many" },
    timeout = { type = "string", default = "5m", help = "for one node" },
    channel = { type = "string", default = "", help = "channel of the chat that is told; empty: none" },
  },

  plan = function(incident, ctx)
    local set <const> = ctx.parameters
    local nodes <const> = nodes_of(incident, set.nodes)
    if #nodes == 0 then
      return nil, "none of its nodes is in the service graph"
    end
    local steps <const> = {}
    for i, node in ipairs(nodes) do
      steps[i] = {
        name = "collect from " .. node,
        node = node,
        idempotent = true,
        run = action.command{
          set.program, node = node, incident = incident.id, minutes = set.minutes, timeout = set.timeout,
        },
      }
    end
    local told <const> = string.format("the last %d minutes of %s", set.minutes, table.concat(nodes, ", "))
    if set.channel ~= "" then
      steps[#steps + 1] = {
        name = "tell " .. set.channel,
        idempotent = true,
        run = action.notify{ channel = set.channel, text = incident.id .. ": kept " .. told },
      }
    end
    return {
      target = nodes[1],
      summary = "collect " .. told,
      preconditions = { incident_state = "active" },
      steps = steps,
    }
  end,
}
