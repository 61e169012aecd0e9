-- Out of the range of this hour of the day.
--
-- Evidence is the distance beyond the range ever seen within two hours of this time of day, in ranges of the
-- whole series, over `limit`.

local stats <const> = nocturne.stats

return {
  name = "seasonal",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "out of the range of this hour of the day",
  wants = { events = { "metric" }, series = 6000 },  -- as many as its memory holds

  parameters = {
    limit = { type = "number", default = 0.25, min = 0.01, max = 100,
              help = "beyond the range of this hour, in ranges of the series" },
    days = { type = "integer", default = 2, min = 1, max = 60,
             help = "days to have seen an hour before it counts" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      hours = stats.seasonal_range{ slots = 24, neighbours = 2 },
      range = stats.range{ forget = 1e-4 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, value <const> = sample.time / 1000, sample.value
    local evidence = 0
    if stats.usable(value) then
      local beyond <const> = series.hours:excess(time, value, parameters.days)
      if beyond > 0 then
        evidence = stats.distance(beyond, 0, series.range:width(), 1e-9) / parameters.limit
      end
      series.hours:add(time, value)
      series.range:add(value)
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
