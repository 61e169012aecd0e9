#!/usr/bin/env python3
"""What people write plugins with, as they call it: nocturne plugin check and new, nocturne test."""
import json
import os
import re
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
PLAYBOOK = """return {
  name = "restart", version = "1.0.0", kind = "playbook", api = 1, mode = "approve",
  when = { incident = 'severity=~"minor|major"', suspect = 'type="instance"' },
  wants = { effectors = { "command:{program}" } },
  parameters = { program = { type = "string", default = "restart-unit" } },
  plan = function(incident, ctx)
    return {
      summary = "restart " .. ctx.suspect.resource,
      steps = { { name = "restart", run = nocturne.action.command{ ctx.parameters.program, unit = ctx.suspect.resource } } },
    }
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

    def test_the_first_plugin_of_the_reference_works(self):
        page = (ROOT / "docs/reference/lua.md").read_text()
        self.write("owner.lua", page.split("```lua\n")[1].split("```")[0])
        self.write("owners.csv", "node,owner,phone\norders-db,anna,12\n")
        event = {"resource": "orders-db", "check": "latency", "severity": "major"}
        self.write("event.json", json.dumps(event))

        page = self.nocturne("plugin", "check", "owner.lua", "--event", "event.json", "--format", "text")

        self.assertIn("owner.lua: ok", page)
        self.assertIn("anna", page)

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

    def test_a_playbook_is_given_an_incident(self):
        file = self.write("restart.lua", PLAYBOOK)
        page = self.nocturne("plugin", "check", file, "--param", "program=reboot", "--format", "text")
        for line in ('plan actions by command:{program}', 'plan        restart cart-1',
                     '1. restart', 'run     command reboot unit=cart-1 (30s)',
                     'only while first_suspect=cart-1, incident_state=active'):
            self.assertIn(line, page)
        call = self.check(file)["calls"][0]
        self.assertEqual((call["handler"], call["called"], call["why_not"]), ("plan", True, ""))
        self.assertEqual(call["plan"]["capabilities"], ["command:restart-unit"])
        self.assertEqual(len(call["plan"]["hash"]), 64)
        self.assertEqual(self.check(file)["calls"][0]["plan"]["hash"], call["plan"]["hash"])

    def test_a_playbook_says_why_it_has_no_plan(self):
        file = self.write("restart.lua", PLAYBOOK.replace("incident, ctx)\n", "incident, ctx)\n    do return nil, 'not now' end\n"))
        call = self.check(file)["calls"][0]
        self.assertEqual((call["plan"], call["why_not"]), (None, "not now"))
        self.assertIn("none for a made-up incident: not now", self.nocturne("plugin", "check", file, "--format", "text"))

    def test_a_plan_that_is_none_is_an_error(self):
        file = self.write("restart.lua", PLAYBOOK.replace("unit = ctx", "['unit\\n'] = ctx"))
        said = self.check(file, code=1)
        self.assertEqual(said["verdict"], "error")
        self.assertIn("restart.lua:9: nocturne.action.command: arguments: the name", said["message"])

    def test_the_page_of_playbooks_has_what_is_printed(self):
        sections = (ROOT / "docs/playbooks.md").read_text().split("\n## ")[1:]
        self.assertEqual(len(sections), 8)
        for section in sections:
            name = section.split("\n", 1)[0]
            page = self.nocturne("plugin", "check", ROOT / f"scripts/playbooks/{name}.lua", "--format", "text")
            printed = page[page.index("  plan        "):page.index("\n  used ")].split("\n")
            printed = [re.sub(r" body=(\{.{80}).*\} \(", r" body=\1...} (", line[14:]) for line in printed]
            written = [line[4:] for line in section.split("\n") if line.startswith("    ")]
            self.assertEqual(written, printed, name)

    def test_wrong_usage(self):
        self.write("a.lua", OWNER)
        for wrong in [["a.lua", "a.lua"], ["a.lua", "--calls", "3"], ["a.lua", "--drop-last-line"], []]:
            self.nocturne("plugin", "check", *wrong, code=2)


class New(Case):
    def test_what_it_writes_is_right_and_passes_its_test(self):
        for kind in ["detector", "enricher", "playbook"]:
            said = self.nocturne("plugin", "new", f"my-{kind}", "--kind", kind)
            self.assertIn(f"nocturne test plugins/my-{kind}_test.lua", said)
            self.assertEqual(json.loads(self.nocturne("plugin", "check", f"plugins/my-{kind}.lua"))["verdict"], "ok")
            self.assertNotRegex((self.folder / f"plugins/my-{kind}.lua").read_text(), "NAME|PATH")
            lines = json.loads(self.nocturne("test", "plugins", "--coverage", "--format", "json"))["coverage"]
            self.assertEqual(lines[-1]["missing"] if kind != "detector" else [], [])
        self.assertIn("9 passed", self.nocturne("test", "plugins"))

    def test_overwrites_nothing(self):
        self.write("mine/a_test.lua", "precious")

        self.nocturne("plugin", "new", "a", "--kind", "enricher", "--dir", "mine", code=1)

        self.assertEqual((self.folder / "mine/a_test.lua").read_text(), "precious")
        self.assertFalse((self.folder / "mine/a.lua").exists())

    def test_wrong_names_and_kinds(self):
        for wrong in ["A", "../a", "a/b", "a.lua", "5", "a_test", ""]:
            self.nocturne("plugin", "new", wrong, "--kind", "enricher", code=1)
        self.nocturne("plugin", "new", "a", "--kind", "runbook", code=2)
        self.nocturne("plugin", "new", "a", code=2)


class Test(Case):
    FAILING = """return {
  ["names the owner"] = function(t)
    t.table("runbooks.csv", { { "service", "runbook" } })
    t.graph{ { name = "web", owner = "shop" } }
    t.equal(t.event{ resource = "web", check = "c", severity = "critical" }.annotations.owner, %s)
  end,
}
"""

    def test_runs_tests_of_plugins_and_of_rules(self):
        self.write("plugins/owner.lua", OWNER)
        self.write("plugins/owner_test.lua", self.FAILING % '"shop"')
        self.write("rules/a.test.yaml", "name: nothing happens\nsteps: [{at: 0s, expect: {alert_count: 0}}]\n")

        said = json.loads(self.nocturne("test", ".", "--format", "json"))

        self.assertEqual((said["tests"], said["failed"]), (2, 0), said)
        self.assertEqual(said["results"][0]["name"], "owner: names the owner")

    def test_a_failure_says_where_and_what(self):
        self.write("plugins/owner.lua", OWNER)
        self.write("plugins/owner_test.lua", self.FAILING % '"data"')
        where = 'plugins/owner_test.lua:5: expected "data", found "shop"'

        page = self.nocturne("test", "plugins/owner.lua", "--junit", "report.xml", code=1)

        self.assertIn("FAIL  owner: names the owner\n    " + where, page)
        self.assertIn("1 failed", page)
        self.assertIn("expected &quot;data&quot;, found &quot;shop&quot;", (self.folder / "report.xml").read_text())

    def test_tests_share_modules_and_nothing_else(self):
        self.write("plugins/testing/nodes.lua", 'return { web = { name = "web", owner = "shop" } }\n')
        self.write("plugins/shared_test.lua", """local nodes = require("nodes")
