#include "gateway/incident_graph.hpp"

#include "gateway/json_items.hpp"
#include "model/json_writer.hpp"
#include "model/severity.hpp"
#include "topology/excerpt.hpp"
#include "topology/neighbourhood.hpp"
#include "topology/picture.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

double number_in(const json::object& object, std::string_view key, double otherwise) {
    const json::value* value = object.if_contains({key.data(), key.size()});
    boost::system::error_code error;
    const double number =
        value != nullptr && value->is_number() ? value->to_number<double>(error) : otherwise;
    return error ? otherwise : number;
}

template <typename Visit>
void each_object(const json::object& holder, std::string_view key, Visit visit) {
    if (const json::array* list = json_array(holder, key)) {
        for (const json::value& value : *list) {
            if (const json::object* object = value.if_object()) {
                visit(*object);
            }
        }
    }
}

struct Incident {
    json::object json;
    topology::Excerpt graph;
    std::map<std::string, std::uint32_t, std::less<>> places;  // of nodes, by name
};

Result<Incident> read_incident(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error);
    if (error || !value.is_object()) {
        return fail(ErrorCode::Damaged, "the incident is not a JSON object");
    }
    Incident incident{std::move(value.get_object()), {}, {}};
    const json::object* graph = json_object(incident.json, "graph");
    if (graph == nullptr) {
        return fail(ErrorCode::NotFound,
                    "no graph was kept with this incident; it is older than that");
    }
    each_object(*graph, "nodes", [&](const json::object& object) {
        topology::Excerpt::Node node;
        node.name = json_text(object, "name");
        node.type = json_text(object, "type");
        node.owner = json_text(object, "owner");
        node.criticality = static_cast<std::uint8_t>(
            std::clamp(number_in(object, "criticality", model::kCriticalityDefault), 1.0, 5.0));
        const json::value* is_centre = object.if_contains("centre");
        node.is_centre = is_centre != nullptr && is_centre->is_bool() && is_centre->get_bool();
        incident.places.emplace(node.name, incident.graph.nodes.size());
        incident.graph.nodes.push_back(std::move(node));
    });
    each_object(*graph, "edges", [&](const json::object& object) {
        const auto from = incident.places.find(json_text(object, "from"));
        const auto to = incident.places.find(json_text(object, "to"));
        if (from != incident.places.end() && to != incident.places.end()) {
            topology::Excerpt::Edge edge;
            edge.from = from->second;
            edge.to = to->second;
            edge.type = json_text(object, "type");
            edge.weight = number_in(object, "weight", 1.0);
            edge.confidence = number_in(object, "confidence", 1.0);
            incident.graph.edges.push_back(std::move(edge));
        }
    });
    incident.graph.nodes_left_out =
        static_cast<std::uint64_t>(std::clamp(number_in(*graph, "nodes_left_out", 0), 0.0, 1e9));
    incident.graph.taken_at =
        model::parse_time(json_text(*graph, "taken_at")).value_or(model::from_unix_ms(0));
    return incident;
}

// ---- the picture ----

class PictureMaker {
   public:
    explicit PictureMaker(const Incident& incident) : incident_(incident) {}

    topology::Picture make() {
        for (const topology::Excerpt::Node& node : incident_.graph.nodes) {
            topology::Picture::Node& drawn = picture_.nodes.emplace_back();
            drawn.name = node.name;
            drawn.type = node.type;
            drawn.is_centre = node.is_centre;
        }
        for (const topology::Excerpt::Edge& edge : incident_.graph.edges) {
            picture_.edges.push_back({edge.from, edge.to, edge.type, edge.confidence, false});
        }
        picture_.left_out = incident_.graph.nodes_left_out;
        each_object(incident_.json, "alerts",
                    [&](const json::object& alert) { take_alert(alert); });
        std::size_t rank = 0;
        each_object(incident_.json, "suspects",
                    [&](const json::object& suspect) { take_suspect(suspect, ++rank); });
        if (topology::Picture::Node* cause = find(json_text(incident_.json, "cause"))) {
            cause->is_cause = true;
        }
        write_titles();
        return std::move(picture_);
    }

   private:
    topology::Picture::Node* find(std::string_view name) {
        const auto place = incident_.places.find(name);
        return place == incident_.places.end() ? nullptr : &picture_.nodes[place->second];
    }

    void take_alert(const json::object& alert) {
        topology::Picture::Node* node = find(json_text(alert, "resource"));
        if (node == nullptr) {
            return;
        }
        ++node->alerts;
        const auto severity =
            model::find_name<model::Severity>(model::kSeverityNames, json_text(alert, "severity"));
        const std::string_view status = json_text(alert, "status");
        const bool is_firing = status == "firing" || status == "suppressed";
        const model::Severity worst = severity.value_or(model::Severity::Warning);
        // What fires counts more than what is over, whatever their severities.
        if (!node->severity || (is_firing && !node->is_firing) ||
            (is_firing == node->is_firing && worst > *node->severity)) {
            node->severity = worst;
            node->is_firing = is_firing;
        }
    }

