#!/usr/bin/env python3
"""The live graph of a whole daemon: spans are sent to it as exporters do, and a Kubernetes API, a Consul, a NetBox and a
Prometheus (small servers that answer as documented, in pages) are pulled. Then one of them breaks off in the middle
of an answer and another refuses: what was known stays, and the error is shown.

usage: topology_test.py NOCTURNE [PROMETHEUS]
With a real prometheus as second argument, that one scrapes the service-graph metrics and is asked instead.
"""
import gzip
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

PROGRAM = sys.argv[1]
PROMETHEUS = sys.argv[2] if len(sys.argv) > 2 else None
PATIENCE_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pod(name, node):
    return {"metadata": {"name": name, "namespace": "shop", "labels": {"app": "orders"},
                         "ownerReferences": [{"kind": "StatefulSet", "name": "orders", "controller": True}]},
            "spec": {"nodeName": node}, "status": {"phase": "Running"}}


PAGES = {
    "/api/v1/nodes": {"kind": "NodeList", "items": [{"metadata": {"name": "worker-1"}}]},
    "/apis/apps/v1/statefulsets": {"kind": "StatefulSetList",
                                   "items": [{"metadata": {"name": "orders", "namespace": "shop"}}]},
    "/api/v1/services": {"kind": "ServiceList", "items": [
        {"metadata": {"name": "orders", "namespace": "shop"}, "spec": {"selector": {"app": "orders"}}}]},
    "/v1/catalog/nodes": [{"Node": "vm-7", "Address": "10.2.0.7"}],
    "/v1/catalog/services": {"mailer": ["smtp"]},
    "/v1/catalog/service/mailer": [{"Node": "vm-7", "ServiceName": "mailer"}],
    "/api/virtualization/virtual-machines/": {"results": [
        {"url": "/api/virtualization/virtual-machines/1/", "name": "vm-7", "cluster": {"name": "esx-1"}}]},
}
METRICS = """# TYPE traces_service_graph_request_total counter
traces_service_graph_request_total{client="front",server="orders",connection_type=""} 42
traces_service_graph_request_total{client="orders",server="orders-db",connection_type="database"} 7
"""


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # all sources call at once: a call that finds no room is late by seconds


class Peers(http.server.BaseHTTPRequestHandler):
    cut = False
    tokens = set()
    scaled = threading.Event()
    long_watches = 0

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        target = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(target.query)
        Peers.tokens.add(self.headers.get("Authorization"))
        if target.path == "/metrics":
            return self.answer(METRICS, "text/plain; version=0.0.4")
        if target.path == "/refused/metrics":
            return self.send_error(403)
        if target.path == "/api/v1/query":
            return self.answer(json.dumps({"status": "success", "data": {"resultType": "vector", "result": [
                {"metric": {"client": "front", "server": "orders"}, "value": [1, "4"]},
                {"metric": {"client": "orders", "server": "orders-db", "connection_type": "database"},
                 "value": [1, "4"]}]}}))
        if target.path.startswith("/deaf/"):  # knows no watches: the parameter is passed over
            return self.answer(json.dumps({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []}))
        if "watch" in query:
            return self.tell_of_changes(target.path, query)
        if target.path == "/api/v1/pods":  # in two pages
            if "continue" not in query:
                return self.answer(json.dumps({"kind": "PodList", "metadata": {"continue": "a b"},
                                               "items": [pod("orders-0", "worker-1")]}))
            assert query["continue"] == ["a b"]
            pods = [pod("orders-1", "worker-2")] + ([pod("orders-2", "worker-1")] if Peers.scaled.is_set() else [])
            text = json.dumps({"kind": "PodList", "metadata": {"resourceVersion": "41"}, "items": pods})
            return self.answer(text[:len(text) // 2] if Peers.cut else text)
        page = PAGES.get(target.path, {"kind": "List", "results": [], "items": []})
        self.answer(json.dumps(page))

    def tell_of_changes(self, path, query):
        """A watch: nothing is said until a pod comes, then one line; the connection stays open. The first of those that
        would last is let go at once, as by a proxy that will not wait."""
        assert (path, query["resourceVersion"]) == ("/api/v1/pods", ["41"]), (path, query)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        if query["timeoutSeconds"] == ["600"]:
            Peers.long_watches += 1
            if Peers.long_watches == 1:
                return
        if Peers.scaled.wait(PATIENCE_S):
            self.wfile.write(json.dumps({"type": "ADDED", "object": pod("orders-2", "worker-1")}).encode() + b"\n")
            self.wfile.flush()
            time.sleep(5)

    def answer(self, text, media_type="application/json"):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def span_in_protobuf(service, trace, span, parent, kind):
    name = field(1, field(1, b"service.name") + field(2, field(1, service)))
    body = field(1, trace) + field(2, span) + (field(4, parent) if parent else b"") + varint(6 << 3) + varint(kind)
    return field(1, field(1, name) + field(2, field(2, body)))


def span_in_json(service, span, parent, kind, **attributes):
    return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"spans": [{"traceId": "ab" * 16, "spanId": span, "parentSpanId": parent, "kind": kind,
                                       "attributes": [{"key": key.replace("__", "."), "value": {"stringValue": value}}
                                                      for key, value in attributes.items()]}]}]}


