-- Open a ticket.
--
-- What people would type in: what broke, since when, who is suspected and why, what alerts. It is sent as JSON by one
-- request, with the run's idempotency key, so that a repeated one opens no second ticket where the tracker heeds it.

local action <const> = nocturne.action
local ALERTS_MAX <const> = 20

local function cut(text, length)
  return #text <= length and text or text:sub(1, utf8.offset(text, 0, length + 1) - 1) .. "..."
end

-- "db-1, 80 %: explains 3 of 3 alerts; no other node does"
local function describe(suspect)
  local parts <const> = {}
  for _, part in ipairs(suspect.evidence) do
    parts[#parts + 1] = part.text
  end
  local why <const> = #parts > 0 and table.concat(parts, "; ") or suspect.reason
  return cut(string.format("%s, %d %%: %s", suspect.resource, math.floor(suspect.score * 100 + 0.5), why), 500)
end

local function describe_all(incident)
  local suspects <const>, alerts <const> = {}, {}
  for i = 1, math.min(#incident.suspects, 3) do
    suspects[i] = describe(incident.suspects[i])
  end
  for i = 1, math.min(#incident.alerts, ALERTS_MAX) do
    local alert <const> = incident.alerts[i]
    alerts[i] = cut(string.format("%s %s (%s): %s", alert.resource, alert.check, alert.severity, alert.summary), 300)
  end
  if incident.alert_count > ALERTS_MAX then
    alerts[#alerts + 1] = string.format("and %d more", incident.alert_count - ALERTS_MAX)
  end
  return suspects, alerts
end

-- A node that the ticket is about: the suspect, or the first that alerts and is known.
local function subject(incident, suspect)
  if suspect then
    return suspect.resource
  end
  for _, alert in ipairs(incident.alerts) do
    if alert.firing and nocturne.graph.exists(alert.resource) then
      return alert.resource
    end
  end
end

return {
  name = "open_ticket",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "opens a ticket with what is known of the incident",
  prose = "Sends one request to the ticket tracker. It touches nothing else, so it may go by itself.",
  risk = "low",
  reversible = false,

  when = { incident = 'severity=~"major|critical"' },
  wants = { graph = true, effectors = { "http" } },
  limits = { cooldown = "1h", runs_max = 20, blast_share_max = 1, healthy_min = 0, dependents_max = 100000,
             confidence_min = 0 },

  parameters = {
    url = { type = "string", default = "http://tickets/api/tickets", help = "takes POST of JSON" },
    project = { type = "string", default = "OPS", help = "goes into the ticket" },
    secret = { type = "string", default = "", help = "name of the secret that is sent as a bearer token; empty: none" },
  },

  plan = function(incident, ctx)
    local set <const> = ctx.parameters
    local node <const> = subject(incident, ctx.suspect)
    if not node then
      return nil, "none of its nodes is in the service graph"
    end
    local suspects <const>, alerts <const> = describe_all(incident)
    local headers <const> = set.secret ~= "" and { Authorization = "Bearer ${secret:" .. set.secret .. "}" } or nil
    return {
      target = node,
      summary = cut("open a ticket in " .. set.project .. ": " .. incident.title, 200),
      preconditions = { incident_state = "active" },
      steps = {
        {
          name = "open a ticket",
          idempotent = true,
          run = action.http{
            url = set.url,
            headers = headers,
            body = {
              project = set.project,
              incident = incident.id,
              title = cut(incident.title, 200),
              severity = incident.severity,
              began = os.date("!%Y-%m-%dT%H:%M:%SZ", incident.opened_at // 1000),
              suspects = #suspects > 0 and suspects or nil,
              alerts = #alerts > 0 and alerts or nil,
            },
          },
        },
      },
    }
  end,
}
