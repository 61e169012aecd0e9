-- One sample far from the weighted mean.
--
-- Evidence is the distance to the mean of about `span` samples, in their deviations, over `limit`.

local stats <const> = nocturne.stats

-- A scale is at least a hundredth of the mean: a constant series has one, too.
local function floor_of(usual)
  return math.max(0.01 * math.abs(usual:mean()), 1e-9)
end

return {
  name = "zscore",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "one sample far from the weighted mean",
  wants = { events = { "metric" } },

  parameters = {
    limit = { type = "number", default = 6, min = 0.5, max = 100,
              help = "distance to the mean, in deviations" },
    span = { type = "number", default = 2000, min = 10, max = 1000000,
             help = "samples of the weighted mean and deviation" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      usual = stats.weighted{ span = parameters.span },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local value <const>, usual <const> = sample.value, series.usual
    local evidence = 0
    if stats.usable(value) then
      evidence = usual:distance(value, floor_of(usual)) / parameters.limit
      usual:add(value)
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
