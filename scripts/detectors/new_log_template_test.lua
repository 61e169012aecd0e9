-- Stories of new_log_template.lua.

local HOUR <const> = 3600

-- How many events come of this line.
local function log(t, time_s, text, resource)
  return t.event{ kind = "alert", source = "loki", resource = resource or "web-1", check = "log", severity = "info",
                  time = time_s, summary = text }.emitted
end

return {
  ["tells a line that was never seen before"] = function(t)
    t.plugin{}
    for hour = 0, 30 do
      t.equal(#log(t, hour * HOUR, "GET /orders/" .. hour .. " 200 in 0." .. hour .. "s"), 0)
    end

    local told <const> = log(t, 31 * HOUR, "cannot open /var/lib/orders: no space left on device")

    t.equal(#told, 1)
    t.equal(told[1].check, "new_log_template")
    t.equal(told[1].resource, "web-1")
    t.equal(#log(t, 32 * HOUR, "cannot open /var/lib/orders: no space left on device"), 0)
  end,

  ["takes lines for one that differ in numbers and names"] = function(t)
    t.plugin{ learning = 0 }
    t.equal(#log(t, 0, "user 17 from 10.1.2.3:443 took 12ms, id 6f1c2f4a-9a77-4f7e-8d1c-2b8f0a6f5c11"), 1)

    t.equal(#log(t, 1, "user 9 from 10.44.2.99:80 took 7ms, id 00aa2f4a-1a77-4f7e-8d1c-2b8f0a6f5c22"), 0)
    t.equal(#log(t, 2, 'user "eve" from 10.44.2.99:80 took 7ms'), 1)
    t.equal(#log(t, 3, 'user "bob" from 10.44.2.98:80 took 1ms'), 0)
  end,

  ["says nothing while it is learning"] = function(t)
    t.plugin{}
    for i = 1, 100 do
      t.equal(#log(t, i * 60, "word" .. string.rep("x", i)), 0)
    end
  end,

  ["leaves events alone that are no log lines"] = function(t)
    t.plugin{ learning = 0 }
    local out <const> = t.event{ kind = "alert", source = "p", resource = "a", check = "disk", severity = "major",
                                 summary = "disk is full" }
    t.equal(#out.emitted, 0)
  end,

  ["forgets the templates that are not seen"] = function(t)
    t.plugin{ learning = 0, templates = 10 }
    t.equal(#log(t, 0, "alpha"), 1)
    for i = 1, 12 do
      log(t, i, "other" .. string.rep("z", i))
    end

    t.equal(#log(t, 20, "alpha"), 1)
  end,
}
