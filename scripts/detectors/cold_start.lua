-- Requests that start cold: after an idle time the first one is slow, and more and more of them are first.
--
-- Metrics whose check has `check` in it are latencies, a sample a request. A request is cold when nothing came
-- for `idle` seconds before it and it takes `times` the median of the warm ones. Told is when the share of cold
-- requests is above `share` over `window`; resolved when it is below half of that.

local stats <const> = nocturne.stats

local WARM <const> = 101        -- requests of the median
local LEARNING <const> = 30     -- warm requests before anything is said
local REQUESTS <const> = 10     -- in the window, for a share to mean something
local SERIES_MAX <const> = 500
local PART <const> = 0.9        -- of budgets: cold requests count against 1 - PART, see burn_rate

-- What is kept by name. Entries know their neighbours in the order in which they were last seen, so that beyond
-- `max` of them the least recently seen goes. The same in each detector that keeps things; see docs/detectors.md.
local function unlink(kept, entry)
  if entry.older then kept.by_name[entry.older].newer = entry.newer else kept.oldest = entry.newer end
  if entry.newer then kept.by_name[entry.newer].older = entry.older else kept.newest = entry.older end
end

local function kept_of(kept, name, max, make)
  local entry = kept.by_name[name]
  if entry then
    unlink(kept, entry)
  else
    if kept.count >= max then
      local oldest <const> = kept.oldest
      unlink(kept, kept.by_name[oldest])
      kept.by_name[oldest] = nil
      kept.count = kept.count - 1
    end
    entry = make()
    kept.by_name[name] = entry
    kept.count = kept.count + 1
  end
  entry.older, entry.newer = kept.newest, nil
  if kept.newest then kept.by_name[kept.newest].newer = name else kept.oldest = name end
  kept.newest = name
  return entry
end

local function new_series(window)
  return {
    warm = stats.median{ window = WARM },
    cold = stats.median{ window = WARM },
    share = stats.burn_rate{ objective = PART, window = window },
    requests = 0,
    told = false,
  }
end

return {
  name = "cold_start",
  version = "1.1.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "a large share of requests is slow because it comes first after idle time",
  wants = { events = { "metric" }, writes = { "events" }, state = "2MiB" },

  parameters = {
    check = { type = "string", default = "latency",
              help = "metrics whose check has this text in it are latencies" },
    idle = { type = "number", default = 300, min = 1, max = 86400, help = "seconds without a request" },
    times = { type = "number", default = 3, min = 1.1, max = 1000, help = "how slow, in medians of warm requests" },
    share = { type = "number", default = 0.2, min = 0.01, max = 1, help = "share of cold requests that is told" },
    window = { type = "number", default = 6, min = 0.1, max = 168, help = "hours of the share" },
  },

  on_event = function(event, parameters)
    local value <const>, time <const> = event.value, event.time / 1000
    if not event.check:find(parameters.check, 1, true) or not stats.usable(value) then
      return
    end
    local state <const> = nocturne.state
    state.series = state.series or { by_name = {}, count = 0 }
    local series <const> = kept_of(state.series, event.resource .. "/" .. event.check, SERIES_MAX,
                                   function() return new_series(parameters.window * 3600) end)

    local idle <const> = series.last and time - series.last >= parameters.idle
    local usual <const> = series.warm:median()
    local known <const> = series.warm:count() >= LEARNING
    local cold <const> = idle and known and value >= parameters.times * usual
    series.last = time
    if cold then
      series.cold:add(value)
    elseif not idle then
      series.warm:add(value)
    end
    series.share:add(time, cold and 1 or 0, 1)
    series.requests = series.requests + 1
    if not known or series.requests < REQUESTS then
      return  -- learning
    end

    local share <const> = series.share:rate() * (1 - PART)
    if not series.told and share >= parameters.share then
      series.told = true
      nocturne.emit{
        resource = event.resource,
        check = "cold_start",
        severity = "warning",
        value = share,
        summary = string.format("%.0f %% of requests start cold: %.3g instead of %.3g", 100 * share,
                                series.cold:median(), usual),
        annotations = { share = share, warm = usual, cold = series.cold:median() },
      }
    elseif series.told and share < parameters.share / 2 then
      series.told = false
      nocturne.emit{
        resource = event.resource,
        check = "cold_start",
        severity = "warning",
        status = "resolved",
        summary = string.format("%.0f %% of requests start cold", 100 * share),
      }
    end
  end,
}
