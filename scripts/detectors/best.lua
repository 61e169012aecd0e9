-- Any metric: out of the range ever seen, or out of the range of this hour of the day.
--
-- Evidence, in multiples of its limit, is the sum of three distances, each in widths of the range ever seen:
--   level   the smoothed level (about 5 samples) outside of the range ever seen;
--   hour    the sample outside of the range ever seen within two hours of this time of day, over what such
--           distances usually are: where the day does not repeat it says little;
--   day     the same against earlier days only, so that a morning that does not come is seen as well.
-- A score passes when it is the highest of the last `hold` samples: what lasts is told once.

local stats <const> = nocturne.stats

local DAYS <const> = 2          -- that an hour must have been seen
local NARROWEST <const> = 1e-9  -- range of a constant series
local USUAL <const> = 3         -- usual distances, and this share of the range, are nothing odd
local FLOOR <const> = 0.02

-- A distance, over what is usual for such distances of this series.
local function unusual(usual, distance)
  if distance < 0 then
    return 0  -- this hour is not known yet
  end
  local evidence = distance / (FLOOR + USUAL * usual:root_mean_square())
  usual:add(distance)
  return evidence
end

return {
  name = "best",
  version = "1.0.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "any metric: out of the range ever seen, or of the range of this hour of the day",
  wants = { events = { "metric" }, series = 5000 },  -- as many as its memory holds

  parameters = {
    level = { type = "number", default = 0.08, min = 0.001, max = 10,
              help = "limit of the smoothed level beyond the range ever seen, in ranges" },
    hour = { type = "number", default = 0.75, min = 0.01, max = 100,
             help = "limit of the sample beyond the range of this hour of the day" },
    day = { type = "number", default = 8, min = 0.01, max = 1000,
            help = "limit of the sample beyond the range of this hour on earlier days" },
    hold = { type = "integer", default = 100, min = 0, max = 100000,
             help = "samples for which only a higher score alerts again" },
  },

  series = function(parameters)
    return {
      level = stats.weighted{ span = 5 },
      levels = stats.range{ forget = 1e-4 },
      range = stats.range{ forget = 1e-4 },
      hours = stats.seasonal_range{ slots = 24, neighbours = 2 },
      hour = stats.weighted{ span = 2000 },
      day = stats.weighted{ span = 2000 },
      alert = stats.alert{ hold = parameters.hold },
    }
  end,

  on_sample = function(series, sample, parameters)
    local time <const>, value <const> = sample.time / 1000, sample.value
    if not stats.usable(value) then
      return series.alert:score(0)
    end

    local smooth <const>, levels <const> = series.level, series.levels
    smooth:add(value)
    local mean <const> = smooth:mean()
    local level <const> = levels:excess(mean, NARROWEST) / parameters.level
    levels:add(mean)

    local hours <const>, range <const> = series.hours, series.range
    local width <const> = math.max(range:width(), NARROWEST)
    local hour <const> = unusual(series.hour, hours:excess(time, value, DAYS) / width) / parameters.hour
    local day <const> = unusual(series.day, hours:excess_before_today(time, value, DAYS) / width) / parameters.day
    range:add(value)
    hours:add(time, value)

    return series.alert:score(level + (hour + day))
  end,
}
