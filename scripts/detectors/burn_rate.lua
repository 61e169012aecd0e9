-- Odd samples use up an error budget.
--
-- A sample is bad when it lies `sigmas` deviations from the mean; the budget is 1 - `objective`. Evidence is the
-- smaller of the burn rate over one hour, over `fast`, and of that over six hours, over `sustained`: the long
-- window says that it matters, the short one that it goes on.

local stats <const> = nocturne.stats

-- A scale is at least a hundredth of the mean: a constant series has one, too.
local function floor_of(usual)
  return math.max(0.01 * math.abs(usual:mean()), 1e-9)
end

return {
  name = "burn_rate",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "odd samples use up an error budget",
  wants = { events = { "metric" }, series = 4000 },  -- as many as its memory holds

  parameters = {
    objective = { type = "number", default = 0.99, min = 0.9, max = 0.99999,
                  help = "share of samples that must be good" },
    fast = { type = "number", default = 4, min = 0.1, max = 1000,
             help = "burn rate over one hour that alerts" },
    sustained = { type = "number", default = 2, min = 0.1, max = 1000,
                  help = "burn rate over six hours that alerts" },
    sigmas = { type = "number", default = 4, min = 0.5, max = 100,
               help = "a sample this far from the mean is a bad one" },
    span = { type = "number", default = 2000, min = 10, max = 1000000,
             help = "samples that the mean is learned from" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      usual = stats.weighted{ span = parameters.span },
      hour = stats.burn_rate{ objective = parameters.objective, window = 3600 },
      six_hours = stats.burn_rate{ objective = parameters.objective, window = 6 * 3600 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, value <const>, usual <const> = sample.time / 1000, sample.value, series.usual
    local evidence = 0
    if stats.usable(value) then
      local bad <const> = usual:distance(value, floor_of(usual)) >= parameters.sigmas and 1 or 0
      usual:add(value)
      series.hour:add(time, bad, 1)
      series.six_hours:add(time, bad, 1)
      evidence = math.min(series.hour:rate() / parameters.fast, series.six_hours:rate() / parameters.sustained)
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
