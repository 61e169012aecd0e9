#include "gateway/topology_pull.hpp"

#include "gateway/http_client.hpp"
#include "gateway/json_items.hpp"
#include "model/severity.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <iterator>
#include <vector>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kPagesMax = 100'000;
constexpr std::size_t kServicesMax = 10'000;  // of Consul, each a request
constexpr std::string_view kGraphQuery = "sum by (client, server, connection_type) "
                                         "(increase(traces_service_graph_request_total[5m])) > 0";

constexpr std::string_view kClusterLists[] = {
    "/api/v1/nodes",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/replicasets",
    "/api/v1/pods",
    "/api/v1/services",
    "/apis/networking.k8s.io/v1/ingresses",
    "/api/v1/persistentvolumeclaims",
};

constexpr std::string_view kInventoryLists[] = {
    "/api/dcim/devices/?limit=500",
    "/api/virtualization/virtual-machines/?limit=500",
    "/api/ipam/services/?limit=500",
    "/api/dcim/cables/?limit=500",
};

class Pull {
   public:
    Pull(const rules::TopologySource& source, const std::function<bool()>& is_over)
        : source_(source), is_over_(is_over), base_(source.url) {
        while (base_.ends_with('/')) {
            base_.pop_back();
        }
    }

    Result<Pulled> run() {
        NOCTURNE_TRY(fetch_.header, authorization_of(source_));
        if (source_.kind == "kubernetes") {
            pull_cluster();
        } else if (source_.kind == "consul") {
            pull_catalogue();
        } else if (source_.kind == "netbox") {
            pull_inventory();
        } else {
            text_ = get(source_.kind == "prometheus" ? url_of_metrics() : source_.url);
        }
        if (text_.empty() && !missing_.empty()) {
            return fail(missing_.front());
        }
        const auto format = model::find_name<TopologyFormat>(kTopologyFormatNames, source_.kind);
        pulled_.document = read_topology_document(*format, text_, source_.name, model::kNoTime);
        for (const Error& error : missing_) {
            pulled_.document.is_whole = false;
            pulled_.document.report(source_.name, 0, "", error.message);
        }
        conclude(pulled_.document.change);
        return std::move(pulled_);
    }

   private:
    // Empty when there is no answer; then it is noted why.
    std::string get(const std::string& url) {
        if (is_over_() || pulled_.requests >= kPagesMax || pulled_.bytes >= source_.bytes_max) {
            if (missing_.empty() || missing_.back().message != kStopped) {
                missing_.push_back({ErrorCode::Unavailable, kStopped, {}});
            }
            return {};
        }
        ++pulled_.requests;
        fetch_.timeout = source_.timeout;
        fetch_.bytes_max = source_.bytes_max - pulled_.bytes;
        fetch_.ca_file = source_.ca_file.string();
        fetch_.is_over = is_over_;
        Result<HttpReply> reply = http_fetch(url, fetch_);
        if (!reply) {
            missing_.push_back(reply.error());
            return {};
        }
        pulled_.bytes += reply->body.size();
        if (!reply->is_ok()) {
            missing_.push_back({ErrorCode::Unavailable,
                                url + ": answered with status " + std::to_string(reply->status),
                                {}});
            return {};
        }
        return std::move(reply->body);
    }

    std::string url_of_metrics() const {
        if (base_.ends_with("/metrics") || base_.find("/api/v1/query") != std::string::npos) {
            return source_.url;
        }
        const std::string query = source_.query.empty() ? std::string(kGraphQuery) : source_.query;
        return base_ + "/api/v1/query?query=" + url_encode(query);
    }

    void add(const std::string& page) {
        text_ += page;
        text_ += '\n';
    }

    void pull_cluster() {
        for (const std::string_view list : kClusterLists) {
            std::string next;
            std::string version;
            do {
                const std::string page = get(base_ + std::string(list) + "?limit=500" +
                                             (next.empty() ? "" : "&continue=" + url_encode(next)));
                next.clear();
                if (!page.empty()) {
                    add(page);
                    next = text_in(page, "metadata", "continue");
                    version = text_in(page, "metadata", "resourceVersion");
                }
            } while (!next.empty());
            if (!version.empty()) {
                pulled_.lists.push_back({std::string(list), std::move(version)});
            }
        }
    }

