-- The same error on several resources within minutes: one cause, not many.
--
-- Summaries are compared with their numbers masked. When an error stands on `resources` resources within
-- `window` it is told once, for the resource where it began; again only after `quiet` without it.

local MINUTE_MS <const> = 60 * 1000
local SERIOUS <const> = { minor = true, major = true, critical = true }
local LENGTH <const> = 160       -- bytes of an error's text
local ERRORS_MAX <const> = 200   -- different errors at a time
local SEEN_MAX <const> = 64      -- resources of one error

local function text_of(summary)
  return (summary:sub(1, 2 * LENGTH):gsub("%x*%d[%x%.:]*", "#"):sub(1, LENGTH))
end

-- Forgets errors that have not been seen for `quiet`, and the longest unseen one when they are too many.
local function tidy(state, now, quiet)
  local oldest, oldest_time
  for text, error in pairs(state.errors) do
    if now - error.last > quiet then
      state.errors[text] = nil
      state.count = state.count - 1
    elseif not oldest or error.last < oldest_time then
      oldest, oldest_time = text, error.last
    end
  end
  if state.count >= ERRORS_MAX and oldest then
    state.errors[oldest] = nil
    state.count = state.count - 1
  end
end

-- How many resources had it within the window, and where it began.
local function spread_of(error, since)
  local count, first, first_time = 0, nil, math.huge
  for resource, time in pairs(error.seen) do
    if time < since then
      error.seen[resource] = nil
      error.size = error.size - 1
    else
      count = count + 1
      if time < first_time then
        first, first_time = resource, time
      end
    end
  end
  return count, first
end

return {
  name = "error_cluster",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "the same error on several resources within minutes",
  wants = { events = { "alert" }, writes = { "events" }, state = "2MiB" },

  parameters = {
    resources = { type = "integer", default = 5, min = 2, max = 50,
                  help = "resources that must have the error" },
    window = { type = "number", default = 5, min = 0.1, max = 1440, help = "minutes in which they have it" },
    quiet = { type = "number", default = 60, min = 1, max = 10080,
              help = "minutes without the error after which it may be told again" },
  },

  on_event = function(event, parameters)
    if not SERIOUS[event.severity] or event.status ~= "firing" or event.source:find("^plugin/") then
      return
    end
    local state <const>, now <const> = nocturne.state, event.time
    state.errors, state.count = state.errors or {}, state.count or 0

    local text <const> = text_of(event.summary ~= "" and event.summary or event.check)
    local error = state.errors[text]
    if error and now - error.last > parameters.quiet * MINUTE_MS then
      error.told = false
    end
    if not error then
      if state.count >= ERRORS_MAX then
        tidy(state, now, parameters.quiet * MINUTE_MS)
      end
      error = { seen = {}, size = 0, last = now, told = false }
      state.errors[text] = error
      state.count = state.count + 1
    end
    error.last = math.max(error.last, now)
    local since <const> = now - parameters.window * MINUTE_MS
    if not error.seen[event.resource] then
      if error.size >= SEEN_MAX then
        spread_of(error, since)  -- forgets the old ones
      end
      if error.size >= SEEN_MAX then
        return
      end
      error.size = error.size + 1
      error.seen[event.resource] = now
    elseif error.seen[event.resource] < since then
      error.seen[event.resource] = now
    end

    if error.told or error.size < parameters.resources then
      return
    end
    local count <const>, first <const> = spread_of(error, since)
    if count >= parameters.resources then
      error.told = true
      nocturne.emit{
        resource = first,
        check = "error_cluster",
        severity = "major",
        summary = string.format("%d resources have the same error within %g min: %s", count, parameters.window,
                                event.summary:sub(1, LENGTH)),
        labels = { error = text },
        annotations = { resources = count, began_at = first },
      }
    end
  end,
}
