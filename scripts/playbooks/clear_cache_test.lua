-- Stories of clear_cache.lua.

local function incident(check, resource)
  return {
    confidence = 0.8,
    alerts = { { resource = "web", check = "errors" }, { resource = resource or "build-1", check = check } },
    suspects = { { resource = "build-1", score = 0.8, kind = "infrastructure" } },
  }
end

return {
  ["clears it and looks whether there is room"] = function(t)
    local plan <const> = t.plan(incident("DiskWillFill"))

    t.equal(plan.summary, "clear the cache of build-1 (DiskWillFill)")
    t.equal(plan.steps, {
      {
        name = "clear the cache of build-1",
        node = "build-1",
        idempotent = true,
        run = {
          effector = "command", target = "clear-cache", arguments = { node = "build-1", hours = "24" }, timeout = "5m",
        },
        verify = {
          effector = "check",
          target = "disk-has-room",
          arguments = { node = "build-1", percent = "20" },
          timeout = "2m",
        },
      },
    })
    t.equal(plan.capabilities, { "command:clear-cache", "check:disk-has-room" })
  end,

  ["knows other words for disks"] = function(t)
    t.plugin{ checks = "volume, mount" }

    t.truthy(t.plan(incident("volume_usage")))
    t.equal((t.plan(incident("disk_usage"))), nil)
  end,

  ["does not clear the disk of another node"] = function(t)
    local _, why <const> = t.plan(incident("disk_full", "web"))

    t.equal(why, "no alert about its disk fires on build-1")
  end,

  ["does not clear a disk that is fine again"] = function(t)
    local fine <const> = incident("disk_full")
    fine.alerts[2].firing = false

    t.equal(select(2, t.plan(fine)), "no alert about its disk fires on build-1")
  end,

  ["needs a suspect"] = function(t)
    t.equal(select(2, t.plan{ confidence = 0.8 }), "the incident has no suspect")
  end,
}
