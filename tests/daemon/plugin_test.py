#!/usr/bin/env python3
"""Plugins in a whole daemon: loaded, shown, reloaded, one on trial and promoted, one that spins killed and put aside, and
released; a restart in between, and the journal replayed: the incidents are those of the daemon.

usage: plugin_test.py NOCTURNE
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

OWNER = """
return { name = "owner", version = "%s", kind = "enricher", api = 1, mode = "auto",
  summary = "who owns the node", wants = { tables = {"owners.csv"}, writes = {"annotations"} },
  parameters = { column = { type = "string", default = "team" } },
  on_event = function(event, parameters)
    local row = nocturne.table("owners.csv")[event.resource]
    nocturne.annotate("owner", (row and row[parameters.column] or "nobody") .. "%s")
  end,
  on_incident = function(incident) nocturne.annotate("runbook", "https://wiki/" .. incident.id) end,
}
"""
SPINNER = """
return { name = "spinner", version = "1.0.0", kind = "enricher", api = 1, mode = "auto",
  on_event = function(event) while event.check == "spin" do end end }
"""
CONFIGURATION = """
plugins: [plugins]
plugin_settings:
  - {plugin: owner, canary: shadow}
  - {plugin: owner, where: resource="db-2", set: {column: phone}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Plugins(unittest.TestCase):
    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = pathlib.Path(keep.name)
        (self.folder / "plugins").mkdir()
        self.write("nocturne.yaml", CONFIGURATION)
        self.write("plugins/owner.lua", OWNER % ("1.0.0", ""))
        self.write("plugins/spinner.lua", SPINNER)
        self.write("plugins/owners.csv", "node,team,phone\ndb-1,data,11\ndb-2,data,22\n")
        self.daemon = None
        self.addCleanup(self.kill)
        self.start()

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def start(self):
        self.url = "http://127.0.0.1:%d" % free_port()
        with open(self.folder / "log", "a") as log:
            self.daemon = subprocess.Popen(
                [PROGRAM, "run", "--http", self.url[7:], "--zmq-pull", "tcp://127.0.0.1:*", "--zmq-ack", "",
                 "--zmq-pub", ""], cwd=self.folder, stderr=log)
        self.wait_for(lambda: self.get("/-/ready"), "the daemon")

    def kill(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(PATIENCE_S), 0)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                return reply.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def post(self, path, body=""):
        request = urllib.request.Request(self.url + path, data=body.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_for(self, is_so, what):
        until = time.monotonic() + PATIENCE_S
        while not (found := is_so()):
            self.assertLess(time.monotonic(), until, what + "\n" + (self.folder / "log").read_text())
            time.sleep(0.05)
        return found

    def event(self, resource, check="DiskFull"):
        self.assertEqual(self.post("/api/v1/events", json.dumps({"resource": resource, "check": check}))[0], 200)

    def command(self, *arguments, code=0):
        done = subprocess.run([PROGRAM, *arguments, "--url", self.url], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout + done.stderr

    def plugin(self, name):
        return json.loads(self.get("/api/v1/plugins/" + name))

    def owner_of(self, resource):
        for alert in json.loads(self.get("/api/v1/alerts"))["alerts"]:
            if alert["resource"] == resource:
                return alert["annotations"].get("owner")
        return None

    def test_from_the_first_event_to_the_replay(self):
        self.event("db-1")
        self.event("db-2")
        self.assertEqual(self.owner_of("db-1"), "data")
        self.assertEqual(self.owner_of("db-2"), "22")
        incident = json.loads(self.get("/api/v1/incidents"))["incidents"][0]
        self.assertEqual(incident["notes"][0]["plugin"], "owner")
        self.assertIn("runbook", self.command("show", incident["id"]))
        self.assertIn("plugins/owner.lua", self.command("why", "db-1"))
        self.assertIn("owner", self.command("plugin", "list"))
        self.assertIn("column = team", self.command("plugin", "show", "owner"))

        # A broken file changes nothing.
        self.write("plugins/owner.lua", "return {")
        status, text = self.post("/-/reload")
        self.assertEqual(status, 500)
        self.assertIn("owner.lua:1", text)
        self.event("db-1")
        self.assertEqual(self.plugin("owner")["version"], "1.0.0")

        # A new version goes on trial, is compared, and takes over when it is promoted.
        self.write("plugins/owner.lua", OWNER % ("2.0.0", "!"))
        self.assertEqual(self.post("/-/reload")[0], 200)
        self.event("db-3")
        self.assertEqual(self.owner_of("db-3"), "nobody")
        page = self.command("plugin", "compare", "owner")
        self.assertIn("annotate owner=nobody!", page)
        self.command("plugin", "promote", "owner")
        self.event("db-4")
        self.assertEqual(self.owner_of("db-4"), "nobody!")
        self.assertIn("no new version", self.command("plugin", "promote", "owner", code=1))

        # One that spins is killed, three times, and put aside; the others go on.
        for i in range(3):
            self.event("spin-%d" % i, "spin")
            self.wait_for(lambda: self.plugin("spinner")["killed_time"] == i + 1, "kill %d" % (i + 1))
        self.assertEqual(self.plugin("spinner")["state"], "quarantined")
        self.assertIn('nocturne_plugin_state{plugin="spinner",state="quarantined"} 1', self.get("/metrics"))
        self.assertEqual(self.owner_of("spin-2"), "nobody!")

        # All of that is there after a restart, and the journal tells it the same way.
        self.stop()
        self.start()
        self.assertEqual(self.plugin("spinner")["state"], "quarantined")
        self.assertEqual(self.plugin("owner")["version"], "2.0.0")
        self.command("plugin", "release", "spinner")
        self.assertEqual(self.plugin("spinner")["state"], "running")
        self.event("db-5")
        told = json.loads(self.get("/api/v1/incidents?all=true"))["incidents"]
        done = subprocess.run([PROGRAM, "replay", "--journal", self.folder / "nocturne-data", "--format", "json"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        replayed = {one["id"]: one for one in json.loads(done.stdout)}
        for one in told:
            self.assertEqual(replayed[one["id"]]["notes"], one["notes"])
            self.assertEqual(replayed[one["id"]]["alerts"][:10], one["alerts"])


if __name__ == "__main__":
    unittest.main()
