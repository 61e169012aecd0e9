-- A kind of log line that was never seen before.
--
-- Numbers, addresses, identifiers and quoted texts of a line are masked; what is left is its template. A
-- template that is new after the time of learning becomes an event of its own. Templates are kept in two
-- generations: when the young one is full it becomes the old one, and what nobody has seen since is forgotten.

local HOUR_MS <const> = 3600 * 1000
local LENGTH <const> = 200  -- bytes of a template

local function template_of(line)
  return (line:sub(1, 2 * LENGTH)
    :gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-[%x%-]+", "<id>")
    :gsub('"[^"]*"', "<text>")
    :gsub("'[^']*'", "<text>")
    :gsub("0x%x+", "<hex>")
    :gsub("%f[%w]%x*%d%x*%f[%W]", "<n>")
    :gsub("%d+", "<n>")
    :gsub("<n>[%.:%-/]<n>[%.:%-/<n>]*", "<n>")
    :sub(1, LENGTH))
end

-- Was it there before? It is from now on.
local function note(state, template, limit)
  local known <const> = state.young[template] or state.old[template]
  if not state.young[template] then
    if state.count >= limit // 2 then
      state.old, state.young, state.count = state.young, {}, 0
    end
    state.young[template] = true
    state.count = state.count + 1
  end
  return known
end

return {
  name = "new_log_template",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "a kind of log line that was never seen before",
  wants = { events = { "alert" }, writes = { "events" }, state = "1MiB" },

  parameters = {
    check = { type = "string", default = "log",
              help = "events whose check has this text in it are log lines" },
    learning = { type = "number", default = 24, min = 0, max = 1000,
                 help = "hours at first that are learned from in silence" },
    templates = { type = "integer", default = 2000, min = 10, max = 4000,
                  help = "templates to remember" },
    severity = { type = "string", default = "warning", choices = { "info", "warning", "minor", "major" },
                 help = "of the event that tells of a new one" },
  },

  on_event = function(event, parameters)
    if not event.check:find(parameters.check, 1, true) or event.source:find("^plugin/") then
      return
    end
    local state <const> = nocturne.state
    state.since = state.since or event.time
    state.young, state.old, state.count = state.young or {}, state.old or {}, state.count or 0

    local template <const> = template_of(event.summary)
    local known <const> = note(state, template, parameters.templates)
    local learned <const> = event.time - state.since >= parameters.learning * HOUR_MS
    if known or not learned or template == "" then
      return
    end
    nocturne.emit{
      resource = event.resource,
      check = "new_log_template",
      severity = parameters.severity,
      summary = "new kind of log line: " .. event.summary:sub(1, LENGTH),
      labels = { template = template },
    }
  end,
}
