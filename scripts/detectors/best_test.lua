-- Stories of best.lua: what it tells, and when it keeps silent.

local STEP <const> = 300  -- seconds
local DAY <const> = 288   -- samples

-- Feeds `count` samples of `value_of(i)`, i from 0 on or where the last feed ended; how many scored 0.5 or more.
local function feeder(t)
  local now = 0
  return function(count, value_of)
    local alerts = 0
    for i = now, now + count - 1 do
      local score = t.sample("cpu", i * STEP, value_of(i))
      if score then
        t.truthy(score >= 0 and score <= 1)
        alerts = alerts + (score >= 0.5 and 1 or 0)
      end
    end
    now = now + count
    return alerts
  end
end

-- The same noise in every run, -1 to 1.
local function noise(i)
  return (i * 7919 + i * i * 104729) % 2000 / 1000 - 1
end

local function flat(value)
  return function() return value end
end

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
