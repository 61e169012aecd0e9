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
}
