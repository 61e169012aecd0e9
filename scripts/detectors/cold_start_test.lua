-- Stories of cold_start.lua.

-- Requests `gap` seconds apart that take so long; what was told, by status.
local function caller(t)
  local time = 0
  return function(count, gap, seconds_of)
    local told = {}
    for i = 1, count do
      time = time + gap
      local out <const> = t.event{ kind = "metric", source = "gateway", resource = "summarise", check = "latency",
                                   time = time, value = seconds_of(i) }
      for _, event in ipairs(out.emitted) do
        told[#told + 1] = event.status
      end
    end
    return table.concat(told, " ")
  end
end

local function warm(i)
  return 0.2 + i % 3 / 100
end

local function slow()
  return 4
end

return {
  ["tells a share of cold requests, and its end"] = function(t)
    t.plugin{}
    local call <const> = caller(t)
    t.equal(call(60, 10, warm), "")

    t.equal(call(20, 900, slow), "firing")
    t.equal(call(400, 60, warm), "resolved")
  end,

  ["is silent about requests that are always slow"] = function(t)
    t.plugin{}
    t.equal(caller(t)(200, 10, slow), "")
  end,

  ["is silent about idle times that cost nothing"] = function(t)
    t.plugin{}
    local call <const> = caller(t)
    call(60, 10, warm)
    t.equal(call(50, 900, warm), "")
  end,

  ["says nothing while it is learning"] = function(t)
    t.plugin{}
    t.equal(caller(t)(40, 900, slow), "")
  end,

  ["forgets the least recently seen when there are too many"] = function(t)
    t.plugin{}
    local function call(resource, time, value)
      return #t.event{ kind = "metric", source = "gateway", resource = resource, check = "latency", time = time,
                       value = value }.emitted
    end
    for i = 1, 60 do
      call("seen", i * 10, 0.2)
      call("idle", i * 10, 0.2)
    end
    for i = 1, 499 do  -- with "seen" as many as there is room for
      call("other-" .. i, 600, 0.2)
      call("seen", 600, 0.2)
    end
    local told = { seen = 0, idle = 0 }
    for i = 1, 300 do
      for name in pairs(told) do
        told[name] = told[name] + call(name, 600 + i * 900, 4)
      end
    end

    t.equal(told.seen, 1)
    t.equal(told.idle, 0)  -- its warm requests are gone
  end,
}
