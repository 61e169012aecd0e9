#include "gateway/json_items.hpp"
#include "gateway/topology_document.hpp"

#include <boost/json.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

// A fault of a workload (a bad rollout) shows in its pods, but a pod mostly fails alone.
constexpr double kOwnedWeight = 0.3;
constexpr double kInstanceWeightMin = 0.05;
constexpr std::size_t kEdgesOfServiceMax = 1'000'000;

using Labels = std::map<std::string, std::string, std::less<>>;

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

Labels labels_of(const json::object* object) {
    Labels labels;
    if (object != nullptr) {
        for (const auto& member : *object) {
            if (member.value().is_string()) {
                labels.emplace(member.key(), view(member.value().get_string()));
            }
        }
    }
    return labels;
}

struct Pod {
    std::string name;  // of the node: "shop/orders-7d9f8b6c5d-x2x7k"
    std::string short_name;
    std::string space;
    Labels labels;
    std::string owner_kind;
    std::string owner;
};

struct Service {
    std::string name;
    std::string space;
    Labels selector;
};

class ClusterReader {
   public:
    explicit ClusterReader(const std::string& file) : file_(file) {
        document_.change.provenance = "kubernetes";
        document_.change.mode = model::TopologyChange::Mode::Replace;
    }

    TopologyDocument read(std::string_view text) {
        for_each_json_item(text, file_, "items", document_,
                           [&](const JsonItem& item) { take(item); });
        conclude();
        return std::move(document_);
    }

   private:
    void report(const JsonItem& item, std::string_view where, std::string_view message) {
        std::string path = item.path;
        path += path.empty() || where.empty() ? "" : ".";
        path += where;
        document_.report(file_, item.line, path, message);
        document_.is_whole = false;
    }

    void take(const JsonItem& item) {
        // What a watch sends: {"type":"ADDED","object":{...}}.
        if (const json::object* object = json_object(item.value, "object")) {
            if (json_text(item.value, "type") != "DELETED") {
                take({*object, item.path + ".object", item.line, {}});
            }
            return;
        }
        std::string_view kind = json_text(item.value, "kind");
        if (kind.empty() && item.kind.ends_with("List")) {
            kind = item.kind.substr(0, item.kind.size() - 4);
        }
        const json::object* metadata = json_object(item.value, "metadata");
        const std::string_view name =
            metadata == nullptr ? std::string_view() : json_text(*metadata, "name");
        if (kind.empty() || !is_node_name(name)) {
            report(item, kind.empty() ? "kind" : "metadata.name",
                   "is missing; expected a Kubernetes object, as kubectl get -o json prints it");
            return;
        }
        static const json::object kNothing;
        const json::object* spec = json_object(item.value, "spec");
        const json::object* status = json_object(item.value, "status");
        const Object object{item,
                            std::string(name),
                            std::string(json_text(*metadata, "namespace")),
                            *metadata,
                            spec != nullptr ? *spec : kNothing,
                            status != nullptr ? *status : kNothing};

        struct Taker {
            std::string_view kind;
            void (ClusterReader::*take)(const Object&);
        };

        static constexpr Taker kTakers[] = {
            {"Pod", &ClusterReader::take_pod},
            {"Service", &ClusterReader::take_service},
            {"Node", &ClusterReader::take_node},
            {"Deployment", &ClusterReader::take_workload},
            {"StatefulSet", &ClusterReader::take_workload},
            {"DaemonSet", &ClusterReader::take_workload},
            {"ReplicaSet", &ClusterReader::take_replica_set},
            {"Ingress", &ClusterReader::take_ingress},
            {"PersistentVolumeClaim", &ClusterReader::take_claim},
        };
        for (const Taker& taker : kTakers) {
            if (taker.kind == kind) {
                (this->*taker.take)(object);
                return;
            }
        }
        // Config maps, secrets and all else carry no dependency that can be read off them.
    }

    struct Object {
        const JsonItem& item;
        std::string name;
        std::string space;
        const json::object& metadata;
        const json::object& spec;
        const json::object& status;

        std::string full_name() const { return space.empty() ? name : space + "/" + name; }
    };

