local self = pcall(require, "self")
return { name = "fuzz", version = "1.0.0", kind = "enricher", api = 1, mode = "auto",
  wants = { events = {"alert", "metric"}, match = 'severity!="info"', graph = true, changes = true, history = true,
    writes = {"annotations", "labels", "resource", "severity", "events"}, state = "1KiB", memory = "1MiB", cpu = "5ms" },
  parameters = { limit = { type = "number", default = 0.5, min = 0, max = 1, help = "a bound" },
    column = { type = "string", default = "a", choices = {"a", "b"} } },
  on_event = function(event, parameters)
    local state = nocturne.state
    state.n = (state.n or 0) + 1
    state[state.n] = { event.resource, event.labels.x, mean = nocturne.stats.weighted{ span = 3 } }
    for name, value in pairs(event) do pcall(nocturne.annotate, name, value) end
    nocturne.emit{ resource = event.resource, check = "x", labels = { a = "b" }, annotations = { n = parameters.limit } }
    nocturne.set_label("a", nocturne.graph.owner(event.resource) or "none")
    kept = kept or event
    return kept.check, nocturne.graph.dependents("a", { hops = 2 }), nocturne.changes("a", 2)
  end,
  on_incident = function(incident) nocturne.annotate("like", #nocturne.past(3)) end,
  migrate = function(state, from) return state end }
