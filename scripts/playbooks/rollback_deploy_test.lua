-- Stories of rollback_deploy.lua.

local NOON <const> = 1795262400  -- 2026-11-21

local function minutes(count)
  return NOON + count * 60
end

-- cart -> db; version 42 of cart at noon.
local function deployed(t)
  t.graph{ { name = "cart", type = "service", depends_on = { "db" } }, { name = "db", type = "database" } }
  t.change{ resource = "cart", what = "deploy", summary = "version 42", time = NOON }
end

local NAMED <const> = { { name = "explains", score = 0.6, text = "explains 3 of 3 alerts" },
                        { name = "change", score = 0.4, text = "deploy 5 min before" } }

-- The incident's first alert is so many minutes after noon.
local function fails_after(count, evidence)
  return {
    confidence = 0.9,
    opened_at = minutes(count + 1),
    alerts = { { resource = "cart", check = "errors", first_seen = minutes(count) } },
    suspects = { { resource = "cart", score = 0.9, kind = "change", evidence = evidence or NAMED } },
  }
end

local function why_not(t, incident)
  local plan <const>, why <const> = t.plan(incident)
  t.equal(plan, nil)
  return why
end

return {
  ["rolls back what three confirmations name"] = function(t)
    deployed(t)

    local plan <const> = t.plan(fails_after(5))

    t.equal(plan.summary, "roll back deploy of cart (version 42), 5 min before the first alert")
    t.equal(plan.risk, "high")
    t.equal(plan.preconditions, { incident_state = "active", first_suspect = "cart", suspect_kind = "change" })
    t.equal(#plan.steps, 1)
    local step <const> = plan.steps[1]
    t.equal(step.idempotent, false)
    t.equal(step.run.target, "http://deployer/services/cart/rollback")
    t.equal(step.run.arguments.body, '{"change":"version 42","incident":"I1"}')
    t.equal(step.verify.target, "http://cart/health")
    t.equal(step.undo.target, "http://deployer/services/cart/redeploy")
  end,

  ["needs evidence that names the change"] = function(t)
    deployed(t)

    t.equal(why_not(t, fails_after(5, { { name = "explains", score = 1, text = "" } })),
            "the evidence against cart names no change")
    t.equal(why_not(t, fails_after(5, { { name = "change", score = -0.1, text = "long ago" } })),
            "the evidence against cart names no change")
  end,

  ["needs a deploy shortly before the first alert"] = function(t)
    deployed(t)

    t.equal(why_not(t, fails_after(31)),
            "the deploy of cart came 31 minutes before the first alert, the window is 30")
  end,

  ["does not blame a deploy that came later"] = function(t)
    deployed(t)
    t.time(minutes(1))

    local incident <const> = fails_after(5)
    incident.alerts[1].first_seen = minutes(-1)
    t.equal(why_not(t, incident), "the deploy of cart came after the first alert")
  end,

  ["leaves it to people when something else changed since"] = function(t)
    deployed(t)
    t.change{ resource = "cart", what = "config", time = minutes(2) }

    t.equal(why_not(t, fails_after(5)), "config of cart came after it: it may as well be that")
  end,

  ["leaves it to people when a dependency changed since"] = function(t)
    deployed(t)
    t.change{ resource = "db", what = "deploy", time = minutes(2) }

    t.equal(why_not(t, fails_after(5)), "deploy of db came after it: it may as well be that")
  end,

  ["minds no change from before"] = function(t)
    t.graph{ { name = "cart", depends_on = { "db" } }, { name = "db" } }
    t.change{ resource = "db", what = "deploy", time = minutes(-10) }
    t.change{ resource = "cart", what = "config", time = minutes(-10) }
    t.change{ resource = "cart", what = "deploy", summary = "version 42", time = NOON }

    t.truthy(t.plan(fails_after(5)))
  end,

  ["has nothing to roll back where nothing was deployed"] = function(t)
    t.graph{ { name = "cart" } }
    t.time(NOON)

    t.equal(why_not(t, fails_after(5)), "no deploy of cart is remembered")
  end,
}
