-- The last change on the node of an alert, and the last one on what it depends on.
--
-- Nearest first: a change on the node itself says more than one on a dependency of a dependency. Changes older than
-- `window` are old news. Nothing is said about an alert that is resolved.

local MINUTE_MS <const> = 60 * 1000

-- "deploy of orders 12 min before: version 42"
local function describe(change, now)
  local text <const> = string.format("%s of %s %d min before", change.what, change.resource,
                                     (now - change.time) // MINUTE_MS)
  return change.summary ~= "" and text .. ": " .. change.summary or text
end

-- The latest of a node, if it is within the window.
local function latest(node, since)
  local change <const> = nocturne.changes(node, 1)[1]
  return change and change.time >= since and change or nil
end

return {
  name = "last_change",
  version = "1.0.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "the last change on the node of an alert and on its dependencies",
  wants = { events = { "alert" }, graph = true, changes = true, writes = { "annotations" } },

  parameters = {
    window = { type = "integer", default = 120, min = 1, max = 10080, help = "minutes that a change counts" },
    hops = { type = "integer", default = 2, min = 1, max = 8, help = "how far down dependencies are looked at" },
    nodes = { type = "integer", default = 50, min = 1, max = 500, help = "dependencies that are looked at, at most" },
  },

  on_event = function(event, parameters)
    if event.status == "resolved" then
      return
    end
    local now <const> = nocturne.now()
    local since <const> = now - parameters.window * MINUTE_MS
    local own <const> = latest(event.resource, since)
    if own then
      nocturne.annotate("last_change", describe(own, now))
    end

    local below
    local near <const> = { hops = parameters.hops, limit = parameters.nodes }
    for _, node in ipairs(nocturne.graph.dependencies(event.resource, near)) do
      local change <const> = latest(node, since)
      if change and (not below or change.time > below.time) then
        below = change
      end
    end
    if below then
      nocturne.annotate("last_change_below", describe(below, now))
    end
  end,
}
