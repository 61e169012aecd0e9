-- Stories of owner.lua.

local function alert_on(t, resource)
  return t.event{ resource = resource, check = "latency", severity = "major" }.annotations
end

local function owners(t, ...)
  t.table("owners.csv", { { "service", "owner", "runbook", "team" }, ... })
end

return {
  ["takes owner and runbook from the table"] = function(t)
    owners(t, { "orders-db", "team-data", "https://wiki/orders-db", "shop" })
    t.equal(alert_on(t, "orders-db"), { owner = "team-data", runbook = "https://wiki/orders-db" })
  end,

  ["prefers the table to the graph"] = function(t)
    t.graph{ { name = "web", owner = "graph" }, { name = "api", owner = "graph" } }
    owners(t, { "web", "table", "" })
    t.equal(alert_on(t, "web"), { owner = "table" })
    t.equal(alert_on(t, "api"), { owner = "graph" })
  end,

  ["asks whoever depends on a node without owner"] = function(t)
    t.graph{
      { name = "front", owner = "team-front", depends_on = { "orders" } },
      { name = "orders", depends_on = { "disk" } },
    }
    owners(t)
    t.equal(alert_on(t, "disk"), { owner = "team-front", owner_of = "front" })
    t.plugin{ hops = 1 }
    t.equal(alert_on(t, "disk"), {})
  end,

  ["reads other columns when it is told to"] = function(t)
    owners(t, { "web", "table", "", "shop" })
    t.plugin{ owner_column = "team" }
    t.equal(alert_on(t, "web"), { owner = "shop" })
  end,

  ["leaves an unknown node alone"] = function(t)
    owners(t)
    t.equal(alert_on(t, "nobody-knows"), {})
  end,
}
