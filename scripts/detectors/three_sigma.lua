-- The mean of some samples leaves its band.
--
-- Evidence is the distance of the mean of `group` samples to the weighted mean, in deviations of single samples,
-- over `sigmas`. The textbook asks each sample, and is wrong about one in 370 of them.

local stats <const> = nocturne.stats

-- A scale is at least a hundredth of the mean: a constant series has one, too.
local function floor_of(usual)
  return math.max(0.01 * math.abs(usual:mean()), 1e-9)
end

return {
  name = "three_sigma",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "the mean of some samples leaves its band",
  wants = { events = { "metric" } },

  parameters = {
    sigmas = { type = "number", default = 3, min = 0.5, max = 100,
               help = "limit, in deviations" },
    group = { type = "integer", default = 30, min = 1, max = 10000,
              help = "samples of a mean" },
    span = { type = "number", default = 4000, min = 10, max = 1000000,
             help = "samples that the deviation is learned from" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      group = stats.rolling{ window = parameters.group },
      usual = stats.weighted{ span = parameters.span },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local value <const>, group <const>, usual <const> = sample.value, series.group, series.usual
    local evidence = 0
    if stats.usable(value) then
      group:add(value)
      if group:is_full() then
        evidence = usual:distance(group:mean(), floor_of(usual)) / parameters.sigmas
        usual:add(value)
      end
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
