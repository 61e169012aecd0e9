-- Stories of best.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local STEP <const>, DAY <const> = series.STEP, series.DAY

return {
  ["tells a record once"] = function(t)
    t.plugin{}
    local feed <const> = feeder(t)
    feed(5 * DAY, function(i) return 50 + noise(i) end)

    t.truthy(feed(10, flat(90)) >= 1)
    t.equal(feed(80, flat(90)), 0)
  end,

  ["misses the morning that does not come"] = function(t)
    local function daily(i)
      local hour <const> = i % DAY // 12
      return (hour >= 9 and hour < 18 and 80 or 20) + noise(i)
    end
    t.plugin{}
    local feed <const> = feeder(t)
    feed(3 * DAY, daily)
    t.equal(feed(6 * DAY, daily), 0)

    feed(8 * 12, daily)
    t.truthy(feed(10 * 12, function(i) return 20 + noise(i) end) >= 1)
  end,

  ["is silent about what repeats"] = function(t)
    local function daily(i)
      return i % DAY < 100 and 20 or 80
    end
    t.plugin{}
    local feed <const> = feeder(t)
    feed(2 * DAY, daily)

    t.equal(feed(20 * DAY, daily), 0)
  end,

  ["gives each series a memory of its own"] = function(t)
    t.plugin{}
    for i = 0, 3 * DAY do
      t.sample("low", i * STEP, 1 + noise(i))
      t.sample("high", i * STEP, 100 + noise(i))
    end

    t.truthy(t.sample("low", 4 * DAY * STEP, 100) >= 0.5)
    t.equal(t.sample("high", 4 * DAY * STEP, 100), 0)
  end,

  ["is silent about a constant series"] = function(t)
    t.plugin{}
    t.equal(feeder(t)(10 * DAY, flat(45)), 0)
  end,

  ["takes what is no number"] = function(t)
    t.plugin{}
    local odd <const> = { 0 / 0, 1 / 0, -1 / 0, 1e300, -1e300, 0, 1 }
    feeder(t)(2000, function(i) return odd[i % #odd + 1] end)
  end,
}
