#!/usr/bin/env python3
"""A night from end to end, with nothing pretended but the estate: a storm over ZeroMQ, an incident, a suspect, the plan of
a shipped playbook, its message on a real IRC server, strangers and viewers who are refused, the yes of an approver, a
program that is started, a service that is well again, and the audit log. The daemon is killed (kill -9) while the program
runs, and again while the result is verified: nothing that was finished is done twice.

usage: remediation_story.py NOCTURNE PLAYBOOKS NGIRCD
"""
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PROGRAM, PLAYBOOKS, NGIRCD = sys.argv[1:]
PATIENCE_S = 120

TOPOLOGY = """services:
- {name: shop, depends_on: [cart-1, cart-2, cart-3]}
- {name: cart-1, type: pod, labels: {stateless: "true"}}
- {name: cart-2, type: pod, labels: {stateless: "true"}}
- {name: cart-3, type: pod, labels: {stateless: "true"}}
"""

# What an operator would put around `systemctl restart`. The first try takes long enough to be killed in.
RESTART = """#!/bin/sh
echo "begun $1 $NOCTURNE_IDEMPOTENCY_KEY" >> {folder}/restarts
[ -e {folder}/slow ] && sleep 30
echo "done $1 $NOCTURNE_IDEMPOTENCY_KEY" >> {folder}/restarts
"""

