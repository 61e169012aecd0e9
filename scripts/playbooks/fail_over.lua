-- Fail over to the standby.
--
-- Never by itself: two people say yes, and a third question is asked before the old primary is fenced. The standby is a
-- label of the primary's node; it must be in the graph and must not burn itself. Order matters: fence, then promote, then
-- point the clients. Two primaries are worse than none, so nothing takes the fence away but people.

local action <const> = nocturne.action

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

local function burns(incident, node)
  for _, alert in ipairs(incident.alerts) do
    if alert.firing and alert.resource == node then
      return true
    end
  end
  return false
end

return {
  name = "fail_over",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "approve",
  summary = "fences a primary and promotes its standby",
  prose = [[
Before the yes: is the standby's replication current? What it has not got yet is lost. Before the fencing somebody is
asked once more. Nothing is undone: if a step fails, the old primary stays fenced until somebody has looked at both.]],
  risk = "high",
  reversible = false,

  when = {
    incident = 'severity="critical"',
    suspect = 'role="primary", kind!="change"',
    confidence_min = 0.7,
  },
  wants = {
    graph = true,
    effectors = { "command:{fence_program}", "command:{promote_program}", "check", "http" },
  },
  limits = { cooldown = "2h", runs_max = 1, runs_window = "2h", healthy_min = 0, dependents_max = 1000,
             confidence_min = 0.8, approvals = 2, approval_ttl = "10m" },

  parameters = {
    label = { type = "string", default = "standby", help = "label of the primary with the standby's name" },
    ready_program = { type = "string", default = "standby-is-ready",
                      help = "listed program, read_only; gets node; ends with 0 when replication is current" },
    fence_program = { type = "string", default = "fence", help = "listed program; gets node" },
    promote_program = { type = "string", default = "promote", help = "listed program; gets node" },
    health_url = { type = "string", default = "http://{node}/health", help = "answers 200 when it serves as primary" },
    route_url = { type = "string", default = "http://router/primaries/{node}",
                  help = 'takes PUT {"to": "NODE"}; {node} is the old primary' },
    asked = { type = "string", default = "approver", choices = { "responder", "approver", "admin" },
              help = "role that is asked before the fencing" },
    patience = { type = "string", default = "3m", help = "how long promoting may take" },
  },

  plan = function(incident, ctx)
    local primary <const>, set <const> = ctx.suspect.resource, ctx.parameters
    local standby <const> = nocturne.graph.label(primary, set.label)
    if not standby or standby == "" then
      return nil, string.format("nobody says what the standby of %s is (label %s)", primary, set.label)
    end
    if not nocturne.graph.exists(standby) then
      return nil, string.format("the standby %s is not in the service graph", standby)
    end
    if burns(incident, standby) then
      return nil, string.format("the standby %s burns itself", standby)
    end

    local is_ready <const> = action.check{ set.ready_program, node = standby }
    return {
      summary = string.format("fail over from %s to %s", primary, standby),
      steps = {
        { name = "look whether " .. standby .. " is ready", node = standby, idempotent = true, run = is_ready },
        {
          name = "ask once more",
          run = action.ask{
            role = set.asked,
            question = string.format("%s is fenced next, and %s becomes primary. Go on?", primary, standby),
            timeout = "10m",
          },
        },
        { name = "fence " .. primary, run = action.command{ set.fence_program, node = primary, timeout = "1m" } },
        {
          name = "promote " .. standby,
          node = standby,
          run = action.command{ set.promote_program, node = standby, timeout = "2m" },
          verify = action.check{ url = fill(set.health_url, standby), every = "5s", timeout = set.patience },
        },
        {
          name = "point clients to " .. standby,
          idempotent = true,
          run = action.http{ url = fill(set.route_url, primary), method = "PUT", body = { to = standby } },
        },
      },
    }
  end,
}
