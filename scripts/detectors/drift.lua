-- The distribution is not that of the window before, be its mean the same.
--
-- Evidence is the population stability index of the last `window` samples against as many before them, over
-- `limit`; it is reckoned anew every half window.

local stats <const> = nocturne.stats

return {
  name = "drift",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "the distribution is not that of the window before",
  wants = { events = { "metric" }, series = 1500 },  -- as many as its memory holds

  parameters = {
    limit = { type = "number", default = 1, min = 0.01, max = 100,
              help = "population stability index that is a drift" },
    window = { type = "integer", default = 288, min = 20, max = 10000,
               help = "samples on either side" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      shift = stats.drift{ window = parameters.window },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local evidence = 0
    if series.shift:add(sample.value or 0 / 0) then
      evidence = series.shift:stability_index() / parameters.limit
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
