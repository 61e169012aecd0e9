-- Stories of error_cluster.lua.

local function fault(t, time_s, resource, text, severity)
  return t.event{ kind = "alert", source = "app", resource = resource, check = "errors", severity = severity or "major",
                  time = time_s, summary = text or "timeout after 30 s to orders-db" }.emitted
end

return {
  ["tells an error on many resources once, where it began"] = function(t)
    t.plugin{}
    for i = 1, 4 do
      t.equal(#fault(t, i, "web-" .. i, "timeout after " .. i .. " s to orders-db"), 0)
    end

    local told <const> = fault(t, 5, "web-5")

    t.equal(#told, 1)
    t.equal(told[1].check, "error_cluster")
    t.equal(told[1].resource, "web-1")
    t.equal(told[1].annotations.resources, 5)
    t.equal(#fault(t, 6, "web-6"), 0)
  end,

  ["is silent about one resource that repeats itself"] = function(t)
    t.plugin{}
    for i = 1, 100 do
      t.equal(#fault(t, i, "web-1"), 0)
    end
  end,

  ["is silent when the errors are far apart"] = function(t)
    t.plugin{}
    for i = 1, 10 do
      t.equal(#fault(t, i * 600, "web-" .. i), 0)
    end
  end,

  ["tells it again after a quiet time"] = function(t)
    t.plugin{ resources = 2 }
    fault(t, 0, "a")
    t.equal(#fault(t, 1, "b"), 1)

    fault(t, 2 * 3600, "a")
    t.equal(#fault(t, 2 * 3600 + 1, "b"), 1)
  end,

  ["takes small things for no errors"] = function(t)
    t.plugin{ resources = 2 }
    fault(t, 0, "a", nil, "warning")
    t.equal(#fault(t, 1, "b", nil, "warning"), 0)
  end,

  ["keeps a bounded number of errors"] = function(t)
    t.plugin{ resources = 2 }
    for i = 1, 500 do
      fault(t, i, "a", "error " .. string.rep("q", i % 150) .. string.rep("w", i // 150))
    end
    fault(t, 501, "a", "the last one")
    t.equal(#fault(t, 502, "b", "the last one"), 1)
  end,
}
