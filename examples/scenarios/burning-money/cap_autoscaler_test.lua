-- Stories of cap_autoscaler.lua.

local function scaler(t, labels)
  t.graph{
    { name = "budget", type = "budget", depends_on = { "worker" } },
    { name = "worker", depends_on = { "scaler" } },
    { name = "scaler", type = "autoscaler", labels = labels },
  }
end

local function burning(...)
  local alerts <const> = { { resource = "budget", check = "cost_anomaly" }, ... }
  return { severity = "critical", confidence = 0.8, alerts = alerts,
           suspects = { { resource = "scaler", score = 0.8, kind = "change" } } }
end

local function cap(count)
  return {
    effector = "http",
    target = "http://scaler/autoscalers/scaler/max",
    arguments = { method = "PUT", body = '{"max":' .. count .. "}" },
    timeout = "30s",
  }
end

return {
  ["caps it at what an ordinary day needs, and can take that back"] = function(t)
    scaler(t, { replicas_usual = "20", replicas_max = "400" })

    local plan <const> = t.plan(burning())

    t.equal(plan.summary, "cap scaler at 20 instead of 400")
    t.equal(#plan.steps, 1)
    t.equal(plan.steps[1].run, cap(20))
    t.equal(plan.steps[1].undo, cap(400))
    t.equal(plan.steps[1].verify.target, "http://scaler/autoscalers/scaler/within")
  end,

  ["knows no cap that nobody told it"] = function(t)
    scaler(t, { replicas_usual = "many" })
    local _, why <const> = t.plan(burning())

    t.equal(why, "nobody says how far scaler goes (labels replicas_usual, replicas_max)")
  end,

  ["has nothing to cap where the cap is what it needs"] = function(t)
    scaler(t, { replicas_usual = "20", replicas_max = "20" })
    local _, why <const> = t.plan(burning())

    t.equal(why, "scaler goes to 20, which is what it needs")
  end,

  ["takes nothing from users who already suffer"] = function(t)
    scaler(t, { replicas_usual = "20", replicas_max = "400" })
    local _, why <const> = t.plan(burning({ resource = "worker", check = "error_rate" }))

    t.equal(why, "error_rate on worker: users would pay for a cap")
  end,

  ["leaves alone what is no autoscaler"] = function(t)
    t.graph{ { name = "worker" } }
    local plan <const> = t.plan{ severity = "critical", confidence = 0.8, suspects = { { resource = "worker", score = 0.8 } } }

    t.equal(plan, nil)
  end,
}
