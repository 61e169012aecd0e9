#!/usr/bin/env python3
"""What people write plugins with, as they call it: nocturne plugin check and new, nocturne test."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("NOCTURNE_PROGRAM", str(ROOT / "build/release/nocturne"))

OWNER = """return {
  name = "owner", version = "1.0.0", kind = "enricher", api = 1, mode = "auto",
  summary = "who owns the node",
  wants = { match = 'severity=critical', graph = true, tables = {"runbooks.csv"}, writes = {"annotations"} },
  parameters = {
    name = { type = "string", default = "owner", help = "of the annotation" },
  },
  on_event = function(event, parameters)
    print("looking at " .. event.resource)
    nocturne.annotate(parameters.name, nocturne.graph.owner(event.resource))
    local row = nocturne.table("runbooks.csv")[event.resource]
    if row then
      nocturne.annotate("runbook", row.runbook)
    end
  end,
}
"""
RUNBOOKS = "service,runbook\norders-db,https://wiki/orders-db\n"


def nocturne(*arguments, cwd=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=cwd)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def nocturne(self, *arguments, code=0):
        done = nocturne(*arguments, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout


class Check(Case):
    def check(self, *arguments, code=0):
        return json.loads(self.nocturne("plugin", "check", *arguments, "--format", "json", code=code))

    def test_tells_what_a_plugin_is_and_what_it_did(self):
        self.write("plugins/owner.lua", OWNER)
        self.write("plugins/runbooks.csv", RUNBOOKS)

        page = self.nocturne("plugin", "check", "plugins/owner.lua", "--format", "text")

        for line in ["plugins/owner.lua: ok", "owner 1.0.0, enricher, mode auto", "who owns the node",
                     'events of kind alert that match {"severity"="critical"}',
                     "read the service graph; read table runbooks.csv; annotate; keep 256 KiB of state",
                     'default "owner": of the annotation', 'annotates owner = "team-shop"',
                     'annotates runbook = "https://wiki/orders-db"', "looking at orders-db", "ms cpu"]:
            self.assertIn(line, page)

    def test_json_has_what_the_contract_says(self):
        self.write("plugins/owner.lua", OWNER)
        table = self.write("elsewhere/runbooks.csv", RUNBOOKS)

        said = self.check("plugins/owner.lua", "--table", table, "--param", "name=team")

        for key in ["verdict", "returned", "message", "instructions", "cpu_ms", "memory_bytes"]:
            self.assertIn(key, said)
        self.assertEqual((said["verdict"], said["returned"], said["message"]), ("ok", None, ""))
        self.assertEqual(said["calls"][0]["wishes"][0], {"what": "annotate", "name": "team", "value": "team-shop"})

    def test_an_event_of_ones_own(self):
        self.write("plugins/owner.lua", OWNER)
        self.write("plugins/runbooks.csv", RUNBOOKS)
        event = self.write("event.json", '{"resource":"web","check":"latency","severity":"critical"}')
        other = self.write("minor.json", '{"resource":"web","check":"latency","severity":"minor"}')

        self.assertEqual(self.check("plugins/owner.lua", "--event", event)["event"]["resource"], "web")
        self.assertFalse(self.check("plugins/owner.lua", "--event", other)["calls"][0]["called"])
        self.assertIn("none.json", self.check("plugins/owner.lua", "--event", "none.json", code=1)["message"])

    def test_every_problem_has_its_line(self):
        self.write("owner.lua", OWNER.replace("api = 1", "api = 2").replace("graph = true", "grph = true"))

        said = self.check("owner.lua", code=1)
        page = self.nocturne("plugin", "check", "owner.lua", "--format", "text", code=1)

        self.assertEqual(said["verdict"], "error")
        self.assertEqual([problem["line"] for problem in said["problems"]], [2, 4])
        self.assertIn('owner.lua:4: wants.grph: unknown key; did you mean "graph"?\n  4 |   wants', page)

    def test_verdicts_of_what_does_not_end_well(self):
        frame = 'return { name = "x", version = "1.0.0", kind = "enricher", api = 1, on_event = function(event) %s end }'
        for text, verdict, part in [("while true do end", "killed_time", "used up"), ("return {", "error", ":1: "),
                                    (frame % "while true do end", "killed_time", "used up"),
                                    (frame % "local t = {} for i = 1, 1e9 do t[i] = {} end", "killed_memory", "memory"),
                                    (frame % "event.nothing()", "error", 'no field "nothing"'),
                                    ("return 5", "error", "must return a table"), ("\x1bLua", "error", "bytecode")]:
            said = self.check(self.write("x.lua", text), code=1)
            self.assertEqual(said["verdict"], verdict, text)
            self.assertIn(part, said["message"])

    def test_a_detector_is_given_a_sample(self):
        self.write("high.lua", """return {
          name = "high", version = "1.0.0", kind = "detector", api = 1, wants = { events = {"metric"} },
          series = function() return {} end,
          on_sample = function(series, sample) return sample.value > 100 and 0.75 or 0 end,
        }""")

        self.assertEqual(self.check("high.lua")["returned"], 0.75)

    def test_wrong_usage(self):
        self.write("a.lua", OWNER)
        for wrong in [["a.lua", "a.lua"], ["a.lua", "--calls", "3"], ["a.lua", "--drop-last-line"], []]:
            self.nocturne("plugin", "check", *wrong, code=2)


if __name__ == "__main__":
    unittest.main()
