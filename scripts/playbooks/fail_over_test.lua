-- Stories of fail_over.lua.

local function pair(t, standby)
  t.graph{
    { name = "orders", depends_on = { "db-1" } },
    { name = "db-1", type = "database", labels = { role = "primary", standby = standby or "db-2" } },
    { name = "db-2", type = "database", labels = { role = "standby" } },
  }
end

local function dead(node)
  return {
    severity = "critical",
    confidence = 0.9,
    alerts = { { resource = "db-1", check = "down", severity = "critical" } },
    suspects = { { resource = node or "db-1", score = 0.9, kind = "infrastructure" } },
  }
end

local function names(plan)
  local list <const> = {}
  for i, step in ipairs(plan.steps) do
    list[i] = step.name
  end
  return list
end

return {
  ["fences, promotes and points the clients, in this order"] = function(t)
    pair(t)

    local plan <const> = t.plan(dead())

    t.equal(plan.summary, "fail over from db-1 to db-2")
    t.equal(plan.risk, "high")
    t.equal(names(plan), {
      "look whether db-2 is ready", "ask once more", "fence db-1", "promote db-2", "point clients to db-2",
    })
    t.equal(plan.steps[1].run, {
      effector = "check", target = "standby-is-ready", arguments = { node = "db-2" }, timeout = "30s",
    })
    t.equal(plan.steps[2].run.target, "approver")
    t.equal(plan.steps[4].node, "db-2")
    t.equal(plan.steps[4].verify.target, "http://db-2/health")
    t.equal(plan.steps[5].run.arguments.body, '{"to":"db-2"}')
  end,

  ["repeats neither the fence nor the promotion when nobody knows"] = function(t)
    pair(t)

    local plan <const> = t.plan(dead())

    t.equal(plan.steps[3].idempotent, false)
    t.equal(plan.steps[4].idempotent, false)
  end,

  ["never takes the fence away: two primaries are worse than none"] = function(t)
    pair(t)

    for _, step in ipairs(t.plan(dead()).steps) do
      t.equal(step.undo, nil)
    end
  end,

  ["does not promote a standby that burns itself"] = function(t)
    pair(t)
    local both <const> = dead()
    both.alerts[2] = { resource = "db-2", check = "down" }

    t.equal(select(2, t.plan(both)), "the standby db-2 burns itself")
  end,

  ["needs a standby that is known"] = function(t)
    pair(t, "db-9")
    t.equal(select(2, t.plan(dead())), "the standby db-9 is not in the service graph")

    t.plugin{ label = "partner" }
    t.equal(select(2, t.plan(dead())), "nobody says what the standby of db-1 is (label partner)")
  end,

  ["is for primaries of critical incidents"] = function(t)
    pair(t)

    t.equal(select(2, t.plan(dead("db-2"))), 'first suspect db-2: role is "standby", wanted role="primary"')
    local mild <const> = dead()
    mild.severity = "major"
    t.equal(select(2, t.plan(mild)), 'incident: severity is "major", wanted severity="critical"')
  end,
}
