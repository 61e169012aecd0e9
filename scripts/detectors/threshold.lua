-- Beyond limits: those that are given, or the range of the time of learning, widened.
--
-- Evidence is 1 and more beyond a limit: 1 + the distance to it, in ranges of the time of learning.

local stats <const> = nocturne.stats

local UNSET <const> = 1e150

return {
  name = "threshold",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "beyond limits, given or learned at first",
  wants = { events = { "metric" } },

  parameters = {
    high = { type = "number", default = 1e150, min = -1e150, max = 1e150,
             help = "alert above; learned when neither this nor low is given" },
    low = { type = "number", default = -1e150, min = -1e150, max = 1e150,
            help = "alert below; learned when neither this nor high is given" },
    margin = { type = "number", default = 0.5, min = 0, max = 100,
               help = "by how much the range of the learning is widened, in ranges" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      highest = -UNSET,
      lowest = UNSET,
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local value <const> = sample.value
    local evidence = 0
    if stats.usable(value) then
      if series.seen < parameters.learning then
        series.highest = math.max(series.highest, value)
        series.lowest = math.min(series.lowest, value)
      end
      local width <const> = math.max(series.highest - series.lowest, 1e-9 + 0.01 * math.abs(series.highest))
      local high, low = parameters.high, parameters.low
      if high >= UNSET and low <= -UNSET then
        high = series.highest + parameters.margin * width
        low = series.lowest - parameters.margin * width
      end
      local beyond <const> = math.max(value - high, low - value)
      if beyond > 0 then
        evidence = 1 + beyond / width
      end
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
