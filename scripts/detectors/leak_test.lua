-- Stories of leak.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local STEP <const>, DAY <const> = series.STEP, series.DAY

return {
  ["tells memory that grows, before its limit"] = function(t)
    t.plugin{ limit = 1000 }
    local feed <const> = feeder(t)
    t.equal(feed(3 * DAY, function(i) return 200 + 5 * noise(i) end), 0)

    t.truthy(feed(100, function(i) return 200 + 7 * (i - 3 * DAY) + 5 * noise(i) end) >= 1)
  end,

  ["is silent about going to and fro"] = function(t)
    t.plugin{ limit = 1000 }
    t.equal(feeder(t)(10 * DAY, function(i) return 200 + 100 * math.sin(i / 40) end), 0)
  end,

  ["says nothing while it is learning"] = function(t)
    t.plugin{}
    for i = 0, 599 do
      t.equal(t.sample("cpu", i * STEP, noise(i)), nil)
    end
    t.truthy(t.sample("cpu", 600 * STEP, 0))
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
