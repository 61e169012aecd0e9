-- Where the node of an alert is: region, zone, rack, host.
--
-- Each is looked for under the names that tools give it: in the labels of the event, in the labels of the node, and in
-- those of what the node runs on (its nearest dependencies). `place` puts together what was found, the widest first, as
-- in "eu-west/a/r7"; equal places make alerts easy to group.

local LEVELS <const> = {
  { name = "region", labels = { "region", "cloud.region", "topology.kubernetes.io/region", "datacenter", "dc", "site" } },
  { name = "zone", labels = { "zone", "cloud.availability_zone", "topology.kubernetes.io/zone", "az" } },
  { name = "rack", labels = { "rack", "topology.rack" } },
}

local function of_event(event, names)
  for _, name in ipairs(names) do
    local value <const> = event.labels[name]
    if value and value ~= "" then
      return value
    end
  end
end

local function of_node(node, names)
  for _, name in ipairs(names) do
    local value <const> = nocturne.graph.label(node, name)
    if value and value ~= "" then
      return value
    end
  end
end

return {
  name = "place",
  version = "1.0.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "region, zone and rack of the node of an alert",
  wants = { events = { "alert" }, graph = true, writes = { "annotations" } },

  parameters = {
    hops = { type = "integer", default = 2, min = 1, max = 4, help = "how far down a place is looked for" },
    nodes = { type = "integer", default = 10, min = 1, max = 20, help = "nodes that are looked at, at most" },
    separator = { type = "string", default = "/", help = "between the parts of place" },
  },

  on_event = function(event, parameters)
    local nodes <const> = nocturne.graph.dependencies(event.resource,
                                                      { hops = parameters.hops, limit = parameters.nodes })
    table.insert(nodes, 1, event.resource)
    local parts <const> = {}
    for _, level in ipairs(LEVELS) do
      local value = of_event(event, level.labels)
      for i = 1, value and 0 or #nodes do
        value = value or of_node(nodes[i], level.labels)
      end
      if value then
        nocturne.annotate(level.name, value)
        parts[#parts + 1] = value
      end
    end
    if #parts > 0 then
      nocturne.annotate("place", table.concat(parts, parameters.separator))
    end
  end,
}
