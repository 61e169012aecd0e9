-- Stories of scale_out.lua.

local function service(t, replicas)
  t.graph{ { name = "cart", type = "service", labels = { replicas = replicas } } }
end

local OVERLOAD <const> = { confidence = 0.8, suspects = { { resource = "cart", score = 0.8, kind = "load" } } }

local function put(count)
  return {
    effector = "http",
    target = "http://scaler/services/cart/replicas",
    arguments = { method = "PUT", body = string.format('{"replicas":%d}', count) },
    timeout = "30s",
  }
end

return {
  ["grows by a quarter, waits, and grows again"] = function(t)
    service(t, "4")

    local plan <const> = t.plan(OVERLOAD)

    t.equal(plan.summary, "scale cart from 4 to 7 replicas in 2 steps")
    t.equal(#plan.steps, 3)
    local check <const> =
      { effector = "check", target = "http://cart/health", arguments = { every = "5s" }, timeout = "3m" }
    t.equal(plan.steps[1], {
      name = "4 to 5 replicas", node = "cart", idempotent = true, run = put(5), verify = check, undo = put(4),
    })
    t.equal(plan.steps[2].run, { effector = "wait", arguments = { ["for"] = "1m" }, timeout = "2m" })
    t.equal(plan.steps[3], {
      name = "5 to 7 replicas", node = "cart", idempotent = true, run = put(7), verify = check, undo = put(5),
    })
  end,

  ["stops at the cap"] = function(t)
    service(t, "19")
    t.plugin{ steps = 5 }

    local plan <const> = t.plan(OVERLOAD)

    t.equal(plan.summary, "scale cart from 19 to 20 replicas in 1 steps")
    t.equal(#plan.steps, 1)
  end,

  ["plans nothing at the cap"] = function(t)
    service(t, "20")
    local _, why <const> = t.plan(OVERLOAD)

    t.equal(why, "cart has 20 replicas, and 20 is the cap")
  end,

  ["plans nothing when nobody knows how many there are"] = function(t)
    service(t, "some")
    local _, why <const> = t.plan(OVERLOAD)

    t.equal(why, "nobody says how many replicas cart has (label replicas)")
  end,

  ["is void when it was no overload after all"] = function(t)
    service(t, "4")

    t.equal(t.plan(OVERLOAD).preconditions.suspect_kind, "load")
  end,

  ["is for overload only"] = function(t)
    service(t, "4")
    local _, why <const> = t.plan{ confidence = 0.8, suspects = { { resource = "cart", kind = "data" } } }

    t.equal(why, 'first suspect cart: kind is "data", wanted kind="load"')
  end,
}
