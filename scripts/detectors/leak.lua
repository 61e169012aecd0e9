-- A line upwards that will meet its limit soon: memory, disks, pools, queues.
--
-- Evidence is `hours` over the hours until the line through about `span` samples meets `limit`. It counts only
-- where the line explains `explained` of the variance and values are new highs: up to there it is the usual
-- going to and fro.

local stats <const> = nocturne.stats

local UNSET <const> = 1e150

return {
  name = "leak",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "a line upwards, soon at its limit",
  wants = { events = { "metric" } },

  parameters = {
    limit = { type = "number", default = 1e150, min = -1e150, max = 1e150,
              help = "value that is exhaustion; 1e150: the range ever seen, doubled" },
    hours = { type = "number", default = 24, min = 0.01, max = 10000,
              help = "alert when exhaustion is nearer than this" },
    explained = { type = "number", default = 0.6, min = 0, max = 1,
                  help = "share of the variance that the line must explain" },
    span = { type = "number", default = 100, min = 5, max = 1000000,
             help = "samples of the line" },
    learning = { type = "integer", default = 600, min = 20, max = 1000000,
                 help = "samples at first that are learned from in silence" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      seen = 0,
      line = stats.trend{ span = parameters.span },
      level = stats.weighted{ span = 5 },
      levels = stats.range{ forget = 1e-4 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, line <const>, levels <const> = sample.time / 1000, series.line, series.levels
    local evidence = 0
    if stats.usable(sample.value) then
      line:add(time, sample.value)
      series.level:add(sample.value)
      local level <const> = series.level:mean()
      local limit = parameters.limit
      if limit >= UNSET then
        limit = levels:high() + levels:width()
      end
      if level > levels:high() and line:slope() > 0 and line:explained() >= parameters.explained then
        evidence = parameters.hours * 3600 / math.max(line:time_to(limit, time), 1)
      end
      levels:add(level)
    end
    series.seen = series.seen + 1
    if series.seen <= parameters.learning then
      return nil  -- learning
    end
    return series.alert:score(evidence)
  end,
}
