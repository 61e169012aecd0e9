-- Costs (money, tokens, credits) far above what the same weekday has cost.
--
-- Metrics whose check has `check` in it are costs, a sample an hour or a day. A sample is odd when it is above
-- the median of about the last weeks by `times` of it, and by `deviations` median absolute deviations; days of
-- the week are learned apart once they are known. The event tells the money that is too much.

local stats <const> = nocturne.stats

local DAY_MS <const> = 86400 * 1000
local WINDOW <const> = 60       -- samples of one weekday
local KNOWN <const> = 4         -- samples of a weekday that make it known
local SERIES_MAX <const> = 500
local DEVIATION <const> = 1.4826  -- of a normal distribution, in MADs

local function weekday_of(time)
  return (time // DAY_MS + 4) % 7  -- 1970 began on a Thursday; 0 is Sunday
end

local function series_of(state, name)
  local series = state.series[name]
  if not series then
    if state.count >= SERIES_MAX then
      state.series, state.count = {}, 0
    end
    series = { seen = 0, all = stats.median{ window = WINDOW }, days = {}, alert = stats.alert{ hold = 3 } }
    state.series[name] = series
    state.count = state.count + 1
  end
  return series
end

return {
  name = "cost_anomaly",
  version = "1.0.0",
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
    state.series, state.count = state.series or {}, state.count or 0
    local series <const> = series_of(state, event.resource .. "/" .. event.check)
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
