-- Stories of kpi.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local DAY <const> = series.DAY

return {
  ["tells a drop that this time of day does not have"] = function(t)
    local function usual(i)
      return 1000 + 300 * math.sin(2 * math.pi * i / DAY) + 10 * noise(i)
    end
    t.plugin{}
    local feed <const> = feeder(t)
    feed(10 * DAY, usual)

    t.truthy(feed(5, function(i) return usual(i) / 2 end) >= 1)
  end,

  ["forgives the peak that comes every day"] = function(t)
    local function usual(i)
      return (i % DAY == 100 and 120 or 100) + i * 7 % 11
    end
    t.plugin{}
    local feed <const> = feeder(t)
    feed(10 * DAY, usual)

    t.equal(feed(5 * DAY, usual), 0)
    t.truthy(feed(1, flat(150)) >= 1)
  end,

  ["says nothing while it is learning"] = function(t)
    t.plugin{}
    for i = 0, 299 do
      t.equal(t.sample("requests", i * 60, 100 + noise(i)), nil)
    end
    t.truthy(t.sample("requests", 300 * 60, 100))
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
