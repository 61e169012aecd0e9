-- Stories of drift.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local STEP <const>, DAY <const> = series.STEP, series.DAY

return {
  ["tells a distribution that changes while its mean stays"] = function(t)
    t.plugin{}
    local feed <const> = feeder(t)
    t.equal(feed(1152, function(i) return 50 + 5 * noise(i) end), 0)

    t.truthy(feed(288, function(i) return i % 2 == 0 and 45 or 55 end) >= 1)
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