CONFIGURATION = """topology: topology.yaml
remediation:
  playbooks: ["{playbooks}/restart_stateless.lua"]
  values:
  - {{playbook: restart_stateless, set: {{health_url: "http://127.0.0.1:{port}/{{node}}", patience: 90s}}}}
actions:
  http:
    hosts: [{{name: 127.0.0.1, ports: [{port}], networks: [127.0.0.1/32], methods: [GET]}}]
  commands:
  - name: restart-unit
    program: {folder}/restart.sh
    arguments: ["{{unit}}"]
    parameters: [{{name: unit, type: node}}]
    timeout: 60s
chat:
  users:
  - {{name: ben, role: approver, irc_mask: "*!~ben@127.0.0.1"}}
  - {{name: vera, role: viewer, irc_mask: "*!~vera@127.0.0.1"}}
  channels:
  - {{name: ops, kind: irc, server: "127.0.0.1:{irc}", tls: false, channel: "#ops"}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, is_so):
    until = time.time() + PATIENCE_S
    while True:
        found = is_so()
        if found:
            print("ok", what, flush=True)
            return found
        assert time.time() < until, f"not true in {PATIENCE_S} s: {what}"
        time.sleep(0.05)


class Estate(http.server.BaseHTTPRequestHandler):
    """The service's health checks."""
    is_well = False

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.send_response(200 if Estate.is_well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Person:
    """Somebody on the channel, who remembers what was said."""

    def __init__(self, port, name):
        self.said, self.name = [], name
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.send(f"NICK {name}\r\nUSER {name} 0 * :{name}\r\nJOIN #ops")
        threading.Thread(target=self.listen, daemon=True).start()
        eventually(f"{name} is on the channel", lambda: self.heard(r" 366 "))

    def send(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def say(self, text):
        self.send(f"PRIVMSG #ops :nocturne: {text}")

    def listen(self):
        rest = b""
        while True:
            more = self.socket.recv(4096)
            if not more:
                return
            *lines, rest = (rest + more).split(b"\r\n")
            for line in lines:
                if line.startswith(b"PING"):
                    self.send(line.decode().replace("PING", "PONG"))
                self.said.append(line.decode(errors="replace"))

    def count(self, pattern):
        return sum(1 for line in self.said if re.search(pattern, line))

    def heard(self, pattern):
        return next((match for line in self.said if (match := re.search(pattern, line))), None)


class Night:
    def __init__(self, folder, irc, health):
        self.folder, self.irc = folder, irc
        self.url = f"http://127.0.0.1:{free_port()}"
        self.pull = f"tcp://127.0.0.1:{free_port()}"
        (folder / "topology.yaml").write_text(TOPOLOGY)
        (folder / "restart.sh").write_text(RESTART.format(folder=folder))
        (folder / "restart.sh").chmod(0o755)
        (folder / "nocturne.yaml").write_text(
            CONFIGURATION.format(playbooks=PLAYBOOKS, port=health, folder=folder, irc=irc))
        self.start()

    def start(self):
        with open(self.folder / "log", "a") as log:
            self.daemon = subprocess.Popen(
                [PROGRAM, "run", "--http", self.url[7:], "--zmq-pull", self.pull, "--zmq-ack", "", "--zmq-pub", ""],
                cwd=self.folder, stderr=log)
        eventually("the daemon is ready", lambda: self.get("/-/ready") is not None)

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                return reply.read().decode()
        except OSError:
            return None

    def ask(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def tell(self, status):
        """What the monitoring says: everything on the way to the user, and each twenty times."""
        lines = [json.dumps({"resource": resource, "check": check, "severity": severity, "status": status,
                             "summary": f"{check} on {resource}", "source": "probe"})
                 for resource, check, severity in [("cart-1", "errors", "critical"), ("shop", "latency", "major")] * 20]
        events = self.folder / f"{status}.jsonl"
        events.write_text("\n".join(lines) + "\n")
        self.ask("send", "--to", self.pull, str(events))

    def run(self):
        runs = json.loads(self.get("/api/v1/runs") or '{"runs": []}')["runs"]
        return runs[0] if runs else {"state": "none", "id": ""}

    def incident(self):
        incidents = json.loads(self.get("/api/v1/incidents"))["incidents"]
        return incidents[0] if incidents else None

    def restarts(self, what):
        file = self.folder / "restarts"
        return [line for line in file.read_text().splitlines() if line.startswith(what)] if file.exists() else []


def tell_the_story(night, ben, vera, eve):
    (night.folder / "slow").touch()
    night.tell("firing")
    incident = eventually("a storm is one incident", night.incident)
    assert incident["suspects"][0]["resource"] == "cart-1", incident
    run = eventually("a playbook proposes a plan", lambda: night.run()["id"])
    assert (night.run()["state"], night.run()["target"]) == ("awaiting_approval", "cart-1"), night.run()
    eventually("the channel is told what would be done", lambda: ben.heard(rf"plan {run} \(restart_stateless, risk low"))

    eve.say(f"approve {run}")
    eventually("a stranger can do nothing", lambda: eve.heard("I do not know you"))
    vera.say(f"approve {run}")
    eventually("a viewer may look, not act", lambda: vera.heard("refused: approve needs the role"))
    ben.say(f"approve {run} 000000000000")
    eventually("a yes for another plan is none", lambda: ben.heard("refused: hash_differs"))
    assert night.run()["state"] == "awaiting_approval" and not night.restarts("begun")

    ben.say(f"approve {run}")
    eventually("the program runs", lambda: night.restarts("begun"))
    night.kill()
    (night.folder / "slow").unlink()
    night.start()
    eventually("what may be repeated is repeated after kill -9", lambda: night.restarts("done"))
    eventually("the run verifies", lambda: night.run()["state"] == "verifying")
    night.kill()
    night.start()
    eventually("the run goes on where it was", lambda: night.run()["state"] == "verifying")
    Estate.is_well = True
    eventually("the service is well, and the run has succeeded", lambda: night.run()["state"] == "succeeded")
    night.tell("resolved")
    eventually("the incident is over", lambda: json.loads(
        night.get("/api/v1/incidents/" + incident["id"]))["state"] == "resolved")
    eventually("the channel knows", lambda: ben.heard(rf"{incident['id']} resolved"))

    assert len(night.restarts("done")) == 1, "what was finished was done again"
    keys = {line.split()[2] for line in night.restarts("begun")}
    assert len(night.restarts("begun")) == 2 and len(keys) == 1, night.restarts("begun")
    eventually("nocturne is on the channel again", lambda: ben.count(r"^:nocturne_?!\S+ JOIN") >= 2)
    ben.say(f"approve {run}")
    eventually("a yes cannot be given twice", lambda: ben.heard("refused: not_awaiting"))


def look_at_the_audit(night):
    night.daemon.send_signal(signal.SIGTERM)
    assert night.daemon.wait(30) == 0
    verdict = night.ask("audit", "verify", "--data", "nocturne-data")
    assert verdict.startswith("ok: "), verdict
    entries = [json.loads(line) for line in night.ask("audit", "export", "--data", "nocturne-data").splitlines()]
    told = {(entry["actor"], entry["action"], entry["outcome"]) for entry in entries if "actor" in entry}
    for expected in [("ben", "run.approve", "accepted"), ("vera", "chat.approve", "refused")]:
        assert expected in told, (expected, told)
    assert any(actor.startswith("irc eve!") and outcome == "refused" for actor, _, outcome in told), told
    print("ok the audit log is intact, and knows who said what", flush=True)


def main():
    health = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Estate)
    threading.Thread(target=health.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        port = free_port()
        folder.chmod(0o755)
        (folder / "ngircd.conf").write_text(
            f"[Global]\nName = irc.test\nInfo = test\nMotdPhrase = hello\nListen = 127.0.0.1\nPorts = {port}\n"
            f"ServerUID = {os.getuid()}\nServerGID = {os.getgid()}\n[Limits]\nMaxConnectionsIP = 0\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\nChrootDir =\n")
        server = subprocess.Popen([NGIRCD, "-n", "-f", str(folder / "ngircd.conf")], stdout=subprocess.DEVNULL)
        night = None
        try:
            time.sleep(0.5)
            ben, vera, eve = [Person(port, person) for person in ("ben", "vera", "eve")]
            night = Night(folder, port, health.server_port)
            eventually("nocturne is on the channel", lambda: ben.heard(":nocturne!.* JOIN"))
            tell_the_story(night, ben, vera, eve)
            look_at_the_audit(night)
        except BaseException:
            print((folder / "log").read_text() if (folder / "log").exists() else "", file=sys.stderr)
            raise
        finally:
            if night and night.daemon.poll() is None:
                night.kill()
            server.kill()
            server.wait()
    print("the night is over")


main()