    void take_suspect(const json::object& suspect, std::size_t rank) {
        if (topology::Picture::Node* node = find(json_text(suspect, "resource"))) {
            node->rank = rank;
            node->score = number_in(suspect, "score", 0);
        }
        if (rank == 1) {
            each_object(suspect, "paths", [&](const json::object& path) { take_path(path); });
        }
    }

    // From the suspect upwards: each step goes from a dependency to its dependent.
    void take_path(const json::object& path) {
        const json::array* nodes = json_array(path, "nodes");
        for (std::size_t i = 0; nodes != nullptr && i + 1 < nodes->size(); ++i) {
            if (!(*nodes)[i].is_string() || !(*nodes)[i + 1].is_string()) {
                return;
            }
            const auto below = incident_.places.find(std::string((*nodes)[i].get_string()));
            const auto above = incident_.places.find(std::string((*nodes)[i + 1].get_string()));
            if (below == incident_.places.end() || above == incident_.places.end()) {
                continue;
            }
            for (topology::Picture::Edge& edge : picture_.edges) {
                edge.is_on_path =
                    edge.is_on_path || (edge.from == above->second && edge.to == below->second);
            }
        }
    }

    void write_titles() {
        const json::object& incident = incident_.json;
        picture_.title = std::string(json_text(incident, "id")) + "  " +
                         std::string(json_text(incident, "title"));
        const auto time = [](std::string_view text) {  // to the second
            return std::string(text.substr(0, 10)) + " " +
                   std::string(text.size() > 11 ? text.substr(11, 8) : std::string_view()) + " UTC";
        };
        picture_.subtitle = std::string(json_text(incident, "severity")) + ", " +
                            std::string(json_text(incident, "state")) + ", opened " +
                            time(json_text(incident, "opened_at"));
        picture_.subtitle +=
            "; the graph as it stood " + time(model::format_time(incident_.graph.taken_at));
    }

    const Incident& incident_;
    topology::Picture picture_;
};

// ---- predicted and actual ----

std::string name_of_cause(const json::object& incident, bool& is_labelled,
                          const topology::Graph& graph) {
    const std::string label(json_text(incident, "cause"));
    is_labelled = graph.find(label) != topology::kNoNode;
    if (is_labelled) {
        return label;
    }
    std::string first;
    each_object(incident, "suspects", [&](const json::object& suspect) {
        if (first.empty()) {
            first = json_text(suspect, "resource");
        }
    });
    return first;
}

double share(std::size_t part, std::size_t whole) {
    return whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Result<std::string> render_incident_svg(std::string_view incident_json) {
    NOCTURNE_TRY(const Incident incident, read_incident(incident_json));
    return topology::render_svg(PictureMaker(incident).make());
}

Result<std::string> render_incident_impact(std::string_view incident_json) {
    NOCTURNE_TRY(const Incident incident, read_incident(incident_json));
    const topology::LiveGraph live = topology::graph_of(incident.graph);
    const topology::Graph& graph = live.now();
    bool is_labelled = false;
    const std::string cause = name_of_cause(incident.json, is_labelled, graph);
    const topology::NodeIndex start = graph.find(cause);
    if (start == topology::kNoNode) {
        return fail(ErrorCode::NotFound, "this incident has no suspect in the graph yet");
    }
    std::set<std::string> actual;
    each_object(incident.json, "alerts",
                [&](const json::object& alert) { actual.emplace(json_text(alert, "resource")); });
    actual.erase(cause);
    const topology::ImpactReport report = topology::foresee(graph, start, {});
    model::JsonWriter out;
    out.begin_object().member("node", cause).member("labelled", is_labelled);
    std::size_t hits = 0;
    std::set<std::string> predicted;
    for (const bool hit : {true, false}) {
        out.key(hit ? "hit" : "missed").begin_array();
        for (const topology::Impact& impact : report.hurt) {
            const std::string& name = graph.node(impact.node).name;
            predicted.insert(name);
            if (actual.contains(name) == hit) {
                hits += hit ? 1U : 0U;
                out.begin_object().member("resource", name);
                out.member("likelihood", impact.likelihood).end_object();
            }
        }
        out.end_array();
    }
    out.key("unforeseen").begin_array();
    for (const std::string& name : actual) {
        if (!predicted.contains(name)) {
            out.text(name);
        }
    }
    out.end_array().key("held").begin_array();
    for (const topology::Redundancy& held : report.held) {
        out.begin_object().member("resource", graph.node(held.node).name);
        out.member("lost", std::uint64_t{held.lost});
        out.member("members", std::uint64_t{held.members}).end_object();
    }
    out.end_array().member("precision", share(hits, report.hurt.size()));
    out.member("recall", share(hits, actual.size())).end_object();
    return out.take();
}

}  // namespace nocturne::gateway