    model::NodeSpec& describe(std::string name, std::string_view type) {
        const auto [place, is_new] = places_.try_emplace(name, document_.change.nodes.size());
        if (is_new) {
            document_.change.nodes.emplace_back().name = std::move(name);
        }
        model::NodeSpec& node = document_.change.nodes[place->second];
        if (node.type.empty() || type == "service") {  // what people call it, above what runs it
            node.type = type;
        }
        return node;
    }

    // Bare names are aliases where only one namespace has them.
    void note_short_name(const std::string& name, const std::string& full_name) {
        if (name == full_name) {
            return;
        }
        const auto [place, is_new] = short_names_.try_emplace(name, full_name);
        if (!is_new && place->second != full_name) {
            place->second.clear();
        }
    }

    void add_edge(std::string from, std::string to, const char* type, double weight) {
        if (from != to && is_node_name(from) && is_node_name(to)) {
            document_.change.edges.push_back({std::move(from), std::move(to), type, weight});
        }
    }

    void take_workload(const Object& object) {
        model::NodeSpec& node = describe(object.full_name(), "workload");
        add_label(node, "namespace", object.space);
        note_short_name(object.name, object.full_name());
    }

    void take_replica_set(const Object& object) {
        const auto [kind, owner] = controller_of(object.metadata);
        if (owner.empty()) {
            take_workload(object);
        } else {
            owner_of_set_[object.full_name()] = owner;
        }
    }

    static std::pair<std::string, std::string> controller_of(const json::object& metadata) {
        if (const json::array* owners = json_array(metadata, "ownerReferences")) {
            for (const json::value& value : *owners) {
                const json::object* owner = value.if_object();
                const json::value* controls =
                    owner != nullptr ? owner->if_contains("controller") : nullptr;
                if (owner != nullptr &&
                    (controls == nullptr || (controls->is_bool() && controls->get_bool()))) {
                    return {std::string(json_text(*owner, "kind")),
                            std::string(json_text(*owner, "name"))};
                }
            }
        }
        return {};
    }

    void take_pod(const Object& object) {
        const std::string_view phase = json_text(object.status, "phase");
        if (phase == "Succeeded" || phase == "Failed") {
            return;  // a job that has ended
        }
        const std::string name = object.full_name();
        model::NodeSpec& node = describe(name, "pod");
        add_label(node, "namespace", object.space);
        if (const std::string_view ip = json_text(object.status, "podIP");
            is_node_name(ip) && !is_true(object.spec, "hostNetwork")) {
            node.aliases.emplace_back(ip);
        }
        note_short_name(object.name, name);
        if (const std::string_view host = json_text(object.spec, "nodeName"); !host.empty()) {
            add_edge(name, std::string(host), "runs_on", 1.0);
        }
        take_volumes(object, name);
        const auto [kind, owner] = controller_of(object.metadata);
        pods_.push_back({name, object.name, object.space,
                         labels_of(json_object(object.metadata, "labels")), kind, owner});
    }

    void take_volumes(const Object& object, const std::string& pod) {
        const json::array* volumes = json_array(object.spec, "volumes");
        if (volumes == nullptr) {
            return;
        }
        for (const json::value& value : *volumes) {
            const json::object* volume = value.if_object();
            const json::object* claim =
                volume != nullptr ? json_object(*volume, "persistentVolumeClaim") : nullptr;
            if (claim == nullptr) {
                continue;
            }
            const std::string_view name = json_text(*claim, "claimName");
            if (name.empty()) {
                report(object.item, "spec.volumes", "a claim without claimName; left out");
                continue;
            }
            add_edge(pod, name_of_claim(object.space, name), "mounts", 1.0);
        }
    }

    static std::string name_of_claim(const std::string& space, std::string_view name) {
        return space + "/pvc/" + std::string(name);
    }

    void take_claim(const Object& object) {
        const std::string name = name_of_claim(object.space, object.name);
        model::NodeSpec& node = describe(name, "volume claim");
        add_label(node, "namespace", object.space);
        note_short_name(object.name, name);
        if (const std::string_view volume = json_text(object.spec, "volumeName"); !volume.empty()) {
            add_edge(name, "pv/" + std::string(volume), "bound_to", 1.0);
        }
    }

