-- Stories of cost_anomaly.lua.

local DAY <const> = 86400

local function payer(t)
  local day = 0
  return function(value, check)
    day = day + 1
    return t.event{ kind = "metric", source = "billing", resource = "team-a", check = check or "cost.daily",
                    time = day * DAY, value = value }.emitted
  end
end

return {
  ["tells a day that costs twice as much as usual"] = function(t)
    t.plugin{}
    local pay <const> = payer(t)
    for i = 1, 30 do
      t.equal(#pay(100 + i % 5), 0)
    end

    local told <const> = pay(210)

    t.equal(#told, 1)
    t.equal(told[1].check, "cost_anomaly")
    t.near(told[1].annotations.usual, 102, 2)
    t.near(told[1].annotations.excess, 108, 2)
  end,

  ["knows that weekends are cheap"] = function(t)
    t.plugin{}
    local pay <const> = payer(t)
    for day = 1, 70 do
      t.equal(#pay(day % 7 < 5 and 100 or 30), 0)
    end
  end,

  ["says nothing while it is learning, nor of small change"] = function(t)
    t.plugin{}
    local pay <const> = payer(t)
    for i = 1, 13 do
      t.equal(#pay(i == 10 and 1000 or 100), 0)
    end
    t.plugin{ least = 500 }
    local again <const> = payer(t)
    for _ = 1, 30 do
      again(100)
    end
    t.equal(#again(300), 0)
  end,

  ["leaves other metrics alone"] = function(t)
    t.plugin{}
    local pay <const> = payer(t)
    for i = 1, 40 do
      t.equal(#pay(i == 35 and 1000 or 100, "latency"), 0)
    end
  end,

  ["forgets the least recently seen when there are too many"] = function(t)
    t.plugin{}
    local function pay(team, day, value)
      return #t.event{ kind = "metric", source = "billing", resource = team, check = "cost", time = day * DAY,
                       value = value }.emitted
    end
    for day = 1, 20 do
      pay("seen", day, 100)
      pay("idle", day, 100)
    end
    for i = 1, 399 do  -- with "seen" as many as there is room for
      pay("team-" .. i, 21, 100)
      pay("seen", 21, 100)
    end

    t.equal(pay("seen", 22, 300), 1)
    t.equal(pay("idle", 22, 300), 0)  -- learns anew
  end,
}