class Daemon:
    def __init__(self, folder, configuration):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.file = os.path.join(folder, "nocturne.yaml")
        self.configure(configuration)
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--config", self.file, "--data", f"{folder}/data", "--zmq-pull", "", "--zmq-ack", "",
             "--zmq-pub", "", "--http", self.url[7:]], stderr=open(f"{folder}/log", "w"))
        eventually("the daemon is ready", lambda: self.get("/-/ready") is not None)

    def configure(self, text):
        with open(self.file, "w") as file:
            file.write(text)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                return reply.read().decode()
        except (urllib.error.URLError, ConnectionError):
            return None

    def post(self, path, body, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.read(), reply.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            return error.code, error.read(), None

    def edges(self):
        graph = json.loads(self.get("/api/v1/topology"))
        return {(edge["from"], edge["type"], edge["to"]) for edge in graph["edges"]}

    def sources(self):
        return {source["name"]: source for source in json.loads(self.get("/api/v1/topology/sources"))["sources"]}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0


def eventually(what, is_so):
    until = time.time() + PATIENCE_S
    while not is_so():
        assert time.time() < until, f"not true in {PATIENCE_S} s: {what}"
        time.sleep(0.05)
    print("ok", what, flush=True)


def start_prometheus(folder, peers):
    """A real one, that scrapes the metrics of a service graph."""
    port = free_port()
    with open(f"{folder}/prometheus.yml", "w") as file:
        file.write(f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: collector\n"
                   f"  static_configs: [{{targets: ['{peers[7:]}']}}]\n")
    process = subprocess.Popen([PROMETHEUS, f"--config.file={folder}/prometheus.yml",
                                f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
                               stderr=subprocess.DEVNULL)
    return process, f"http://127.0.0.1:{port}"


def main():
    server = Server(("127.0.0.1", 0), Peers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    peers = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        prometheus, prometheus_url = start_prometheus(folder, peers) if PROMETHEUS else (None, peers)
        with open(f"{folder}/token", "w") as file:
            file.write("s3cret\n")
        query = "\n  query: traces_service_graph_request_total > 0" if PROMETHEUS else ""
        sources = f"""topology_sources:
- {{name: cluster, kind: kubernetes, url: "{peers}", token_file: token, interval: 1s}}
- {{kind: consul, url: "{peers}", interval: 1s, names: [{{match: '^mail(er)$', to: 'post-{{1}}'}}]}}
- {{kind: netbox, url: "{peers}/", interval: 1s}}
- kind: prometheus
  url: "{prometheus_url}"
  interval: 1s{query}
"""
        sources += f'- {{name: watched, kind: kubernetes, url: "{peers}", interval: 10m}}\n'
        sources += f'- {{name: deaf, kind: kubernetes, url: "{peers}/deaf", interval: 10m}}\n'
        daemon = Daemon(folder, sources + f'- {{name: refused, kind: prometheus, url: "{peers}/refused/metrics", '
                                          f'interval: 1s}}\n')
        try:
            tell_the_story(daemon, sources)
        finally:
            daemon.stop()
            if prometheus:
                prometheus.terminate()
                prometheus.wait()
    print("the graph lives", "with a real prometheus" if PROMETHEUS else "")


def tell_the_story(daemon, sources):
    cluster = {("shop/orders", "backed_by", "shop/orders-0"), ("shop/orders", "backed_by", "shop/orders-1"),
               ("shop/orders-0", "runs_on", "worker-1"), ("shop/orders-1", "runs_on", "worker-2")}
    eventually("the cluster is known, both pages of its pods", lambda: cluster <= daemon.edges())
    assert "Bearer s3cret" in Peers.tokens
    eventually("Consul and NetBox tell of one machine", lambda: {
        ("post-er", "backed_by", "vm-7"), ("vm-7", "runs_on", "esx-1")} <= daemon.edges())
    # "orders" is an alias of shop/orders, whichever of the two spoke first.
    eventually("Prometheus' edges join the names of the cluster", lambda: {
        ("front", "calls", "shop/orders"), ("shop/orders", "calls", "orders-db")} <= daemon.edges())

    status, body, media_type = daemon.post("/v1/traces", json.dumps({"resourceSpans": [
        span_in_json("front", "00" * 7 + "01", "", 3), span_in_json("cart", "00" * 7 + "02", "00" * 7 + "01", 2),
        span_in_json("cart", "00" * 7 + "03", "", 3, db__system__name="redis", server__address="cart-redis"),
    ]}).encode(), Content_Type="application/json")
    assert (status, body, media_type) == (200, b"{}\n", "application/json") or body == b"{}", (status, body, media_type)
    trace = b"t" * 16
    status, body, media_type = daemon.post("/v1/traces", gzip.compress(
        span_in_protobuf(b"cart", trace, b"span0001", b"", 3) +
        span_in_protobuf(b"stock", trace, b"span0002", b"span0001", 2)),
        Content_Type="application/x-protobuf", Content_Encoding="gzip")
    assert (status, body, media_type) == (200, b"", "application/x-protobuf"), (status, body, media_type)
    eventually("spans in JSON and in gzipped protobuf make edges", lambda: {
        ("front", "calls", "cart"), ("cart", "calls", "cart-redis"), ("cart", "calls", "stock")} <= daemon.edges())
    assert daemon.post("/v1/traces", b"\xff\xff", Content_Type="application/x-protobuf")[0] == 400
    assert daemon.post("/v1/traces", b"<xml/>", Content_Type="text/xml")[0] == 415
    status, body, _ = daemon.post("/v1/traces", json.dumps({"resourceSpans": [
        span_in_json("front", "zz", "", 3)]}).encode(), Content_Type="application/json")
    assert status == 200 and json.loads(body)["partialSuccess"]["rejectedSpans"] == "1", body

    eventually("a source that is refused says so", lambda:
               "status 403" in (daemon.sources()["refused"]["last_error"] or ""))
    assert daemon.sources()["refused"]["failures"] > 0
    assert 'nocturne_topology_source_pull_failures_total{source="refused"}' in daemon.get("/metrics")

    Peers.cut = True
    eventually("an answer that is cut in half is reported", lambda: not daemon.sources()["cluster"]["whole"])
    assert "the document ends here" in daemon.sources()["cluster"]["last_error"]
    assert cluster <= daemon.edges(), "what was known must stay"
    Peers.cut = False
    eventually("and it is well again", lambda: daemon.sources()["cluster"]["last_error"] is None)

    changes = daemon.sources()["cluster"]["changes"]
    pulls = daemon.sources()["cluster"]["pulls"]
    eventually("two more rounds", lambda: daemon.sources()["cluster"]["pulls"] >= pulls + 2)
    assert daemon.sources()["cluster"]["changes"] <= changes + 1, "the same again is not journaled again"

    eventually("a watch that is let go is taken up again", lambda: Peers.long_watches >= 2)
    Peers.scaled.set()
    eventually("a pod that comes is known at once, although the source is asked every ten minutes",
               lambda: "orders-2" in json.dumps(watched_graph(daemon)))

    eventually("a server that does not watch is asked", lambda: daemon.sources()["deaf"]["pulls"] >= 1)
    assert daemon.sources()["deaf"]["pulls"] == 1, "the list of a server that does not watch is no change"

    tell_of_an_incident(daemon)

    daemon.configure("\n".join(line for line in sources.splitlines() if "consul" not in line) + "\n")
    assert daemon.post("/-/reload", b"")[0] == 200
    eventually("a source taken out by a reload is withdrawn",
               lambda: ("post-er", "backed_by", "vm-7") not in daemon.edges())
    assert ("vm-7", "runs_on", "esx-1") in daemon.edges()
    assert "refused" not in daemon.sources()


def watched_graph(daemon):
    graph = json.loads(daemon.get("/api/v1/topology"))
    return [edge for edge in graph["edges"] if "watched" in edge["provenance"]]


def tell_of_an_incident(daemon):
    """The graph as it stood is kept with an incident: a picture, and what was predicted beside what happened."""
    for node, check in [("orders-db", "disk"), ("shop/orders", "errors"), ("front", "latency")]:
        status, _, _ = daemon.post("/api/v1/events", json.dumps(
            {"resource": node, "check": check, "severity": "critical", "source": "test"}).encode())
        assert status == 200
    incidents = json.loads(daemon.get("/api/v1/incidents"))["incidents"]
    assert len(incidents) == 1, incidents
    url = "/api/v1/incidents/" + incidents[0]["id"]
    kept = json.loads(daemon.get(url))["graph"]
    assert {"orders-db", "shop/orders", "front"} <= {node["name"] for node in kept["nodes"]}, kept
    assert any(edge["from"] == "front" and edge["to"] == "shop/orders" and "prometheus" in edge["provenance"]
               for edge in kept["edges"]), kept
    svg = daemon.get(url + "/graph.svg")
    assert svg.startswith("<svg") and "orders-db" in svg, svg
    assert daemon.post(url + "/label", b'{"cause":"orders-db","by":"anna"}')[0] == 200
    impact = json.loads(daemon.get(url + "/impact"))
    assert impact["node"] == "orders-db" and impact["labelled"], impact
    assert {"shop/orders", "front"} <= {hit["resource"] for hit in impact["hit"]}, impact
    assert daemon.get("/api/v1/incidents/I999-0/graph.svg") is None
    print("ok the graph is kept with an incident", flush=True)

    eventually("lint answers", lambda: "counts" in (daemon.get("/api/v1/topology/lint") or ""))
    for command in [["show", "orders"], ["sources"], ["export", "--as", "graphml"], ["svg", "--incident",
                    incidents[0]["id"]]]:
        run = subprocess.run([PROGRAM, "topology", *command, "--url", daemon.url], capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout, (command, run)
    diff = subprocess.run([PROGRAM, "topology", "diff", "--incident", incidents[0]["id"], "--url", daemon.url],
                          capture_output=True, text=True)
    assert diff.returncode == 0 and diff.stdout == "no difference\n", diff


main()
