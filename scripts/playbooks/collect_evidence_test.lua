-- Stories of collect_evidence.lua.

local function estate(t)
  t.graph{ { name = "web" }, { name = "cart" }, { name = "db" } }
end

local STORM <const> = {
  id = "I7-0",
  alerts = {
    { resource = "web", check = "errors" },
    { resource = "cart", check = "errors" },
    { resource = "web", check = "latency" },
    { resource = "lb", check = "errors" },
  },
  suspects = { { resource = "db", score = 0.7 }, { resource = "cart", score = 0.3 } },
}

local function names(plan)
  local list <const> = {}
  for i, step in ipairs(plan.steps) do
    list[i] = step.name
  end
  return list
end

return {
  ["asks suspects first, then who alerts, each once"] = function(t)
    estate(t)

    local plan <const> = t.plan(STORM)

    t.equal(plan.summary, "collect the last 30 minutes of db, cart, web")
    t.equal(plan.target, "db")
    t.equal(names(plan), { "collect from db", "collect from cart", "collect from web" })
    t.equal(plan.steps[3], {
      name = "collect from web",
      node = "web",
      idempotent = true,
      run = {
        effector = "command",
        target = "collect-evidence",
        arguments = { node = "web", incident = "I7-0", minutes = "30" },
        timeout = "5m",
      },
    })
  end,

  ["is not void when the suspicion moves on"] = function(t)
    estate(t)

    t.equal(t.plan(STORM).preconditions, { incident_state = "active" })
  end,

  ["asks no more nodes than it may"] = function(t)
    estate(t)
    t.plugin{ nodes = 2, minutes = 10 }

    t.equal(t.plan(STORM).summary, "collect the last 10 minutes of db, cart")
  end,

  ["tells a channel"] = function(t)
    estate(t)
    t.plugin{ channel = "ops", nodes = 1 }

    local plan <const> = t.plan(STORM)

    t.equal(names(plan), { "collect from db", "tell ops" })
    t.equal(plan.steps[2].run.arguments.text, "I7-0: kept the last 30 minutes of db")
  end,

  ["works without a suspect"] = function(t)
    estate(t)

    t.equal(t.plan{ alerts = STORM.alerts }.target, "web")
  end,

  ["has nobody to ask where the graph knows none"] = function(t)
    local _, why <const> = t.plan(STORM)

    t.equal(why, "none of its nodes is in the service graph")
  end,
}
