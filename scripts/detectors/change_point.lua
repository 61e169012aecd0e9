-- The level has changed for good.
--
-- Evidence is the larger of two sums (CUSUM) over `limit`: how far samples lie above, or below, the slowly
-- learned mean, in deviations, each less `slack` and cut to 4, so that one outlier is no change. After an alert
-- it begins anew: what follows is the new level.

local stats <const> = nocturne.stats

return {
  name = "change_point",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "the level has changed for good",
  wants = { events = { "metric" } },

  parameters = {
    limit = { type = "number", default = 60, min = 1, max = 1000,
              help = "cumulative sum that is a change, in deviations" },
    slack = { type = "number", default = 1, min = 0, max = 10,
              help = "drift that is none, in deviations" },
    span = { type = "number", default = 2000, min = 10, max = 1000000,
             help = "samples that the level is learned from" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      sums = stats.change_point{ span = parameters.span, slack = parameters.slack, sum = 2 * parameters.limit },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local sum <const> = series.sums:add(sample.value or 0 / 0)
    if sum >= parameters.limit then
      series.sums:forget()
    end
    local evidence <const> = sum / parameters.limit
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