    void take_node(const Object& object) {
        model::NodeSpec& node = describe(object.name, "host");
        const json::array* addresses = json_array(object.status, "addresses");
        if (addresses == nullptr) {
            return;
        }
        for (const json::value& value : *addresses) {
            const json::object* address = value.if_object();
            const std::string_view text =
                address != nullptr ? json_text(*address, "address") : std::string_view();
            if (is_node_name(text) && text != object.name) {
                node.aliases.emplace_back(text);
            }
        }
    }

    void take_service(const Object& object) {
        const std::string name = object.full_name();
        model::NodeSpec& node = describe(name, "service");
        add_label(node, "namespace", object.space);
        const std::string address = object.name + "." + object.space;
        for (const char* suffix : {"", ".svc", ".svc.cluster.local"}) {
            node.aliases.push_back(address + suffix);
        }
        if (const std::string_view ip = json_text(object.spec, "clusterIP");
            is_node_name(ip) && ip != "None") {
            node.aliases.emplace_back(ip);
        }
        note_short_name(object.name, name);
        if (const std::string_view external = json_text(object.spec, "externalName");
            !external.empty()) {
            add_edge(name, std::string(external), "routes_to", 1.0);
        }
        services_.push_back({name, object.space, labels_of(json_object(object.spec, "selector"))});
    }

    void take_ingress(const Object& object) {
        const std::string name = object.space + "/ingress/" + object.name;
        std::vector<std::string> hosts;
        std::set<std::string, std::less<>> backends;
        if (const json::object* backend = json_object(object.spec, "defaultBackend")) {
            note_backend(*backend, backends);
        }
        const json::array* rules = json_array(object.spec, "rules");
        for (const json::value& value : rules != nullptr ? *rules : json::array()) {
            const json::object* rule = value.if_object();
            if (rule == nullptr) {
                report(object.item, "spec.rules", "expected objects; left out");
                continue;
            }
            if (const std::string_view host = json_text(*rule, "host"); is_node_name(host)) {
                hosts.emplace_back(host);
            }
            const json::object* http = json_object(*rule, "http");
            const json::array* paths = http != nullptr ? json_array(*http, "paths") : nullptr;
            for (const json::value& path : paths != nullptr ? *paths : json::array()) {
                const json::object* parts = path.if_object();
                const json::object* backend =
                    parts != nullptr ? json_object(*parts, "backend") : nullptr;
                if (backend != nullptr) {
                    note_backend(*backend, backends);
                }
            }
        }
        model::NodeSpec& node = describe(name, "ingress");
        add_label(node, "namespace", object.space);
        node.aliases = std::move(hosts);
        for (const std::string& backend : backends) {
            add_edge(name, object.space + "/" + backend, "routes_to", 1.0);
        }
    }

    // networking.k8s.io/v1 and its betas.
    static void note_backend(const json::object& backend,
                             std::set<std::string, std::less<>>& backends) {
        const json::object* service = json_object(backend, "service");
        const std::string_view name =
            service != nullptr ? json_text(*service, "name") : json_text(backend, "serviceName");
        if (!name.empty()) {
            backends.emplace(name);
        }
    }

    static bool is_true(const json::object& object, std::string_view key) {
        const json::value* value = object.if_contains({key.data(), key.size()});
        return value != nullptr && value->is_bool() && value->get_bool();
    }

    static void add_label(model::NodeSpec& node, const char* name, const std::string& value) {
        const std::pair<std::string, std::string> label{name, value};
        if (!value.empty() &&
            std::find(node.labels.begin(), node.labels.end(), label) == node.labels.end()) {
            node.labels.push_back(label);
        }
    }

    // ---- what only the whole cluster tells ----

    void conclude() {
        tie_pods_to_workloads();
        tie_services_to_pods();
        for (const auto& [name, full_name] : short_names_) {
            if (!full_name.empty() && !places_.contains(name)) {
                document_.change.nodes[places_.at(full_name)].aliases.push_back(name);
            }
        }
        if (!document_.is_whole) {
            document_.change.mode = model::TopologyChange::Mode::Merge;
        }
    }

