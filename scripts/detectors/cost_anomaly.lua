-- Costs (money, tokens, credits) far above what the same weekday has cost.
--
-- Metrics whose check has `check` in it are costs, a sample an hour or a day. A sample is odd when it is above
-- the median of about the last weeks by `times` of it, and by `deviations` median absolute deviations; days of
-- the week are learned apart once they are known. The event tells the money that is too much.

local stats <const> = nocturne.stats

local DAY_MS <const> = 86400 * 1000
local WINDOW <const> = 60       -- samples of one weekday
local KNOWN <const> = 4         -- samples of a weekday that make it known
local SERIES_MAX <const> = 400
local DEVIATION <const> = 1.4826  -- of a normal distribution, in MADs

local function weekday_of(time)
  return (time // DAY_MS + 4) % 7  -- 1970 began on a Thursday; 0 is Sunday
end

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

local function new_series()
  return { seen = 0, all = stats.median{ window = WINDOW }, days = {}, alert = stats.alert{ hold = 3 } }
end

return {
  name = "cost_anomaly",
  version = "1.1.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "costs far above what the same weekday has cost",
  wants = { events = { "metric" }, writes = { "events" }, state = "2MiB" },

  parameters = {
    check = { type = "string", default = "cost", help = "metrics whose check has this text in it are costs" },
    times = { type = "number", default = 0.5, min = 0.01, max = 100,
              help = "how much above the median, in medians, is too much" },
    deviations = { type = "number", default = 4, min = 0.5, max = 100,
                   help = "and how far above it, in deviations" },
    least = { type = "number", default = 1, min = 0, max = 1e12,
              help = "excess that nobody minds, in the metric's unit" },
    learning = { type = "integer", default = 14, min = 4, max = 10000,
                 help = "samples at first that are learned from in silence" },
  },

  on_event = function(event, parameters)
    local value <const> = event.value
    if not event.check:find(parameters.check, 1, true) or not stats.usable(value) then
      return
    end
    local state <const> = nocturne.state
    state.series = state.series or { by_name = {}, count = 0 }
    local series <const> = kept_of(state.series, event.resource .. "/" .. event.check, SERIES_MAX, new_series)
    local weekday <const> = tostring(weekday_of(event.time))
    local day = series.days[weekday]
    local usual = day and day:count() >= KNOWN and day or series.all

    local median <const> = usual:median()
    local scale <const> = math.max(DEVIATION * usual:mad(), 0.02 * math.abs(median), 1e-9)
    local excess <const> = value - median
    local evidence <const> = math.min(excess / math.max(parameters.times * math.abs(median), 1e-9),
                                      excess / (parameters.deviations * scale))
    series.seen = series.seen + 1
    local score = 0
    if series.seen > parameters.learning and excess > parameters.least then
      score = series.alert:score(evidence)
    else
      series.alert:score(0)
    end

    if not day then
      day = stats.median{ window = WINDOW }
      series.days[weekday] = day
    end
    day:add(value)
    series.all:add(value)

    if score >= 0.5 then
      nocturne.emit{
        resource = event.resource,
        check = "cost_anomaly",
        severity = "warning",
        value = value,
        summary = string.format("%s is %.4g, %.4g more than usual (%.4g)", event.check, value, excess, median),
        annotations = { excess = excess, usual = median, score = score },
      }
    end
  end,
}
