#!/usr/bin/env python3
"""From the event that completes the evidence to the proposal in the chat: wall-clock time through a whole daemon (HTTP in,
journal with fsync, incident, ranking, a shipped playbook's plan, gates, journal again, webhook out), while so many other
alerts are active.

usage: bench_remediation.py NOCTURNE PLAYBOOKS [ALERTS [PROPOSALS]]
"""
import http.client
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PROGRAM, PLAYBOOKS = sys.argv[1:3]
ALERTS = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
PROPOSALS = int(sys.argv[4]) if len(sys.argv) > 4 else 200
PATIENCE_S = 60
CHECKS = 10  # alerts of an incident

arrivals = {}  # target to the time at which the chat had its plan
arrived = threading.Condition()


class Chat(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        now = time.perf_counter()
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if said.get("run") and said["run"]["awaits_approval"]:
            with arrived:
                arrivals.setdefault(said["suspect"], now)
                arrived.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def event(resource, check="errors", severity="critical"):
    return {"resource": resource, "check": check, "severity": severity, "summary": f"{check} on {resource}",
            "source": "bench"}


def topology():
    lines = ["services:"]
    for i in range(PROPOSALS):
        lines.append(f"- {{name: shop-{i}, depends_on: [cart-{i}-1, cart-{i}-2, cart-{i}-3]}}")
        lines += [f'- {{name: cart-{i}-{k}, type: pod, labels: {{stateless: "true"}}}}' for k in (1, 2, 3)]
    lines += [f"- {{name: host-{i}}}" for i in range(ALERTS // CHECKS)]
    return "\n".join(lines) + "\n"


def quantile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def measure(address):
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)

    def post(events):
        connection.request("POST", "/api/v1/events", "\n".join(json.dumps(one) for one in events))
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body

    for first in range(0, ALERTS, 500):
        post([event(f"host-{i // CHECKS}", f"check-{i % CHECKS}", "minor")
              for i in range(first, min(ALERTS, first + 500))])
    time.sleep(2)  # what the load itself set off is over
    times = []
    for i in range(PROPOSALS):
        target = f"cart-{i}-1"
        begin = time.perf_counter()
        post([event(target)])
        with arrived:
            assert arrived.wait_for(lambda: target in arrivals, PATIENCE_S), f"no plan for {target}"
        times.append((arrivals[target] - begin) * 1e3)
        time.sleep(0.02)
    slow = [f"{i}: {time:.0f} ms" for i, time in enumerate(times) if time > 50]
    if slow:
        print("slower than 50 ms:", ", ".join(slow))
    return sorted(times)


def main():
    chat = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=chat.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        address = f"127.0.0.1:{free_port()}"
        (folder / "topology.yaml").write_text(topology())
        (folder / "nocturne.yaml").write_text(
            f'topology: topology.yaml\nhttp: "{address}"\nzmq: {{pull: "", ack: "", pub: ""}}\n'
            f'remediation: {{playbooks: ["{PLAYBOOKS}/restart_stateless.lua"]}}\n'
            f'chat: {{channels: [{{name: hook, kind: webhook, severity_min: critical, '
            f'url: "http://127.0.0.1:{chat.server_port}/"}}]}}\n')
        with open(folder / "log", "w") as log:
            daemon = subprocess.Popen([PROGRAM, "run"], cwd=folder, stderr=log)
        try:
            until = time.time() + PATIENCE_S
            while True:
                try:
                    urllib.request.urlopen(f"http://{address}/-/ready", timeout=1)
                    break
                except OSError:
                    assert time.time() < until and daemon.poll() is None, (folder / "log").read_text()
                    time.sleep(0.05)
            times = measure(address)
        finally:
            daemon.terminate()
            daemon.wait()
    print(f"{ALERTS} active alerts, {len(times)} proposals: p50 {quantile(times, 0.5):.1f} ms, "
          f"p90 {quantile(times, 0.9):.1f} ms, p99 {quantile(times, 0.99):.1f} ms, most {times[-1]:.1f} ms")


main()
