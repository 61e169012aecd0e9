#!/usr/bin/env python3
"""Kills the daemon with SIGKILL at random moments under load, again and again, and compares what it knows in the
end with a daemon that nobody killed: no acknowledged event is lost, none counts twice. Then compares the living
daemon's incidents with a replay of its journal.

usage: kill_test.py NOCTURNE [kills] [seed]
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import zmq

PROGRAM = sys.argv[1]
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 50
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
REPLY_MS = 500
START_S = 30

TOPOLOGY = """
services:
  - {name: front, depends_on: [s0, s1, s2]}
  - {name: s0, depends_on: [db]}
  - {name: s1, depends_on: [db]}
  - {name: s2, depends_on: [queue]}
  - {name: db}
  - {name: queue}
"""
NODES = ["front", "s0", "s1", "s2", "db", "queue", "stray"]


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.log = open(os.path.join(folder, "log"), "a")
        with open(os.path.join(folder, "topology.yaml"), "w") as file:
            file.write(TOPOLOGY)

    def endpoint(self, name):
        return f"ipc://{self.folder}/{name}"

    def start(self):
        self.port_file = None
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--data", f"{self.folder}/data", "--topology", f"{self.folder}/topology.yaml",
             "--zmq-pull", self.endpoint("pull"), "--zmq-ack", self.endpoint("ack"),
             "--zmq-pub", self.endpoint("pub"), "--http", f"127.0.0.1:{self.port}"],
            stderr=self.log, stdout=self.log)

    @property
    def port(self):
        if not hasattr(self, "_port"):
            import socket
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._port = probe.getsockname()[1]
        return self._port

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return json.load(reply)

    def wait_until_ready(self):
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1).read()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"the daemon ended by itself, see {self.folder}/log")
                time.sleep(0.01)
        raise SystemExit("the daemon did not get ready")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        if self.process.wait(timeout=30) != 0:
            raise SystemExit("the daemon did not end cleanly")


def make_messages(rng, count):
    """Messages of 1 to 20 events each, every event with an id of its own."""
    messages, number = [], 0
    for _ in range(count):
        lines = []
        for _ in range(rng.randrange(1, 21)):
            number += 1
            lines.append(json.dumps({
                "source": "test", "id": f"e{number}", "resource": rng.choice(NODES), "check": f"c{rng.randrange(40)}",
                "severity": rng.choice(["warning", "major", "critical"])}))
        messages.append("\n".join(lines))
    return messages


class Sender:
    """Sends one message at a time, and the same again until it is acknowledged, as a careful client does."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.context = zmq.Context()
        self.socket = None

    def connect(self):
        if self.socket is not None:
            self.socket.close(linger=0)
        self.socket = self.context.socket(zmq.REQ)
        self.socket.setsockopt(zmq.RCVTIMEO, REPLY_MS)
        self.socket.connect(self.daemon.endpoint("ack"))

    def send(self, message):
        try:
            self.socket.send_string(message)
            reply = json.loads(self.socket.recv())
        except zmq.ZMQError:
            return None
        return reply


def counts_of(daemon):
    alerts = daemon.get("/api/v1/alerts?limit=100000")["alerts"]
    return {(a["resource"], a["check"]): a["count"] for a in alerts}


def run_killed(folder, messages, rng):
    daemon, sent, kills = Daemon(folder), 0, 0
    sender = Sender(daemon)
    daemon.start()
    daemon.wait_until_ready()
    sender.connect()
    kill_at = time.monotonic() + rng.uniform(0.0, 0.15)
    while sent < len(messages):
        if kills < KILLS and time.monotonic() >= kill_at:
            # A message on its way, now and then without waiting for the answer.
            if rng.random() < 0.7:
                sender.socket.send_string(messages[sent])
                time.sleep(rng.uniform(0.0, 0.004))
            daemon.kill()
            kills += 1
            daemon.start()
            daemon.wait_until_ready()
            sender.connect()
            kill_at = time.monotonic() + rng.uniform(0.0, 0.15)
        reply = sender.send(messages[sent])
        if reply is None:
            sender.connect()
            continue
        if reply.get("accepted") != messages[sent].count("\n") + 1:
            raise SystemExit(f"an answer that is none: {reply}")
        sent += 1
        if sent == len(messages) and kills < KILLS:
            sent -= 1  # the last message again and again, until there were enough kills
    return daemon, kills


def run_unkilled(folder, messages):
    daemon = Daemon(folder)
    daemon.start()
    daemon.wait_until_ready()
    sender = Sender(daemon)
    sender.connect()
    for message in messages:
        while sender.send(message) is None:
            sender.connect()
    return daemon


def compare_with_replay(daemon):
    """The living daemon's incidents, then a replay of its journal: the same, to the last byte of each."""
    # Rankings that are due come within a second or two; then the state stands still.
    live = None
    for _ in range(20):
        listed = daemon.get("/api/v1/incidents?all=1&limit=10000")["incidents"]
        now = {i["id"]: daemon.get(f"/api/v1/incidents/{i['id']}") for i in listed}
        if now == live:
            break
        live = now
        time.sleep(1.5)
    replay = subprocess.run([PROGRAM, "replay", "--journal", f"{daemon.folder}/data", "--format", "json"],
                            capture_output=True, text=True, check=True)
    again = subprocess.run([PROGRAM, "replay", "--journal", f"{daemon.folder}/data", "--format", "json"],
                           capture_output=True, text=True, check=True)
    if replay.stdout != again.stdout:
        raise SystemExit("two replays of one journal differ")
    replayed = json.loads(replay.stdout)
    replayed = {i["id"]: i for i in (replayed if isinstance(replayed, list) else replayed["incidents"])}
    if replayed != live:
        for key in sorted(set(live) | set(replayed)):
            if live.get(key) != replayed.get(key):
                print("live:  ", json.dumps(live.get(key))[:2000])
                print("replay:", json.dumps(replayed.get(key))[:2000])
        raise SystemExit("the live incidents differ from a replay of the journal")
    return len(live)


def main():
    print(f"seed {SEED}: kill_test.py PROGRAM {KILLS} {SEED}")
    rng = random.Random(SEED)
    messages = make_messages(rng, 3000)
    with tempfile.TemporaryDirectory(prefix="nocturne-kill-") as folder:
        os.makedirs(f"{folder}/a")
        os.makedirs(f"{folder}/b")
        killed, kills = run_killed(f"{folder}/a", messages, rng)
        unkilled = run_unkilled(f"{folder}/b", messages)
        try:
            after_kills, expected = counts_of(killed), counts_of(unkilled)
            lost = {k: v for k, v in expected.items() if after_kills.get(k, 0) < v}
            doubled = {k: v for k, v in after_kills.items() if v > expected.get(k, 0)}
            if lost or doubled:
                raise SystemExit(f"lost: {lost}\ndoubled: {doubled}")
            incidents = compare_with_replay(killed)
            killed.stop()
            unkilled.stop()
        except BaseException:
            with open(f"{folder}/a/log") as log:
                print(log.read()[-3000:])
            killed.process.kill()
            unkilled.process.kill()
            raise
    print(f"{kills} kills, {sum(expected.values())} events of {len(expected)} alerts: none lost, none doubled; "
          f"{incidents} incidents equal to their replay")


main()
