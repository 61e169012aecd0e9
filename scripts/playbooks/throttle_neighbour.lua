-- Throttle a noisy neighbour for a while.
--
-- Who it is: the first suspect where it is a tenant itself (`types`); else, where the suspect is what tenants share (a
-- host, a cluster), the one dependent of it on which an alert fires whose check has `check` in it. Two such dependents
-- are no neighbour but a crowd, and nothing is planned. The throttle is lifted by the same run, and by its undoing.

local action <const> = nocturne.action

-- The address with the node in it. A name of a node cannot make it another address.
local function fill(template, node)
  local escaped <const> = node:gsub("[^%w%-%._~:]", function(byte) return string.format("%%%02X", byte:byte()) end)
  return (template:gsub("{(node)}", { node = escaped }))
end

local function has_word(list, word)
  return word ~= nil and ("," .. list .. ","):find("," .. word .. ",", 1, true) ~= nil
end

-- The busy ones among what depends on the shared node, by name.
local function busy_dependents(incident, shared, check)
  local is_dependent <const>, found <const>, seen <const> = {}, {}, {}
  for _, node in ipairs(nocturne.graph.dependents(shared, { limit = 1000 })) do
    is_dependent[node] = true
  end
  for _, alert in ipairs(incident.alerts) do
    local node <const> = alert.resource
    if alert.firing and is_dependent[node] and not seen[node] and alert.check:find(check, 1, true) then
      seen[node] = true
      found[#found + 1] = node
    end
  end
  table.sort(found)
  return found
end

return {
  name = "throttle_neighbour",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "throttles a noisy neighbour, and lifts that after a while",
  prose = [[
One tenant takes what all of them share. It is throttled, so that the others work again, and the throttle is lifted by
itself: the time until then is for finding out what the tenant is doing. Its owner should be told.]],
  risk = "medium",
  reversible = true,

  when = { incident = 'severity=~"major|critical"', suspect = 'kind="load"', confidence_min = 0.5 },
  wants = { graph = true, effectors = { "http", "check" } },
  limits = { cooldown = "1h", healthy_min = 0 },

  parameters = {
    url = { type = "string", default = "http://quota/tenants/{node}/limit", help = "takes PUT, and DELETE to lift it" },
    health_url = { type = "string", default = "http://{node}/health", help = "of what is shared; answers 200 when well" },
    types = { type = "string", default = "tenant,job,vm", help = "types of nodes that can be throttled" },
    check = { type = "string", default = "usage", help = "part of the check that tells who is busy" },
    share = { type = "number", default = 0.5, min = 0.01, max = 0.99, help = "of what it takes now, that it may take" },
    duration = { type = "string", default = "30m", help = "then the throttle is lifted" },
    patience = { type = "string", default = "5m", help = "how long it may take until what is shared is well" },
  },

  plan = function(incident, ctx)
    local suspect <const>, set <const> = ctx.suspect.resource, ctx.parameters
    local shared, neighbour
    if has_word(set.types, nocturne.graph.type(suspect)) then
      neighbour = suspect
      shared = nocturne.graph.dependencies(suspect, { limit = 1 })[1]
    else
      local busy <const> = busy_dependents(incident, suspect, set.check)
      if #busy ~= 1 then
        return nil, #busy == 0 and "no alert tells which tenant of " .. suspect .. " is busy"
          or string.format("%d tenants of %s are busy, it is no single neighbour", #busy, suspect)
      end
      neighbour, shared = busy[1], suspect
      if not has_word(set.types, nocturne.graph.type(neighbour)) then
        return nil, string.format("%s is busy, and not of a type that can be throttled (%s)", neighbour, set.types)
      end
    end

    local limit <const> = action.http{ url = fill(set.url, neighbour), method = "PUT", body = { share = set.share } }
    local lift <const> = action.http{ url = fill(set.url, neighbour), method = "DELETE" }
    return {
      target = neighbour,
      summary = string.format("throttle %s to %d %% for %s", neighbour, math.floor(set.share * 100 + 0.5), set.duration),
      steps = {
        {
          name = "throttle " .. neighbour,
          idempotent = true,
          run = limit,
          verify = shared
            and action.check{ url = fill(set.health_url, shared), every = "10s", timeout = set.patience } or nil,
          undo = lift,
        },
        { name = "leave it so for " .. set.duration, run = action.wait{ set.duration } },
        { name = "lift the throttle", idempotent = true, run = lift },
      },
    }
  end,
}
