-- Stories of restart_stateless.lua.

-- web -> cart-1
local function services(t)
  t.graph{
    { name = "web", depends_on = { "cart-1" } },
    { name = "cart-1", type = "instance", labels = { stateless = "true" } },
    { name = "db", type = "database" },
    { name = "batch-1", labels = { stateless = "true" } },
  }
end

local function errors_by(node, kind)
  return { confidence = 0.8, suspects = { { resource = node, score = 0.8, kind = kind } } }
end

return {
  ["restarts the suspect and waits until it is well"] = function(t)
    services(t)

    local plan <const> = t.plan(errors_by("cart-1"))

    t.equal(plan.summary, "restart cart-1")
    t.equal(plan.risk, "low")
    t.equal(plan.steps, {
      {
        name = "restart cart-1",
        node = "cart-1",
        idempotent = true,
        run = { effector = "command", target = "restart-unit", arguments = { unit = "cart-1" }, timeout = "1m" },
        verify = { effector = "check", target = "http://cart-1/health", arguments = { every = "5s" }, timeout = "2m" },
      },
    })
    t.equal(plan.capabilities, { "command:restart-unit", "check" })
    t.equal(plan.preconditions, { incident_state = "active", first_suspect = "cart-1" })
  end,

  ["takes another program and another health check"] = function(t)
    services(t)
    t.plugin{ program = "restart-pod", health_url = "http://127.0.0.1:8080/{node}/up", patience = "30s" }

    local plan <const> = t.plan(errors_by("cart-1"))

    t.equal(plan.steps[1].run.target, "restart-pod")
    t.equal(plan.steps[1].verify.target, "http://127.0.0.1:8080/cart-1/up")
    t.equal(plan.steps[1].verify.timeout, "30s")
    t.equal(plan.capabilities, { "command:restart-pod", "check" })
  end,

  ["lets no name of a node make another address"] = function(t)
    local name <const> = "cart/../admin?x=%41 @evil"
    t.graph{ { name = "web", depends_on = { name } }, { name = name, labels = { stateless = "true" } } }

    local plan <const> = t.plan(errors_by(name))

    t.equal(plan.steps[1].verify.target, "http://cart%2F..%2Fadmin%3Fx%3D%2541%20%40evil/health")
    t.equal(plan.steps[1].run.arguments.unit, name)
  end,

  ["leaves alone what keeps something"] = function(t)
    services(t)
    local plan <const>, why <const> = t.plan(errors_by("db"))

    t.equal(plan, nil)
    t.equal(why, 'first suspect db: stateless is "", wanted stateless="true"')
  end,

  ["leaves a bad version to others"] = function(t)
    services(t)
    local _, why <const> = t.plan(errors_by("cart-1", "change"))

    t.equal(why, 'first suspect cart-1: kind is "change", wanted kind!="change"')
  end,

  ["does not restart what nobody uses"] = function(t)
    services(t)
    local _, why <const> = t.plan(errors_by("batch-1"))

    t.equal(why, "nothing depends on batch-1")
  end,

  ["does nothing on a guess"] = function(t)
    services(t)
    local _, why <const> = t.plan{ confidence = 0.3, suspects = { { resource = "cart-1" } } }

    t.equal(why, "confidence is 30 %, wanted 50 %")
  end,
}
