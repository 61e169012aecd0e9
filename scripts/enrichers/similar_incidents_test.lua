-- Stories of similar_incidents.lua.

local DAY <const> = 24 * 60 * 60

local function open(t)
  return t.incident{ alerts = { { resource = "orders", check = "latency" } } }.annotations
end

return {
  ["tells the cause of the most alike, and the others"] = function(t)
    local now <const> = t.time()
    t.past{
      { id = "I9", opened_at = now - 20 * DAY, cause = "pool exhausted", likeness = 0.8 },
      { id = "I7", opened_at = now - 40 * DAY, cause = "pool exhausted", likeness = 0.7 },
      { id = "I3", opened_at = now - 90 * DAY, cause = "disk full", likeness = 0.55 },
    }

    t.equal(open(t), {
      likely_cause = "pool exhausted",
      similar_incidents = "pool exhausted (2 times, last 20 d ago, 80 % alike, I9); "
        .. "disk full (once, last 90 d ago, 55 % alike, I3)",
    })
  end,

  ["passes over what is hardly alike or has no cause"] = function(t)
    t.past{ { cause = "disk full", likeness = 0.4 }, { cause = "", likeness = 0.9 } }
    t.equal(open(t), {})

    t.plugin{ likeness = 0.3 }
    t.equal(open(t).likely_cause, "disk full")
  end,

  ["tells no more causes than it should"] = function(t)
    local past <const> = {}
    for i = 1, 8 do
      past[i] = { cause = "cause " .. i, likeness = 0.9 - i / 100 }
    end
    t.past(past)
    t.plugin{ causes = 2 }

    local _, semicolons <const> = open(t).similar_incidents:gsub(";", "")
    t.equal(semicolons, 1)
  end,

  ["says nothing when nothing is alike"] = function(t)
    t.equal(open(t), {})
  end,
}
