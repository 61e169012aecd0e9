-- Roll back the deploy that ranks first.
--
-- Three confirmations, and none of them may be missing: the evidence of the first suspect names a change; the last deploy
-- on it came before the first alert, by less than `window`; and nothing else changed since, neither on it nor on what it
-- depends on. A rollback of the wrong deploy is a second fault on top of the first.

local action <const> = nocturne.action
local MINUTE_MS <const> = 60 * 1000

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

-- The part of the evidence that says so, in its words.
local function evidence_of_change(suspect)
  for _, part in ipairs(suspect.evidence) do
    if part.name == "change" and part.score > 0 then
      return part.text
    end
  end
end

local function first_alert(incident)
  local first = incident.opened_at
  for _, alert in ipairs(incident.alerts) do
    first = math.min(first, alert.first_seen or first)
  end
  return first
end

-- A change since then, but the one that is looked at.
local function other_change(nodes, deploy)
  for _, node in ipairs(nodes) do
    for _, change in ipairs(nocturne.changes(node, 5)) do
      local is_same <const> = node == deploy.resource and change.time == deploy.time and change.what == deploy.what
        and change.summary == deploy.summary
      if change.time >= deploy.time and not is_same then
        return change
      end
    end
  end
end

return {
  name = "rollback_deploy",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "approve",
  summary = "rolls back the deploy that ranks first",
  prose = [[
Asks the deployer for the version before. Look at what the deploy changed first: a migration of a schema, or a message
format, is not rolled back with the program. If the service is not well in time, the new version is deployed again.]],
  risk = "high",
  reversible = true,

  when = {
    incident = 'severity=~"major|critical"',
    suspect = 'kind="change"',
    confidence_min = 0.6,
  },
  wants = { graph = true, changes = true, effectors = { "http", "check" } },
  limits = { cooldown = "1h", runs_max = 1, runs_window = "1h", confidence_min = 0.8 },

  parameters = {
    what = { type = "string", default = "deploy", help = "the kind of change that can be rolled back" },
    window = { type = "integer", default = 30, min = 1, max = 1440, help = "minutes from the deploy to the first alert" },
    hops = { type = "integer", default = 1, min = 1, max = 4, help = "how far down other changes are looked for" },
    rollback_url = { type = "string", default = "http://deployer/services/{node}/rollback", help = "takes POST" },
    redeploy_url = { type = "string", default = "http://deployer/services/{node}/redeploy", help = "takes POST" },
    health_url = { type = "string", default = "http://{node}/health", help = "answers 200 when the service is well" },
    patience = { type = "string", default = "5m", help = "how long it may take until it is well" },
  },

  plan = function(incident, ctx)
    local suspect <const>, set <const> = ctx.suspect, ctx.parameters
    local node <const> = suspect.resource
    if not evidence_of_change(suspect) then
      return nil, "the evidence against " .. node .. " names no change"
    end

    local deploy
    for _, change in ipairs(nocturne.changes(node, 20)) do
      if change.what == set.what then
        deploy = change
        break
      end
    end
    if not deploy then
      return nil, string.format("no %s of %s is remembered", set.what, node)
    end
    local age <const> = first_alert(incident) - deploy.time
    if age < 0 then
      return nil, string.format("the %s of %s came after the first alert", set.what, node)
    end
    if age > set.window * MINUTE_MS then
      return nil, string.format("the %s of %s came %d minutes before the first alert, the window is %d", set.what, node,
                                age // MINUTE_MS, set.window)
    end

    local nodes <const> = nocturne.graph.dependencies(node, { hops = set.hops, limit = 50 })
    table.insert(nodes, 1, node)
    local other <const> = other_change(nodes, deploy)
    if other then
      return nil, string.format("%s of %s came after it: it may as well be that", other.what, other.resource)
    end

    local reason <const> = { incident = incident.id, change = deploy.summary }
    return {
      summary = string.format("roll back %s of %s (%s), %d min before the first alert", deploy.what, node,
                              deploy.summary ~= "" and deploy.summary or "no description", age // MINUTE_MS),
      preconditions = { incident_state = "active", first_suspect = node, suspect_kind = "change" },
      steps = {
        {
          name = "roll back " .. node,
          run = action.http{ url = fill(set.rollback_url, node), body = reason, timeout = "2m" },
          verify = action.check{ url = fill(set.health_url, node), every = "10s", timeout = set.patience },
          undo = action.http{ url = fill(set.redeploy_url, node), body = reason, timeout = "2m" },
        },
      },
    }
  end,
}
