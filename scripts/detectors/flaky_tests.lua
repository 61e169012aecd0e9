-- A test that passes and fails in turns: it says little about the change it was run for.
--
-- Events with a label `test` are results; "resolved" (or severity ok) is a pass. Of the last `runs` results of
-- a test the turns from pass to fail and back are counted. Two results of one commit (label `commit`) that
-- differ count as two turns: nothing has changed between them. The event is resolved when the turns are over.

local TESTS_MAX <const> = 2000

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
  version = "1.0.0",
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
    state.tests, state.count = state.tests or {}, state.count or 0
    local name <const> = event.resource .. "/" .. event.labels.test
    local test = state.tests[name]
    if not test then
      if state.count >= TESTS_MAX then
        state.tests, state.count = {}, 0  -- bounded; what is flaky will be seen again
      end
      test = { results = "", commit = "", extra = 0, flaky = false }
      state.tests[name] = test
      state.count = state.count + 1
    end

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
