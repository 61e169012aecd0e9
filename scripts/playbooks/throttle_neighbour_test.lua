-- Stories of throttle_neighbour.lua.

-- Three tenants on one cluster, and the gateway, which is none.
local function cluster(t)
  t.graph{
    { name = "cluster-1", type = "cluster" },
    { name = "tenant-a", type = "tenant", depends_on = { "cluster-1" } },
    { name = "tenant-b", type = "tenant", depends_on = { "cluster-1" } },
    { name = "gateway", type = "service", depends_on = { "cluster-1" } },
  }
end

local function load_of(suspect, ...)
  local alerts <const> = { { resource = "tenant-b", check = "latency" } }
  for _, busy in ipairs{ ... } do
    alerts[#alerts + 1] = { resource = busy, check = "cpu_usage" }
  end
  return { confidence = 0.7, alerts = alerts, suspects = { { resource = suspect, score = 0.7, kind = "load" } } }
end

local LIFT <const> =
  { effector = "http", target = "http://quota/tenants/tenant-a/limit", arguments = { method = "DELETE" }, timeout = "30s" }

return {
  ["throttles the busy tenant of what is shared, and lifts it"] = function(t)
    cluster(t)

    local plan <const> = t.plan(load_of("cluster-1", "tenant-a"))

    t.equal(plan.target, "tenant-a")
    t.equal(plan.summary, "throttle tenant-a to 50 % for 30m")
    t.equal(plan.preconditions.first_suspect, "cluster-1")
    t.equal(plan.steps, {
      {
        name = "throttle tenant-a",
        node = "tenant-a",
        idempotent = true,
        run = {
          effector = "http",
          target = "http://quota/tenants/tenant-a/limit",
          arguments = { method = "PUT", body = '{"share":0.5}' },
          timeout = "30s",
        },
        verify = {
          effector = "check", target = "http://cluster-1/health", arguments = { every = "10s" }, timeout = "5m",
        },
        undo = LIFT,
      },
      {
        name = "leave it so for 30m",
        node = "tenant-a",
        idempotent = false,
        run = { effector = "wait", arguments = { ["for"] = "30m" }, timeout = "31m" },
      },
      { name = "lift the throttle", node = "tenant-a", idempotent = true, run = LIFT },
    })
  end,

  ["throttles a tenant that is suspected itself"] = function(t)
    cluster(t)

    local plan <const> = t.plan(load_of("tenant-a"))

    t.equal(plan.target, "tenant-a")
    t.equal(plan.steps[1].verify.target, "http://cluster-1/health")
  end,

  ["takes no crowd for a neighbour"] = function(t)
    cluster(t)
    local _, why <const> = t.plan(load_of("cluster-1", "tenant-a", "tenant-b", "tenant-a"))

    t.equal(why, "2 tenants of cluster-1 are busy, it is no single neighbour")
  end,

  ["throttles nobody when no alert tells who it is"] = function(t)
    cluster(t)
    local _, why <const> = t.plan(load_of("cluster-1"))

    t.equal(why, "no alert tells which tenant of cluster-1 is busy")
  end,

  ["does not throttle what is no tenant"] = function(t)
    cluster(t)
    local _, why <const> = t.plan(load_of("cluster-1", "gateway"))

    t.equal(why, "gateway is busy, and not of a type that can be throttled (tenant,job,vm)")
  end,
}
