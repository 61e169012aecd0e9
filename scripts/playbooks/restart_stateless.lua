-- Restart an instance that keeps nothing.
--
-- Only nodes that the service graph labels stateless = "true", and only where the fault does not look like a change: a
-- bad version is bad after a restart too. The instance must have a dependent, or nobody would notice that it is well.

local action <const> = nocturne.action

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

return {
  name = "restart_stateless",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "restarts an instance that keeps nothing",
  prose = [[
Restarts the unit and waits until its health check answers. It keeps nothing, so nothing is lost but what it was
doing: clients repeat those requests. If it is not well in time, the run fails and the next one waits for the cooldown.]],
  risk = "low",
  reversible = false,

  when = {
    incident = 'severity=~"major|critical"',
    suspect = 'stateless="true", kind!="change"',
    confidence_min = 0.5,
  },
  wants = { graph = true, effectors = { "command:{program}", "check" } },
  limits = { cooldown = "15m", healthy_min = 1, approvals = 1 },

  parameters = {
    program = { type = "string", default = "restart-unit", help = "listed program; gets unit = the node" },
    health_url = { type = "string", default = "http://{node}/health", help = "answers 200 when it is well" },
    patience = { type = "string", default = "2m", help = "how long it may take until it is well" },
  },

  plan = function(incident, ctx)
    local node <const>, set <const> = ctx.suspect.resource, ctx.parameters
    if #nocturne.graph.dependents(node, { limit = 1 }) == 0 then
      return nil, "nothing depends on " .. node
    end
    return {
      summary = "restart " .. node,
      steps = {
        {
          name = "restart " .. node,
          idempotent = true,
          run = action.command{ set.program, unit = node, timeout = "1m" },
          verify = action.check{ url = fill(set.health_url, node), every = "5s", timeout = set.patience },
        },
      },
    }
  end,
}
