#include "gateway/json_items.hpp"
#include "gateway/topology_document.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

// What is documented is what was meant to be built.
constexpr double kConfidence = 0.8;
constexpr double kCableWeight = 0.5;
constexpr double kRackWeight = 0.1;

class InventoryReader {
   public:
    explicit InventoryReader(const std::string& file) : file_(file) {
        document_.change.provenance = "netbox";
        document_.change.mode = model::TopologyChange::Mode::Replace;
        document_.change.confidence = kConfidence;
    }

    TopologyDocument read(std::string_view text) {
        for_each_json_item(text, file_, "results", document_,
                           [&](const JsonItem& item) { take(item); });
        if (!document_.is_whole) {
            document_.change.mode = model::TopologyChange::Mode::Merge;
        }
        return std::move(document_);
    }

   private:
    // An object says by its address what it is.
    void take(const JsonItem& item) {
        const std::string_view url = json_text(item.value, "url");
        const auto is = [&](std::string_view part) {
            return url.find(part) != std::string_view::npos;
        };
        if (is("/dcim/devices/")) {
            take_machine(item, "device");
        } else if (is("/virtualization/virtual-machines/")) {
            take_machine(item, "virtual machine");
        } else if (is("/ipam/services/")) {
            take_service(item);
        } else if (is("/dcim/cables/")) {
            take_cable(item);
        } else {
            report(item, "url",
                   "expected a device, a virtual machine, a service or a cable of NetBox");
        }
    }

    void report(const JsonItem& item, std::string_view where, std::string_view message) {
        document_.is_whole = false;
        document_.report(file_, item.line,
                         item.path + (item.path.empty() ? "" : ".") + std::string(where), message);
    }

    static std::string_view name_in(const json::object& object, std::string_view key) {
        const json::object* nested = json_object(object, key);
        return nested == nullptr ? std::string_view() : json_text(*nested, "name");
    }

    void take_machine(const JsonItem& item, const char* type) {
        const json::object& machine = item.value;
        const std::string name(json_text(machine, "name"));
        if (!is_node_name(name)) {
            report(item, "name", "is missing; the device is left out");
            return;
        }
        model::NodeSpec& node = document_.change.nodes.emplace_back();
        node.name = name;
        const std::string_view role = name_in(machine, "role").empty()
                                          ? name_in(machine, "device_role")
                                          : name_in(machine, "role");
        node.type = role.empty() ? type : role;
        node.owner = name_in(machine, "tenant");
        if (const std::string_view site = name_in(machine, "site"); !site.empty()) {
            node.labels.emplace_back("site", site);
        }
        for (const char* key : {"primary_ip4", "primary_ip6", "primary_ip"}) {
            const json::object* ip = json_object(machine, key);
            const std::string_view address =
                ip != nullptr ? json_text(*ip, "address") : std::string_view();
            const std::string alias(address.substr(0, address.find('/')));
            if (is_node_name(alias) &&
                std::find(node.aliases.begin(), node.aliases.end(), alias) == node.aliases.end()) {
                node.aliases.push_back(alias);
            }
        }
        if (const std::string_view rack = name_in(machine, "rack"); !rack.empty()) {
            add_edge(name, "rack " + std::string(rack), "located_in", kRackWeight);
        }
        if (const std::string_view host = name_in(machine, "device"); !host.empty()) {
            add_edge(name, std::string(host), "runs_on", 1.0);
        } else if (const std::string_view cluster = name_in(machine, "cluster"); !cluster.empty()) {
            add_edge(name, std::string(cluster), "runs_on", 1.0);
        }
    }

    void take_service(const JsonItem& item) {
        const std::string name(json_text(item.value, "name"));
        std::string host(name_in(item.value, "device"));
        host = host.empty() ? name_in(item.value, "virtual_machine") : host;
        host = host.empty() ? name_in(item.value, "parent") : host;
        if (!is_node_name(name) || host.empty()) {
            report(item, name.empty() ? "name" : "device", "is missing; the service is left out");
            return;
        }
        document_.change.nodes.emplace_back().name = host + ":" + name;
        document_.change.nodes.back().type = "service";
        add_edge(host + ":" + name, host, "runs_on", 1.0);
    }

    // A link without a direction: a fault may travel both ways.
    void take_cable(const JsonItem& item) {
        const std::string a = end_of(item.value, "a_terminations");
        const std::string b = end_of(item.value, "b_terminations");
        if (a.empty() || b.empty()) {
            return;  // it ends at a patch panel, or nowhere yet
        }
        add_edge(a, b, "connected", kCableWeight);
        add_edge(b, a, "connected", kCableWeight);
    }

    static std::string end_of(const json::object& cable, std::string_view key) {
        const json::array* ends = json_array(cable, key);
        for (const json::value& value : ends != nullptr ? *ends : json::array()) {
            const json::object* end = value.if_object();
            const json::object* object = end != nullptr ? json_object(*end, "object") : nullptr;
            if (const std::string_view name =
                    object != nullptr ? name_in(*object, "device") : std::string_view();
                !name.empty()) {
                return std::string(name);
            }
        }
        return {};
    }

    void add_edge(std::string from, std::string to, const char* type, double weight) {
        if (from != to && is_node_name(from) && is_node_name(to)) {
            document_.change.edges.push_back({std::move(from), std::move(to), type, weight});
        }
    }

    const std::string& file_;
    TopologyDocument document_;
};

}  // namespace

TopologyDocument read_netbox_topology(std::string_view text, const std::string& file) {
    return InventoryReader(file).read(text);
}

}  // namespace nocturne::gateway
