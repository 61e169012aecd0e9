-- Cap an autoscaler that asks for more and more.
--
-- How far it goes on an ordinary day is a label of its node (`usual`), how far it may go another one (`most`); without
-- both there is no plan. The cap is a number that is set: whatever the autoscaler computes, no more than that is paid.
-- It is the wrong thing to do where the load is real: then money is what the load costs, and users would pay for the cap.
-- So nothing is planned while anything that depends on the autoscaler's workload hurts users (`hurts`).

local action <const> = nocturne.action

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

local function count_of(node, label)
  local count <const> = math.tointeger(tonumber(nocturne.graph.label(node, label)))
  return count and count >= 1 and count or nil
end

-- An alert of a check that users feel, which speaks against less of it.
local function felt_by_users(incident, words)
  for _, alert in ipairs(incident.alerts) do
    for word in words:gmatch("[^,]+") do
      if alert.firing and alert.check:find(word, 1, true) then
        return alert
      end
    end
  end
end

return {
  name = "cap_autoscaler",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "approve",
  summary = "caps an autoscaler that burns money",
  prose = [[
Sets how far the autoscaler may go to what an ordinary day needs. It does not touch its other settings: look at who changed
them, and set them right before the cap is lifted.]],
  risk = "medium",
  reversible = true,

  when = { incident = 'severity=~"major|critical"', suspect = 'type="autoscaler"', confidence_min = 0.5 },
  wants = { graph = true, effectors = { "http", "check" } },
  limits = { cooldown = "1h", healthy_min = 0 },

  parameters = {
    url = { type = "string", default = "http://scaler/autoscalers/{node}/max", help = 'takes PUT {"max": N}' },
    health_url = { type = "string", default = "http://scaler/autoscalers/{node}/within",
                   help = "answers 200 when no more than that run" },
    usual = { type = "string", default = "replicas_usual", help = "label with what an ordinary day needs" },
    most = { type = "string", default = "replicas_max", help = "label with the cap that there is now" },
    hurts = { type = "string", default = "latency,error,availability", help = "parts of checks that users feel" },
    patience = { type = "string", default = "10m", help = "how long it may take until the rest has gone" },
  },

  plan = function(incident, ctx)
    local node <const>, set <const> = ctx.suspect.resource, ctx.parameters
    local usual <const>, most <const> = count_of(node, set.usual), count_of(node, set.most)
    if not usual or not most then
      return nil, string.format("nobody says how far %s goes (labels %s, %s)", node, set.usual, set.most)
    end
    if usual >= most then
      return nil, string.format("%s goes to %d, which is what it needs", node, most)
    end
    local felt <const> = felt_by_users(incident, set.hurts)
    if felt then
      return nil, string.format("%s on %s: users would pay for a cap", felt.check, felt.resource)
    end

    local function cap(count)
      return action.http{ url = fill(set.url, node), method = "PUT", body = { max = count } }
    end
    return {
      summary = string.format("cap %s at %d instead of %d", node, usual, most),
      steps = {
        {
          name = "cap " .. node,
          idempotent = true,
          run = cap(usual),
          verify = action.check{ url = fill(set.health_url, node), every = "15s", timeout = set.patience },
          undo = cap(most),
        },
      },
    }
  end,
}
