-- Stories of last_change.lua.

local NOON <const> = 1795262400  -- 2026-11-21

local function minutes(count)
  return count * 60
end

local function alert_on(t, resource, status)
  return t.event{ resource = resource, check = "latency", status = status }.annotations
end

-- front -> orders -> db -> disk
local function services(t)
  t.graph{
    { name = "front", depends_on = { "orders" } },
    { name = "orders", depends_on = { "db" } },
    { name = "db", depends_on = { "disk" } },
  }
  t.time(NOON)
end

return {
  ["tells a change on the node, and the latest below it"] = function(t)
    services(t)
    t.change{ resource = "orders", what = "deploy", summary = "version 42" }
    t.change{ resource = "db", what = "config", time = NOON + minutes(3) }
    t.time(NOON + minutes(15))

    t.equal(alert_on(t, "orders"), {
      last_change = "deploy of orders 15 min before: version 42",
      last_change_below = "config of db 12 min before",
    })
    t.equal(alert_on(t, "front"), { last_change_below = "config of db 12 min before" })
  end,

  ["tells the last of several"] = function(t)
    services(t)
    t.change{ resource = "db", what = "deploy" }
    t.change{ resource = "db", what = "rollback", time = NOON + minutes(5) }

    t.equal(alert_on(t, "db"), { last_change = "rollback of db 0 min before" })
  end,

  ["looks no further than it is told to"] = function(t)
    services(t)
    t.change{ resource = "disk", what = "resize" }

    t.equal(alert_on(t, "front"), {})
    t.plugin{ hops = 3 }
    t.equal(alert_on(t, "front"), { last_change_below = "resize of disk 0 min before" })
  end,

  ["forgets what is long ago"] = function(t)
    services(t)
    t.change{ resource = "orders", what = "deploy" }
    t.time(NOON + minutes(121))
    t.equal(alert_on(t, "orders"), {})

    t.plugin{ window = 180 }
    t.equal(alert_on(t, "orders"), { last_change = "deploy of orders 121 min before" })
  end,

  ["has nothing to say about an alert that is over"] = function(t)
    services(t)
    t.change{ resource = "orders", what = "deploy" }
    t.equal(alert_on(t, "orders", "resolved"), {})
  end,
}
