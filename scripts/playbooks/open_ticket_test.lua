-- Stories of open_ticket.lua.

local NOON <const> = 1795262400  -- 2026-11-21

local function incident()
  return {
    id = "I7-0",
    title = "orders are slow",
    severity = "critical",
    opened_at = NOON,
    alerts = { { resource = "orders", check = "latency", summary = "p99 2 s" } },
    suspects = { { resource = "db-1", score = 0.805, evidence = {
      { name = "explains", score = 0.5, text = "explains 3 of 3 alerts" },
      { name = "alone", score = 0.3, text = "no other node does" },
    } } },
  }
end

return {
  ["says what is known"] = function(t)
    local plan <const> = t.plan(incident())

    t.equal(plan.summary, "open a ticket in OPS: orders are slow")
    t.equal(plan.target, "db-1")
    t.equal(plan.steps[1].run.target, "http://tickets/api/tickets")
    t.equal(plan.steps[1].run.arguments, {
      body = '{"alerts":["orders latency (major): p99 2 s"],"began":"2026-11-21T12:00:00Z","incident":"I7-0",'
        .. '"project":"OPS","severity":"critical",'
        .. '"suspects":["db-1, 81 %: explains 3 of 3 alerts; no other node does"],"title":"orders are slow"}',
    })
  end,

  ["names a secret and never has it"] = function(t)
    t.plugin{ secret = "TICKETS_TOKEN", project = "NET" }

    local plan <const> = t.plan(incident())

    t.equal(plan.steps[1].run.arguments["header.Authorization"], "Bearer ${secret:TICKETS_TOKEN}")
  end,

  ["is short about a storm"] = function(t)
    local storm <const> = incident()
    for i = 1, 200 do
      storm.alerts[i] = { resource = "pod-" .. i, check = "down", summary = ("é"):rep(1000) }
    end

    local body <const> = t.plan(storm).steps[1].run.arguments.body

    t.truthy(#body < 10000)
    t.truthy(body:find("and 180 more", 1, true))
    t.truthy(utf8.len(body))
  end,

  ["is about who alerts when nobody is suspected"] = function(t)
    t.graph{ { name = "orders" } }
    local unknown <const> = incident()
    unknown.suspects = nil

    t.equal(t.plan(unknown).target, "orders")
  end,

  ["needs a node that is known"] = function(t)
    local unknown <const> = incident()
    unknown.suspects = nil

    t.equal(select(2, t.plan(unknown)), "none of its nodes is in the service graph")
  end,
}