return {
  ["knows them"] = function(t) t.equal(nodes.web.owner, "shop") end,
  ["and no other"] = function(t) t.error(function() require("owner") end, "no module") end,
}
""")
        self.nocturne("test", "plugins/shared_test.lua")
        self.write("plugins/testing/nodes.lua", "return {\n  web = = 1 }\n")
        self.assertIn("plugins/testing/nodes.lua:2:", self.nocturne("test", "plugins/shared_test.lua", code=1))

    def test_coverage_tells_the_lines_that_did_not_run(self):
        self.write("plugins/owner.lua", OWNER)
        self.write("plugins/owner_test.lua", self.FAILING % '"shop"')

        page = self.nocturne("test", "plugins", "--coverage")
        lines = json.loads(self.nocturne("test", "plugins", "--coverage", "--format", "json"))["coverage"][0]

        self.assertRegex(page, r"\d+ % +plugins/owner.lua  \d+ of \d+ lines, not 13\n")
        self.assertEqual(lines["missing"], [13])

    def test_a_plugin_without_test_and_nothing_at_all(self):
        self.write("plugins/owner.lua", OWNER)
        self.assertIn("owner_test.lua: cannot be read", self.nocturne("test", "plugins/owner.lua", code=1))
        self.assertIn("*_test.lua", nocturne("test", "plugins", cwd=self.folder).stderr)


class Guide(Case):
    BLOCK = re.compile(r"^```(sh|text|lua)\n(.*?)^```$", re.M | re.S)

    def test_first_plugin_as_it_is_written(self):
        """Runs what is `sh`, writes what is `lua`, and looks in the output for each line of what is `text`."""
        guide = (ROOT / "docs/guides/first-plugin.md").read_text()
        (self.folder / "bin").mkdir()
        (self.folder / "bin/nocturne").symlink_to(PROGRAM)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        home = self.folder / "home"
        home.mkdir()
        said, blocks = "", 0
        for kind, text in self.BLOCK.findall(guide):
            blocks += 1
            if kind == "lua":
                (home / re.match(r"-- (\S+)\n", text)[1]).write_text(text)
            elif kind == "sh":
                done = subprocess.run(["bash", "-e", "-c", text], capture_output=True, text=True, timeout=120, cwd=home,
                                      env={**os.environ, "PATH": path})
                self.assertEqual(done.returncode, 0, text + done.stdout + done.stderr)
                said = done.stdout
            else:
                for line in text.splitlines():
                    self.assertIn(line, said)
        self.assertGreater(blocks, 12)


if __name__ == "__main__":
    unittest.main()
