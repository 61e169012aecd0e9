-- No sample, or none that is a number, for much longer than usual.
--
-- Evidence is the time since the last good sample over the longer of `intervals` usual gaps (the median of 101)
-- and `longest` times the longest gap of late. It is told when the next sample comes, be it good or not.

local stats <const> = nocturne.stats

local GAPS <const> = 20  -- to have seen before it says anything

return {
  name = "missing",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "no samples for much longer than usual",
  wants = { events = { "metric" }, series = 5000 },  -- as many as its memory holds

  parameters = {
    intervals = { type = "number", default = 10, min = 1.5, max = 100000,
                  help = "usual intervals without a sample" },
    longest = { type = "number", default = 2, min = 1, max = 1000,
                help = "and as many times the longest gap of late" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      gaps = stats.median{ window = 101 },
      longest = stats.range{ forget = 1e-3 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, gaps <const>, longest <const> = sample.time / 1000, series.gaps, series.longest
    local evidence = 0
    if not series.last then
      series.last = time
    else
      local gap <const> = time - series.last
      if gaps:count() >= GAPS then
        local usual <const> = math.max(gaps:median(), 1e-3)
        evidence = gap / math.max(parameters.intervals * usual, parameters.longest * longest:high())
      end
      if stats.usable(sample.value) then
        gaps:add(gap)
        longest:add(gap)
        series.last = time
      end
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
