-- Stories of missing.lua: what it tells, and when it keeps silent.

local series <const> = require("series")
local feeder <const>, noise <const>, flat <const> = series.feeder, series.noise, series.flat
local STEP <const>, DAY <const> = series.STEP, series.DAY

return {
  ["tells a gap when it ends"] = function(t)
    t.plugin{}
    for i = 0, 800 do
      t.truthy((t.sample("cpu", i * STEP, 1) or 0) < 0.5)
    end

    t.truthy(t.sample("cpu", 861 * STEP, 1) >= 0.5)
    t.truthy(t.sample("cpu", 862 * STEP, 1) < 0.5)
  end,

  ["tells samples that are no numbers"] = function(t)
    t.plugin{}
    local feed <const> = feeder(t)
    feed(3 * DAY, flat(1))

    t.truthy(feed(50, flat(0 / 0)) >= 1)
  end,

  ["is silent when it is always irregular"] = function(t)
    t.plugin{}
    local time, alerts = 0, 0
    for i = 1, 1000 do
      time = time + STEP * (i % 50 == 0 and 15 or 1)
      alerts = alerts + ((t.sample("cpu", time, 1) or 0) >= 0.5 and 1 or 0)
    end
    t.equal(alerts, 0)
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
