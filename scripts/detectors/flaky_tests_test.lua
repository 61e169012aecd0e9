-- Stories of flaky_tests.lua. P passes, F fails.

local function runner(t)
  local time = 0
  return function(results, commit)
    local told = {}
    for result in results:gmatch(".") do
      time = time + 60
      local out <const> = t.event{
        kind = "alert", source = "ci", resource = "shop", check = "test", severity = "minor", time = time,
        status = result == "P" and "resolved" or "firing",
        labels = { test = "CheckoutTest", commit = commit or ("c" .. time) },
      }
      for _, event in ipairs(out.emitted) do
        told[#told + 1] = event.status
      end
    end
    return table.concat(told, " ")
  end
end

return {
  ["tells a test that passes and fails in turns"] = function(t)
    t.plugin{}
    local run <const> = runner(t)
    t.equal(run("PPPPPFP"), "")
    t.equal(run("PPFP"), "firing")
    t.equal(run("FP"), "")
  end,

  ["is silent about a test that breaks and is mended"] = function(t)
    t.plugin{}
    t.equal(runner(t)("PPPPPPFFFFFFFFPPPPPPPPPPP"), "")
  end,

  ["is stable again when the turns are long ago"] = function(t)
    t.plugin{ runs = 8 }
    local run <const> = runner(t)
    run("PFPFP")
    t.equal(run("PPPPPPPPP"), "resolved")
  end,

  ["counts two results of one commit for more"] = function(t)
    t.plugin{ turns = 2 }
    t.equal(runner(t)("PF", "abc"), "firing")
  end,

  ["forgets the least recently seen when there are too many"] = function(t)
    t.plugin{}
    local function result(test, passed)
      return #t.event{ kind = "alert", source = "ci", resource = "shop", check = "test", severity = "minor", time = 60,
                       status = passed and "resolved" or "firing", labels = { test = test } }.emitted
    end
    for _, test in ipairs{ "seen", "idle" } do
      for i = 1, 4 do
        t.equal(result(test, i % 2 == 0), 0)  -- three turns
      end
    end
    for i = 1, 1999 do  -- with "seen" as many as there is room for
      result("test-" .. i, true)
      if i % 500 == 0 then
        result("seen", true)
      end
    end

    t.equal(result("seen", false), 1)
    t.equal(result("idle", false), 0)  -- the first result of a new one
  end,
}
