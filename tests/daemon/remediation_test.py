#!/usr/bin/env python3
"""What playbooks may do, in a whole daemon: read at the start, changed by a reload, kept over a restart, and noted in the
audit log only when it changes.

usage: remediation_test.py NOCTURNE
"""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

PROGRAM = sys.argv.pop()
PATIENCE_S = 60

TOPOLOGY = "services: [{name: cart-1, type: pod}, {name: orders-db, type: database, aliases: [db]}]\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plan(target, playbook="restart"):
    return {"playbook": playbook, "target": target, "by": "anna", "risk": "low",
            "steps": [{"name": "restart " + target, "run": {"effector": "wait", "target": "", "timeout": "1s"}}]}


class Remediation(unittest.TestCase):
    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = pathlib.Path(keep.name)
        self.write("topology.yaml", TOPOLOGY)
        self.daemon = None
        self.addCleanup(self.kill)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def configure(self, remediation):
        self.write("nocturne.yaml", "topology: topology.yaml\n" + remediation)

    def start(self):
        self.url = "http://127.0.0.1:%d" % free_port()
        with open(self.folder / "log", "a") as log:
            self.daemon = subprocess.Popen(
                [PROGRAM, "run", "--http", self.url[7:], "--zmq-pull", "", "--zmq-ack", "", "--zmq-pub", ""],
                cwd=self.folder, stderr=log)
        self.wait_for(lambda: self.call("GET", "/-/ready")[0] == 200, "the daemon")

    def kill(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(PATIENCE_S), 0)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_for(self, is_so, what):
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), until, what + "\n" + (self.folder / "log").read_text())
            time.sleep(0.05)

    def propose(self, *what):
        status, text = self.call("POST", "/api/v1/runs", plan(*what))
        answer = json.loads(text)
        run = answer.get("run", answer)
        return status, run["state"], run["reason"]

    def changes(self):
        records = json.loads(self.call("GET", "/api/v1/audit?limit=100")[1])["entries"]
        return [record for record in records if record["action"] == "remediation.change"]

    def test_a_reload_changes_what_plans_may_do(self):
        self.start()
        self.configure("")
        self.assertEqual(self.call("POST", "/-/reload", {})[0], 200)
        self.assertEqual(self.changes(), [], "the defaults are in force from the start")
        self.assertEqual(self.propose("cart-1"), (201, "awaiting_approval", "mode_approve"))

        self.configure("remediation: {modes: [{type: database, mode: observe}], frozen: [db]}\n")
        self.assertEqual(self.call("POST", "/-/reload", {})[0], 200)
        self.assertEqual(self.propose("orders-db"), (409, "refused", "node_frozen"))
        self.configure("remediation: {modes: [{type: database, mode: suggest}]}\n")
        self.assertEqual(self.call("POST", "/-/reload", {})[0], 200)
        self.assertEqual(self.propose("orders-db"), (201, "proposed", "mode_suggest"))
        self.assertEqual(len(self.changes()), 2)

        # What is wrong changes nothing.
        self.configure("remediation: {stopped: perhaps}\n")
        status, text = self.call("POST", "/-/reload", {})
        self.assertEqual(status, 500)
        self.assertIn("nocturne.yaml:2:24: stopped", text)

        # The same settings are not told again; others are, at the next start.
        self.configure("remediation: {modes: [{type: database, mode: suggest}]}\n")
        self.stop()
        self.start()
        self.assertEqual(len(self.changes()), 2)
        self.configure("remediation: {stopped: true}\n")
        self.stop()
        self.start()
        self.assertEqual(self.propose("cart-1", "drain"), (409, "refused", "actions_stopped"))
        self.assertIn("mode approve, stopped, sha256 ", self.changes()[0]["subject"])
        self.stop()


if __name__ == "__main__":
    unittest.main()
