#include "gateway/json_items.hpp"
#include "gateway/topology_document.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

// A registration says where a service should run, not that it answers there.
constexpr double kConfidence = 0.9;
constexpr double kInstanceWeightMin = 0.05;

class CatalogueReader {
   public:
    explicit CatalogueReader(const std::string& file) : file_(file) {
        document_.change.provenance = "consul";
        document_.change.mode = model::TopologyChange::Mode::Replace;
        document_.change.confidence = kConfidence;
    }

    TopologyDocument read(std::string_view text) {
        for_each_json_item(text, file_, "", document_, [&](const JsonItem& item) { take(item); });
        conclude();
        return std::move(document_);
    }

   private:
    void take(const JsonItem& item) {
        const json::object* node = json_object(item.value, "Node");
        const json::object* service = json_object(item.value, "Service");
        if (node != nullptr && service != nullptr) {  // as /v1/health answers
            const std::string_view name = json_text(*node, "Node");
            take_host(name, json_text(*node, "Address"));
            take_instance(item, *service, name, json_text(*service, "Service"),
                          json_text(*service, "Kind"), json_object(*service, "Proxy"));
            return;
        }
        const std::string_view host = json_text(item.value, "Node");
        if (!is_node_name(host)) {
            document_.is_whole = false;
            document_.report(file_, item.line, item.path,
                             "Node is missing; expected an entry of Consul's catalogue");
            return;
        }
        take_host(host, json_text(item.value, "Address"));
        if (const std::string_view name = json_text(item.value, "ServiceName"); !name.empty()) {
            take_instance(item, item.value, host, name, json_text(item.value, "ServiceKind"),
                          json_object(item.value, "ServiceProxy"));
        }
    }

    void take_host(std::string_view name, std::string_view address) {
        std::set<std::string>& aliases = hosts_[std::string(name)];
        if (is_node_name(address) && address != name) {
            aliases.emplace(address);
        }
    }

    void take_instance(const JsonItem& item, const json::object& service, std::string_view host,
                       std::string_view name, std::string_view kind, const json::object* proxy) {
        if (!is_node_name(name) || !is_node_name(host)) {
            document_.is_whole = false;
            document_.report(file_, item.line, item.path,
                             "a service without a name or a node; left out");
            return;
        }
        if (kind == "connect-proxy" && proxy != nullptr) {
            take_proxy(*proxy);
            return;
        }
        services_[std::string(name)].emplace(host);
        const json::object* meta = json_object(service, "ServiceMeta");
        if (const std::string_view owner =
                meta != nullptr ? json_text(*meta, "owner") : std::string_view();
            !owner.empty()) {
            owners_[std::string(name)] = owner;
        }
    }

    // The sidecar of a service knows what that service calls.
    void take_proxy(const json::object& proxy) {
        const std::string from(json_text(proxy, "DestinationServiceName"));
        const json::array* upstreams = json_array(proxy, "Upstreams");
        for (const json::value& value : upstreams != nullptr ? *upstreams : json::array()) {
            const json::object* upstream = value.if_object();
            std::string to(upstream != nullptr ? json_text(*upstream, "DestinationName")
                                               : std::string_view());
            if (is_node_name(from) && is_node_name(to) && from != to) {
                calls_.emplace(from, std::move(to));
            }
        }
    }

    void conclude() {
        model::TopologyChange& change = document_.change;
        for (const auto& [name, aliases] : hosts_) {
            model::NodeSpec& node = change.nodes.emplace_back();
            node.name = name;
            node.type = "host";
            node.aliases.assign(aliases.begin(), aliases.end());
        }
        for (const auto& [name, hosts] : services_) {
            model::NodeSpec& node = change.nodes.emplace_back();
            node.name = name;
            node.type = "service";
            node.owner = owners_.contains(name) ? owners_.at(name) : "";
            node.aliases = {name + ".service.consul"};
            for (const std::string& host : hosts) {
                if (host != name) {
                    change.edges.push_back(
                        {name, host, "backed_by",
                         std::max(1.0 / static_cast<double>(hosts.size()), kInstanceWeightMin)});
                }
            }
        }
        for (const auto& [from, to] : calls_) {
            change.edges.push_back({from, to, "calls", 1.0});
        }
        if (!document_.is_whole) {
            change.mode = model::TopologyChange::Mode::Merge;
        }
    }

    const std::string& file_;
    TopologyDocument document_;
    std::map<std::string, std::set<std::string>> hosts_;  // and their aliases
    std::map<std::string, std::set<std::string>> services_;
    std::map<std::string, std::string> owners_;
    std::set<std::pair<std::string, std::string>> calls_;
};

}  // namespace

TopologyDocument read_consul_topology(std::string_view text, const std::string& file) {
    return CatalogueReader(file).read(text);
}

}  // namespace nocturne::gateway
