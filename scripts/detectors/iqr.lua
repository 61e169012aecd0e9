-- Far beyond the quartiles of a window (Tukey's fences).
--
-- Evidence is the distance beyond the quartiles of `window` samples, in interquartile ranges, over `fence`. The
-- scale is at least a fifth of the window's inner range and a hundredth of its median: most metrics sit still,
-- and leave that level now and then.

local stats <const> = nocturne.stats

return {
  name = "iqr",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "far beyond the quartiles of a window",
  wants = { events = { "metric" }, series = 450 },  -- as many as its memory holds

  parameters = {
    fence = { type = "number", default = 6, min = 0.5, max = 100,
              help = "how far out the fences stand, in interquartile ranges" },
    window = { type = "integer", default = 1500, min = 20, max = 4096,
               help = "samples" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      window = stats.median{ window = parameters.window },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local value <const>, window <const> = sample.value, series.window
    local evidence = 0
    if stats.usable(value) then
      local inner <const> = window:quantile(0.995) - window:quantile(0.005)
      local floor <const> = math.max(0.2 * inner, 0.01 * math.abs(window:median()), 1e-9)
      evidence = window:beyond_fence(value, 0, floor) / parameters.fence
      window:add(value)
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