    void pull_inventory() {
        for (const std::string_view list : kInventoryLists) {
            std::string url = base_ + std::string(list);
            while (!url.empty()) {
                const std::string page = get(url);
                const std::string next = page.empty() ? "" : text_in(page, "", "next");
                // The token goes to nobody else, whatever the answer says.
                url = next.starts_with(base_ + "/") ? next : "";
                if (!page.empty()) {
                    add(page);
                }
                if (!next.empty() && url.empty()) {
                    missing_.push_back({ErrorCode::Invalid,
                                        "the next page is at another server, \"" +
                                            next.substr(0, 256) + "\"; set url to that one",
                                        {}});
                }
            }
        }
    }

    void pull_catalogue() {
        if (const std::string nodes = get(base_ + "/v1/catalog/nodes"); !nodes.empty()) {
            add(nodes);
        }
        const std::string services = get(base_ + "/v1/catalog/services");
        boost::system::error_code error;
        const json::value names = json::parse(services, error);
        if (error || !names.is_object()) {
            if (!services.empty()) {
                missing_.push_back(
                    {ErrorCode::Invalid, "/v1/catalog/services: expected a JSON object", {}});
            }
            return;
        }
        std::size_t count = 0;
        for (const auto& service : names.get_object()) {
            if (++count > kServicesMax) {
                missing_.push_back({ErrorCode::Invalid,
                                    "more than " + std::to_string(kServicesMax) +
                                        " services; the rest is left out",
                                    {}});
                return;
            }
            const std::string name(service.key());
            if (const std::string page = get(base_ + "/v1/catalog/service/" + url_encode(name));
                !page.empty()) {
                add(page);
            }
        }
    }

    // A text in the answer, or in an object of it; empty when it is not there.
    static std::string text_in(const std::string& page, const char* object, const char* key) {
        boost::system::error_code error;
        const json::value value = json::parse(page, error);
        const json::object* holder = error ? nullptr : value.if_object();
        if (holder != nullptr && *object != '\0') {
            holder = json_object(*holder, object);
        }
        return holder == nullptr ? std::string() : std::string(json_text(*holder, key));
    }

    void conclude(model::TopologyChange& change) const {
        change.provenance = source_.name;
        if (source_.confidence > 0) {
            change.confidence = source_.confidence;
        }
        if (source_.ttl.count() >= 0) {
            change.ttl = source_.ttl;
        }
        if (!pulled_.document.is_whole) {
            change.mode = model::TopologyChange::Mode::Merge;
        }
        const rules::NameRules names(source_.names);
        if (names.empty()) {
            return;
        }
        for (model::NodeSpec& node : change.nodes) {
            node.name = names.apply(std::move(node.name));
        }
        for (model::EdgeSpec& edge : change.edges) {
            edge.from = names.apply(std::move(edge.from));
            edge.to = names.apply(std::move(edge.to));
        }
        std::erase_if(change.edges,
                      [](const model::EdgeSpec& edge) { return edge.from == edge.to; });
    }

    static constexpr const char* kStopped = "stopped before the end: bytes_max is reached";

    const rules::TopologySource& source_;
    const std::function<bool()>& is_over_;
    std::string base_;
    FetchOptions fetch_;
    std::string text_;
    std::vector<Error> missing_;
    Pulled pulled_;
};

}  // namespace

Result<std::string> authorization_of(const rules::TopologySource& source) {
    if (source.token_file.empty()) {
        return std::string();
    }
    std::ifstream file(source.token_file, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::NotFound, source.token_file.string() + ": cannot be read");
    }
    std::string token(std::istreambuf_iterator<char>(file), {});
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    return (source.kind == "consul"   ? "X-Consul-Token: "
            : source.kind == "netbox" ? "Authorization: Token "
                                      : "Authorization: Bearer ") +
           token;
}

Result<Pulled> pull_topology(const rules::TopologySource& source,
                             const std::function<bool()>& is_over) {
    return Pull(source, is_over).run();
}

}  // namespace nocturne::gateway
