-- Curves of requests, errors, latencies: a fast change that this time of day does not have.
--
-- Evidence is sqrt(jump * unusual) / limit: the distance to the mean of the last 40 samples, in their
-- deviations, times the distance to what earlier days had in these five minutes, in usual distances. A peak
-- that comes every day must be far steeper to be told, and so must a slow drift off the profile.

local stats <const> = nocturne.stats

local DAY <const> = 86400
local LEARNING <const> = 300   -- samples
local RECENT <const> = 40      -- samples
local SLOW <const> = 290       -- seconds between samples: five minutes, with some jitter
local SCALE_FLOOR <const> = 0.05  -- of the curve's deviation: no scale is narrower
local CUT <const> = 4          -- an outage counts as so many usual distances when they are learned

return {
  name = "kpi",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "curves of requests: a fast change that this time of day does not have",
  wants = { events = { "metric" }, series = 1400 },  -- as many as its memory holds

  parameters = {
    limit = { type = "number", default = 3.5, min = 0.5, max = 100,
              help = "geometric mean of the two distances, in deviations" },
    hold = { type = "integer", default = 5, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
    hold_slow = { type = "integer", default = 100, min = 0, max = 100000,
                  help = "the same, of metrics with a sample every 5 minutes or less often" },
  },

  series = function(parameters)
    return {
      seen = 0,
      recent = stats.rolling{ window = RECENT },
      day = stats.seasonal{ period = DAY, slots = 288, alpha = 0.1 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, value <const> = sample.time / 1000, sample.value
    if not stats.usable(value) then
      return series.alert:score(0)
    end

    -- What needs the interval between samples is made with the second one.
    series.first = series.first or time
    if not series.curve and time > series.first then
      local interval <const> = math.min(math.max(time - series.first, 1), DAY)
      series.curve = stats.weighted{ span = 10 * DAY / interval }
      series.squares = stats.weighted{ span = 4 * DAY / interval }
      if interval >= SLOW then
        series.alert = stats.alert{ hold = parameters.hold_slow }
      end
    end

    local evidence = 0
    local recent <const>, day <const>, curve <const> = series.recent, series.day, series.curve
    if curve then
      local deviation <const> = curve:deviation()
      local floor <const> = SCALE_FLOOR * deviation + 1e-12
      local jump = 0
      if recent:count() >= RECENT / 2 then
        jump = recent:distance(value, floor)
      end
      local odd = 1  -- of an hour that is not known: the jump alone, damped by the root
      if day:knows(time) then
        local usual <const> = math.sqrt(series.squares:mean())
        local expected <const> = day:expected(time)
        odd = stats.distance(value, expected, usual, floor)
        local cut <const> = math.min(math.abs(value - expected), CUT * usual + 1e-3 * deviation)
        series.squares:add(cut * cut)
      end
      if series.seen >= LEARNING then
        evidence = math.sqrt(jump * odd) / parameters.limit
      end
      curve:add(value)
    end
    series.seen = series.seen + 1
    recent:add(value)
    day:add(time, value)
    if series.seen <= LEARNING then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
