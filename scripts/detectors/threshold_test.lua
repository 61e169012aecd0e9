-- Stories of threshold.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local STEP <const>, DAY <const> = series.STEP, series.DAY

return {
  ["takes the limit that is given"] = function(t)
    t.plugin{ high = 90, learning = 20 }
    local feed <const> = feeder(t)
    feed(20, flat(50))

    t.equal(feed(50, function(i) return i % 90 end), 0)
    t.equal(feed(1, flat(91)), 1)
  end,

  ["learns limits when none are given"] = function(t)
    t.plugin{ margin = 1 }
    local feed <const> = feeder(t)
    feed(600, function(i) return 50 + 5 * noise(i) end)

    t.equal(feed(50, flat(60)), 0)
    t.equal(feed(1, flat(75)), 1)
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
