-- Stories of otel_resource.lua.

local function event_of(t, labels, resource)
  return t.event{ resource = resource or "10.0.3.7:9100", check = "latency", labels = labels }
end

return {
  ["moves an event to the most particular node that is known"] = function(t)
    t.graph{ { name = "checkout", depends_on = { "node-4" } } }
    local result <const> = event_of(t, { ["service.name"] = "checkout", ["host.name"] = "node-4",
                                         ["k8s.pod.name"] = "checkout-7f9" })
    t.equal(result.resource, "checkout")
    t.equal(result.annotations, { resource_by = "service.name", resource_was = "10.0.3.7:9100" })

    t.graph{ { name = "checkout-7f9", type = "pod" } }
    t.equal(event_of(t, { ["service.name"] = "checkout", ["k8s.pod.name"] = "checkout-7f9" }).resource, "checkout-7f9")
  end,

  ["reads attributes as Prometheus writes them"] = function(t)
    t.graph{ { name = "node-4", type = "host" } }
    t.equal(event_of(t, { host_name = "node-4" }).resource, "node-4")
  end,

  ["tells services of one name apart by their namespace"] = function(t)
    t.graph{ { name = "shop/api" }, { name = "api" } }
    t.equal(event_of(t, { service_name = "api", service_namespace = "shop" }).resource, "shop/api")
    t.equal(event_of(t, { service_name = "api", service_namespace = "bank" }).resource, "api")
  end,

  ["leaves an event alone that is about a node already"] = function(t)
    t.graph{ { name = "web" }, { name = "checkout" } }
    t.equal(event_of(t, { service_name = "checkout" }, "web").resource, nil)

    t.plugin{ overrule = true }
    t.equal(event_of(t, { service_name = "checkout" }, "web").resource, "checkout")
  end,

  ["makes no nodes unless it is told to"] = function(t)
    t.equal(event_of(t, { service_name = "new" }).resource, nil)

    t.plugin{ unknown = true }
    t.equal(event_of(t, { service_name = "new" }).resource, "new")
    t.equal(event_of(t, {}).resource, nil)
  end,
}