    // The workload above its replica set; empty when nothing controls the pod.
    std::string workload_of(const Pod& pod) const {
        if (pod.owner.empty() || pod.owner_kind == "Node") {
            return {};
        }
        if (pod.owner_kind == "ReplicaSet") {
            const auto set = owner_of_set_.find(pod.space + "/" + pod.owner);
            if (set != owner_of_set_.end()) {
                return pod.space + "/" + set->second;
            }
            // The set itself was not in the document: its name is the deployment's and a hash.
            const auto hash = pod.labels.find("pod-template-hash");
            if (hash != pod.labels.end() && pod.owner.ends_with("-" + hash->second)) {
                return pod.space + "/" +
                       pod.owner.substr(0, pod.owner.size() - hash->second.size() - 1);
            }
        }
        return pod.space + "/" + pod.owner;
    }

    void tie_pods_to_workloads() {
        std::map<std::string, std::vector<const Pod*>> pods;
        for (const Pod& pod : pods_) {
            if (std::string workload = workload_of(pod); !workload.empty()) {
                pods[std::move(workload)].push_back(&pod);
            }
        }
        for (const auto& [workload, members] : pods) {
            if (!places_.contains(workload)) {
                describe(workload, "workload");
                note_short_name(workload.substr(workload.find('/') + 1), workload);
            }
            for (const Pod* pod : members) {
                add_edge(pod->name, workload, "owned_by", kOwnedWeight);
                add_instance(workload, *pod, members.size());
            }
        }
    }

    void add_instance(const std::string& name, const Pod& pod, std::size_t count) {
        if (instances_.emplace(name, pod.name).second) {
            add_edge(name, pod.name, "backed_by",
                     std::max(1.0 / static_cast<double>(count), kInstanceWeightMin));
        }
    }

    // By the rarest label of the selector, so that many services and many pods take their sum, not
    // their product.
    void tie_services_to_pods() {
        std::map<std::string, std::vector<const Pod*>> by_label;
        const auto key = [](const std::string& space, const auto& label) {
            return space + '\n' + label.first + '\n' + label.second;
        };
        for (const Pod& pod : pods_) {
            for (const auto& label : pod.labels) {
                by_label[key(pod.space, label)].push_back(&pod);
            }
        }
        std::size_t edges = 0;
        for (const Service& service : services_) {
            const std::vector<const Pod*>* fewest = nullptr;
            for (const auto& label : service.selector) {
                const auto found = by_label.find(key(service.space, label));
                static const std::vector<const Pod*> kNone;
                const std::vector<const Pod*>& pods =
                    found == by_label.end() ? kNone : found->second;
                fewest = fewest == nullptr || pods.size() < fewest->size() ? &pods : fewest;
            }
            std::vector<const Pod*> members;
            for (const Pod* pod : fewest != nullptr ? *fewest : std::vector<const Pod*>()) {
                if (std::includes(pod->labels.begin(), pod->labels.end(), service.selector.begin(),
                                  service.selector.end())) {
                    members.push_back(pod);
                }
            }
            edges += members.size();
            if (edges > kEdgesOfServiceMax) {
                document_.is_whole = false;
                document_.report(file_, 0, service.name,
                                 "selectors match more than a million pods; the rest is left out");
                return;
            }
            for (const Pod* pod : members) {
                add_instance(service.name, *pod, members.size());
            }
        }
    }

    const std::string& file_;
    TopologyDocument document_;
    boost::unordered_flat_map<std::string, std::size_t> places_;  // of nodes in the change
    std::map<std::string, std::string> short_names_;              // to the only bearer, or ""
    std::map<std::string, std::string> owner_of_set_;
    std::vector<Pod> pods_;
    std::vector<Service> services_;
    std::set<std::pair<std::string, std::string>> instances_;
};

}  // namespace

TopologyDocument read_kubernetes_topology(std::string_view text, const std::string& file) {
    return ClusterReader(file).read(text);
}

}  // namespace nocturne::gateway
