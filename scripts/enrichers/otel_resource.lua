-- From OpenTelemetry resource attributes to nodes of the service graph.
--
-- Telemetry names what it is about in attributes (labels here): service.name, k8s.pod.name, host.name, ... This moves an
-- event to the node that they name, the most particular one that the graph knows: a pod before its deployment before
-- its service before its host. Where the graph knows none of them the event stays where it is, unless `unknown` is true:
-- then the service's name is taken for a new node. The other names are annotated, so that nothing is lost.

local ATTRIBUTES <const> = {
  "k8s.pod.name", "k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name", "faas.name", "service.name",
  "container.name", "k8s.node.name", "host.name", "host.id", "k8s.cluster.name",
}

-- Prometheus has no dots in the names of labels.
local function attribute(event, name)
  local value <const> = event.labels[name] or event.labels[(name:gsub("%.", "_"))]
  return value ~= "" and value or nil
end

-- "shop/checkout" is how services of one name are told apart; the graph may know either.
local function names_of(event, name, value)
  local namespace <const> = name:find("^k8s") and attribute(event, "k8s.namespace.name")
    or attribute(event, "service.namespace")
  return namespace and { namespace .. "/" .. value, value } or { value }
end

local function known(event)
  for _, name in ipairs(ATTRIBUTES) do
    local value <const> = attribute(event, name)
    for _, node in ipairs(value and names_of(event, name, value) or {}) do
      if nocturne.graph.exists(node) then
        return node, name
      end
    end
  end
end

return {
  name = "otel_resource",
  version = "1.0.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "moves events to the node that their OpenTelemetry resource attributes name",
  wants = { events = { "alert", "metric", "change" }, graph = true, writes = { "resource", "annotations" } },

  parameters = {
    unknown = { type = "boolean", default = false, help = "take service.name for a new node when none is known" },
    overrule = { type = "boolean", default = false, help = "also when the event's resource is a node of the graph" },
  },

  on_event = function(event, parameters)
    if nocturne.graph.exists(event.resource) and not parameters.overrule then
      return
    end
    local node, by = known(event)
    if not node and parameters.unknown then
      node, by = attribute(event, "service.name"), "service.name"
    end
    if node and node ~= event.resource then
      nocturne.annotate("resource_by", by)
      nocturne.annotate("resource_was", event.resource)
      nocturne.set_resource(node)
    end
  end,
}
