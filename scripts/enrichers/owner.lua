-- Who owns the node of an alert, and where its runbook is.
--
-- The owner is looked for in this order: the table owners.csv under the node's name, the node's owner in the service
-- graph, the owner of the nearest dependent that has one (whom it hurts is who cares). The runbook comes from the
-- table alone. owners.csv: the columns of the parameters, the first is the node's name.
--
--   service,owner,runbook
--   orders-db,team-data,https://wiki/orders-db

-- What the row has in a column; an empty cell is as good as none.
local function cell(row, column)
  local text <const> = row and row[column]
  return text ~= "" and text or nil
end

-- The owner of the nearest node above that has one, and that node.
local function owner_above(node, hops)
  for _, dependent in ipairs(nocturne.graph.dependents(node, { hops = hops, limit = 50 })) do
    local owner <const> = nocturne.graph.owner(dependent)
    if owner then
      return owner, dependent
    end
  end
end

return {
  name = "owner",
  version = "1.0.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "who owns the node of an alert, and its runbook",
  wants = { events = { "alert" }, graph = true, tables = { "owners.csv" }, writes = { "annotations" } },

  parameters = {
    owner_column = { type = "string", default = "owner", help = "column of owners.csv with the owner" },
    runbook_column = { type = "string", default = "runbook", help = "column of owners.csv with the runbook" },
    hops = { type = "integer", default = 2, min = 1, max = 8,
             help = "how far above a node without owner one is looked for" },
  },

  on_event = function(event, parameters)
    local row <const> = nocturne.table("owners.csv")[event.resource]
    local owner = cell(row, parameters.owner_column) or nocturne.graph.owner(event.resource)
    if not owner then
      local dependent
      owner, dependent = owner_above(event.resource, parameters.hops)
      if dependent then
        nocturne.annotate("owner_of", dependent)
      end
    end
    if owner then
      nocturne.annotate("owner", owner)
    end
    local runbook <const> = cell(row, parameters.runbook_column)
    if runbook then
      nocturne.annotate("runbook", runbook)
    end
  end,
}
