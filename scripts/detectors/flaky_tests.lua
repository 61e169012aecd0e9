-- A test that passes and fails in turns: it says little about the change it was run for.
--
-- Events with a label `test` are results; "resolved" (or severity ok) is a pass. Of the last `runs` results of
-- a test the turns from pass to fail and back are counted. Two results of one commit (label `commit`) that
-- differ count as two turns: nothing has changed between them. The event is resolved when the turns are over.

local TESTS_MAX <const> = 2000

-- What is kept by name. Entries know their neighbours in the order in which they were last seen, so that beyond
-- `max` of them the least recently seen goes. The same in each detector that keeps things; see docs/detectors.md.
local function unlink(kept, entry)
  if entry.older then kept.by_name[entry.older].newer = entry.newer else kept.oldest = entry.newer end
  if entry.newer then kept.by_name[entry.newer].older = entry.older else kept.newest = entry.older end
end

local function kept_of(kept, name, max, make)
  local entry = kept.by_name[name]
  if entry then
    unlink(kept, entry)
  else
    if kept.count >= max then
      local oldest <const> = kept.oldest
      unlink(kept, kept.by_name[oldest])
      kept.by_name[oldest] = nil
      kept.count = kept.count - 1
    end
    entry = make()
    kept.by_name[name] = entry
    kept.count = kept.count + 1
  end
  entry.older, entry.newer = kept.newest, nil
  if kept.newest then kept.by_name[kept.newest].newer = name else kept.oldest = name end
  kept.newest = name
  return entry
end

local function new_test()
  return { results = "", commit = "", extra = 0, flaky = false }
end

-- Turns in "PPFPF": characters that differ from the one before.
local function turns_of(results)
  local turns = 0
  for i = 2, #results do
    if results:byte(i) ~= results:byte(i - 1) then
      turns = turns + 1
    end
  end
  return turns
end

local function tell(event, status, summary, turns)
  nocturne.emit{
    resource = event.resource,
    check = "flaky_test",
    severity = "minor",
    status = status,
    summary = summary,
    labels = { test = event.labels.test },
    annotations = { turns = turns },
  }
end

return {
  name = "flaky_tests",
  version = "1.1.0",
  kind = "detector",
  api = 1,
  mode = "auto",
  summary = "a test that passes and fails in turns",
  wants = { events = { "alert" }, match = 'test=~".+"', writes = { "events" }, state = "1MiB" },

  parameters = {
    runs = { type = "integer", default = 20, min = 4, max = 100, help = "results of a test to look at" },
    turns = { type = "integer", default = 4, min = 2, max = 50,
              help = "turns from pass to fail and back that make it flaky" },
  },

  on_event = function(event, parameters)
    if event.source:find("^plugin/") then
      return
    end
    local state <const> = nocturne.state
    state.tests = state.tests or { by_name = {}, count = 0 }
    local test <const> = kept_of(state.tests, event.resource .. "/" .. event.labels.test, TESTS_MAX, new_test)

    local passed <const> = event.status == "resolved" or event.severity == "ok"
    local result <const> = passed and "P" or "F"
    local commit <const> = event.labels.commit or ""
    if commit ~= "" and commit == test.commit and test.results ~= "" and test.results:sub(-1) ~= result then
      test.extra = parameters.runs  -- one turn more for the next so many runs
    end
    test.commit = commit
    test.results = (test.results .. result):sub(-parameters.runs)
    test.extra = math.max(0, test.extra - 1)

    local turns <const> = turns_of(test.results) + (test.extra > 0 and 1 or 0)
    if not test.flaky and turns >= parameters.turns then
      test.flaky = true
      tell(event, "firing", string.format("%s is flaky: %d turns in %d runs (%s)", event.labels.test, turns,
                                          #test.results, test.results), turns)
    elseif test.flaky and turns < parameters.turns // 2 then
      test.flaky = false
      tell(event, "resolved", event.labels.test .. " is stable again", turns)
    end
  end,
}
