-- Stories of place.lua.

local function alert_on(t, resource, labels)
  return t.event{ resource = resource, check = "latency", labels = labels }.annotations
end

return {
  ["knows the node's own labels"] = function(t)
    t.graph{ { name = "web", labels = { region = "eu-west", zone = "a", rack = "r7" } } }
    t.equal(alert_on(t, "web"), { region = "eu-west", zone = "a", rack = "r7", place = "eu-west/a/r7" })
  end,

  ["believes the event more than the graph"] = function(t)
    t.graph{ { name = "web", labels = { zone = "a" } } }
    t.equal(alert_on(t, "web", { ["topology.kubernetes.io/zone"] = "b" }).zone, "b")
  end,

  ["looks at what the node runs on"] = function(t)
    t.graph{
      { name = "web", depends_on = { { name = "host1", type = "runs_on" } }, labels = { dc = "berlin" } },
      { name = "host1", depends_on = { "switch7" } },
      { name = "switch7", labels = { rack = "r7", dc = "hamburg" } },
    }
    t.equal(alert_on(t, "web"), { region = "berlin", rack = "r7", place = "berlin/r7" })
    t.plugin{ hops = 1, separator = " " }
    t.equal(alert_on(t, "web"), { region = "berlin", place = "berlin" })
  end,

  ["says nothing about a node that is nowhere"] = function(t)
    t.equal(alert_on(t, "web"), {})
  end,
}
