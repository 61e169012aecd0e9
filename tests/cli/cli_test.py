#!/usr/bin/env python3
"""The built program as a user calls it. NOCTURNE_PROGRAM names it (default: build/release/nocturne)."""
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("NOCTURNE_PROGRAM", str(ROOT / "build/release/nocturne"))
CASES = ROOT.parent / "shared/data/rca"
COMMANDS = ("run replay rank learn send check incidents alerts show impact ack resolve label silence version "
            "audit token runs plan approve reject stop-actions freeze").split()

TOPOLOGY = """services:
  - {name: front, depends_on: [orders, catalogue]}
  - {name: orders, depends_on: [database]}
  - {name: catalogue, depends_on: [database]}
  - {name: database, type: database}
"""


def nocturne(*arguments, stdin=None, cwd=None, **environment):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60,
                          cwd=cwd, env={**os.environ, **environment})


def event(second, resource, check, severity="critical", **more):
    return {"time": f"2026-11-21T02:{13 + second // 60:02}:{second % 60:02}.000Z", "resource": resource, "check": check,
            "severity": severity, **more}


STORM = [event(0, "database", "lock_wait"), event(2, "orders", "latency"), event(3, "catalogue", "latency", "major"),
         event(5, "front", "errors"), event(200, "front", "errors", "ok"), event(201, "orders", "latency", "ok"),
         event(202, "catalogue", "latency", "ok"), event(203, "database", "lock_wait", "ok")]


SHOP = """services:
  - {name: shop, depends_on: [cart-1, cart-2, cart-3]}
  - {name: cart-1, type: pod}
  - {name: cart-2, type: pod}
  - {name: cart-3, type: pod}
"""

# Asks for no more than to be shown: what becomes of its plans is for people to say.
PLAYBOOK = """return {
  name = "%s", version = "1.0.0", kind = "playbook", api = 1, mode = "suggest", risk = "low",
  when = { incident = 'severity="%s"' },
  wants = { effectors = { "command:restart", "check" } },
  plan = function(incident, ctx)
    local node <const> = ctx.suspect.resource
    return {
      summary = "heal " .. node,
      steps = { { name = "restart " .. node, run = nocturne.action.command{ "restart" },
                  verify = nocturne.action.check{ "is-well" } } },
    }
  end,
}
"""

REMEDIATION = """topology: topology.yaml
remediation: {playbooks: [heal.lua, mild.lua]}
actions:
  commands:
  - {name: %s, program: /usr/bin/touch, arguments: ["%s"]}
  - {name: is-well, program: /usr/bin/test, arguments: ["-d", "/"], read_only: true}
"""


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.topology = self.write("topology.yaml", TOPOLOGY)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else "".join(json.dumps(one) + "\n" for one in text))
        return path

    def run_ok(self, *arguments, **more):
        done = nocturne(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class CommandLine(Case):
    def test_every_command_has_help(self):
        for command in COMMANDS:
            self.assertIn("Usage: nocturne " + command, self.run_ok(command, "--help"))
            self.assertIn(command, self.run_ok("--help"))

    def test_wrong_usage_is_2(self):
        for wrong in [[], ["bogus"], ["replay"], ["rank", "--topology", "x"], ["rank", "--cases", "x"], ["learn"], ["learn", "--journal", "x", "--accept", "1"], ["show"],
                      ["incidents", "--state", "bad"], ["version", "--format", "xml"], ["send"], ["silence"], ["run", "--bogus"]]:
            self.assertEqual(nocturne(*wrong).returncode, 2, wrong)

    def test_no_daemon_is_3(self):
        for command in [["incidents"], ["show", "I1-0"], ["ack", "I1-0"], ["alerts"], ["impact", "x"], ["silence", "list"]]:
            done = nocturne(*command, NOCTURNE_URL="http://127.0.0.1:1")
            self.assertEqual(done.returncode, 3, command)
            self.assertIn("127.0.0.1:1", done.stderr)

    def test_version(self):
        self.assertEqual(set(json.loads(self.run_ok("version", "--format", "json"))), {"version", "commit"})


class Check(Case):
    def test_nothing_there_is_ok(self):
        self.assertIn("nothing to check", self.run_ok("check", cwd=self.folder))

    def test_tells_every_problem_with_place_and_line(self):
        bad = self.write("nocturne.yaml", "alerts:\n  ttl: 5x\nincidnts: {}\ntopology: bad.yaml\n")
        self.write("bad.yaml", "services:\n  - {name: a, depends_on: [a]}\n  - {name: a}\n  - {nam: b}\n")

        done = nocturne("check", "--config", bad)

        self.assertEqual(done.returncode, 1)
        for place in [f"{bad}:2:8: ", f"{bad}:3:1: ", "bad.yaml:2:", "bad.yaml:3:", "bad.yaml:4:"]:
            self.assertIn(place, done.stdout)
        self.assertIn("  2 |   ttl: 5x\n    |        ^\n", done.stdout)
        self.assertIn('did you mean "incidents"?', done.stdout)
        problems = json.loads(nocturne("check", "--config", bad, "--format", "json").stdout)["problems"]
        self.assertEqual((problems[0]["line"], problems[0]["column"]), (2, 8))

    def test_tells_what_is_wrong_with_a_plugin(self):
        self.write("plugins/bad.lua", "local x = 1\nreturn { name = 'bad', }}\n")
        config = self.write("nocturne.yaml", "plugins: [plugins]\nplugin_settings:\n  - {plugin: bda, mode: loud}\n")

        done = nocturne("check", "--config", config)

        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.lua:2", done.stdout)
        self.assertIn('nocturne.yaml:3:25: mode: "loud" is not one of shadow, suggest, auto', done.stdout)

    def test_missing_file(self):
        done = nocturne("check", "--config", self.folder / "no.yaml")
        self.assertEqual((done.returncode, "cannot be read" in done.stdout), (1, True))


class Replay(Case):
    def replay(self, *more):
        return self.run_ok("replay", "--topology", self.topology, "--events", self.folder / "events.jsonl", *more)

    def test_storm_is_one_incident(self):
        self.write("events.jsonl", STORM)
        incidents = json.loads(self.replay("--format", "json"))
        self.assertEqual(len(incidents), 1)
        self.assertEqual(incidents[0]["state"], "resolved")
        self.assertEqual(incidents[0]["suspects"][0]["resource"], "database")
        self.assertEqual(len(incidents[0]["alerts"]), 4)
        self.assertEqual(incidents[0]["opened_at"], "2026-11-21T02:13:00.000Z")
        page = self.replay()
        self.assertIn("CRITICAL", page)
        self.assertNotIn("\x1b", page)

    def test_same_input_same_bytes(self):
        self.write("events.jsonl", STORM)
        for form in ("text", "json"):
            self.assertEqual(self.replay("--format", form), self.replay("--format", form))

    def test_plugins_run_and_are_killed_at_the_same_place_each_time(self):
        self.write("events.jsonl", STORM)
        head = "return { version = '1.0.0', kind = 'enricher', api = 1, mode = 'auto', wants = {writes = {'annotations'}}, "
        self.write("plugins/owner.lua", head + "name = 'owner', on_event = function(event) "
                   "nocturne.annotate('owner', 'team-' .. event.resource) end }")
        self.write("plugins/tired.lua", head + "name = 'tired', on_event = function(event) "
                   "nocturne.state.n = (nocturne.state.n or 0) + 1 nocturne.annotate('n', nocturne.state.n) "
                   "if nocturne.state.n == 3 then while true do end end end }")
        more = ["--plugins", self.folder / "plugins", "--format", "json"]

        told = self.replay(*more)

        alerts = json.loads(told)[0]["alerts"]
        for alert in alerts:
            self.assertEqual(alert["annotations"]["owner"], "team-" + alert["resource"])
        self.assertEqual(told, self.replay(*more))
        self.write("plugins/broken.lua", "return 7")
        self.assertEqual(nocturne("replay", "--events", self.folder / "events.jsonl", *more).returncode, 1)

    def test_plugins_take_parameters_and_are_compared(self):
        events = self.write("events.jsonl", STORM)
        owner = ("return {{ name = 'owner', version = '{}', kind = 'enricher', api = 1, mode = 'auto', "
                 "wants = {{writes = {{'annotations'}}}}, "
                 "parameters = {{ team = {{ type = 'string', default = 'shop', help = 'whose it is' }} }}, "
                 "on_event = function(event, parameters) nocturne.annotate('owner', {}) end }}")
        old = self.write("old/owner.lua", owner.format("1.0.0", "parameters.team"))
        new = self.write("new/owner.lua", owner.format("2.0.0", "parameters.team .. '!'"))

        told = json.loads(self.replay("--plugins", old, "--param", "owner.team=data", "--format", "json"))
        self.assertEqual({alert["annotations"]["owner"] for alert in told[0]["alerts"]}, {"data"})

        def compared(*more):
            done = nocturne("replay", "--events", events, "--topology", self.topology, "--format", "json", *more)
            self.assertNotEqual(done.stdout, "", done.stderr)
            return done.returncode, json.loads(done.stdout)
        code, same = compared("--plugins", old, "--against-plugins", old)
        self.assertEqual((code, same["changed"]), (0, []))
        self.assertGreater(same["old"]["plugin_calls"], 0)
        code, other = compared("--plugins", new, "--against-plugins", old)
        self.assertEqual((code, len(other["changed"]), other["raised"]), (1, other["new"]["alerts"], []))
        self.assertIn('{"owner":"shop"} -> ', other["changed"][0])
        self.assertIn('{"owner":"shop!"}', other["changed"][0])
        code, tuned = compared("--plugins", old, "--param", "owner.team=data", "--against-plugins", old)
        self.assertEqual((code, len(tuned["changed"])), (1, tuned["new"]["alerts"]))
        code, none = compared("--plugins", old, "--against-plugins", "none")
        self.assertEqual((code, none["old"]["plugin_calls"]), (1, 0))

        for wrong, code, expected in (
                (["--param", "owner.team=x"], 2, "need --plugins"),
                (["--plugins", old, "--param", "team=x"], 1, "is not PLUGIN.NAME=VALUE"),
                (["--plugins", old, "--param", "owner.taem=x"], 1, "taem"),
                (["--plugins", old, "--param", "onwer.team=x"], 1, 'no plugin is named "onwer"'),
                (["--plugins", old, "--against", "none"], 2, "--against-plugins compares")):
            done = nocturne("replay", "--events", events, *wrong)
            self.assertEqual((done.returncode, expected in done.stderr), (code, True), done.stderr)

    def test_files_are_merged_and_gzip_and_stdin_work(self):
        self.write("events.jsonl", STORM)
        whole = self.replay("--format", "json")
        one = self.write("one.jsonl", STORM[::2])
        with gzip.open(self.folder / "two.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(one) + "\n" for one in STORM[1::2])
        merged = self.run_ok("replay", "--topology", self.topology, "--format", "json", "--events", one,
                             self.folder / "two.jsonl.gz")
        piped = self.run_ok("replay", "--topology", self.topology, "--format", "json", "--events", "-",
                            stdin=(self.folder / "events.jsonl").read_text())
        self.assertEqual(merged, whole)
        self.assertEqual(piped, whole)

    def test_bad_lines_cost_nothing_else(self):
        self.write("events.jsonl", STORM)
        whole = self.replay("--format", "json")
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        bad = ['{"resource":"x","check":"c","severity":"sev1"}', '{"half":', "[]", '{"resource":5,"check":"c"}',
               '{"resource":"x","check":"c","time":"0000-01-01T00:00:00Z"}', "\x1b[2J"]
        file = self.write("bad.jsonl", "\n".join(lines[:3] + bad + lines[3:]) + "\n")
        done = nocturne("replay", "--topology", self.topology, "--events", file, "--format", "json")
        self.assertEqual((done.returncode, done.stdout), (0, whole))
        self.assertIn('bad.jsonl:4: field "severity": "sev1"', done.stderr)
        self.assertIn("6 bad lines", done.stderr)
        self.assertNotIn("\x1b", done.stderr)
        self.assertEqual(nocturne("replay", "--events", file, "--strict").returncode, 1)

    def test_event_of_year_9999_does_not_move_the_clock(self):
        self.write("events.jsonl", STORM[:4])
        self.assertEqual(json.loads(self.replay("--format", "json"))[0]["state"], "open")
        wild = {**STORM[1], "time": "9999-12-31T23:59:59Z", "resource": "orders"}
        self.write("events.jsonl", STORM[:2] + [wild] + STORM[2:4] + [wild])
        incident, = json.loads(self.replay("--format", "json"))
        self.assertEqual((incident["state"], len(incident["alerts"])), ("open", 4))

    def test_what_is_missing_says_so(self):
        self.assertEqual(nocturne("replay", "--events", self.folder / "no.jsonl").returncode, 1)
        empty = self.write("empty.jsonl", "")
        self.assertEqual(json.loads(self.run_ok("replay", "--events", empty, "--format", "json")), [])
        self.write("rules/a.yaml", "x")
        done = nocturne("replay", "--events", empty, "--rules", self.folder / "rules")
        self.assertEqual((done.returncode, "expected sections" in done.stderr), (1, True))

    def test_damaged_gzip_keeps_what_came_before(self):
        packed = gzip.compress("".join(json.dumps(event(i, "database", f"c{i}")) + "\n" for i in range(50)).encode() * 9)
        (self.folder / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
        done = nocturne("replay", "--events", self.folder / "cut.jsonl.gz", "--format", "json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(json.loads(done.stdout)), 1)


class Rank(Case):
    def test_names_the_suspect(self):
        events = self.write("events.jsonl", STORM)
        ranking = json.loads(self.run_ok("rank", "--topology", self.topology, "--events", events))["ranking"]
        self.assertEqual(ranking[0]["resource"], "database")
        self.assertAlmostEqual(sum(one["score"] for one in ranking), 1, places=6)
        scores = [one["score"] for one in ranking]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertIn("database", self.run_ok("rank", "--topology", self.topology, "--events", events, "--format", "text"))

    def test_goes_on_with_what_is_right_of_a_topology(self):
        events = self.write("events.jsonl", STORM)
        partly = self.write("partly.yaml", TOPOLOGY + "  - {name: x, dependson: [front]}\n")
        broken = self.write("broken.yaml", "services: [")
        done = nocturne("rank", "--topology", partly, "--events", events)
        self.assertEqual((done.returncode, "partly.yaml:6:" in done.stderr), (1, True))
        self.assertEqual(json.loads(done.stdout)["ranking"][0]["resource"], "database")
        done = nocturne("rank", "--topology", broken, "--events", events)
        self.assertEqual((done.returncode, done.stdout, "broken.yaml:" in done.stderr), (1, "", True))

    def test_folders_of_cases(self):
        for name in ("one", "set/two", "set/_baseline"):
            self.write(f"cases/{name}/topology.yaml", TOPOLOGY)
            self.write(f"cases/{name}/events.jsonl", STORM)
        out = self.folder / "out"
        self.run_ok("rank", "--cases", self.folder / "cases", "--out", out)
        written = sorted(str(path.relative_to(out)) for path in out.rglob("*.json"))
        self.assertEqual(written, ["one.json", "set/two.json"])
        self.write("cases/bad/topology.yaml", "services: [")
        self.write("cases/bad/events.jsonl", STORM)
        done = nocturne("rank", "--cases", self.folder / "cases", "--out", out)
        self.assertEqual((done.returncode, "failed: bad: " in done.stderr), (1, True))

    def test_recorded_faults(self):
        if not CASES.is_dir():
            if os.environ.get("NOCTURNE_REQUIRE_SHARED"):
                self.fail(f"{CASES} is not there, and must be")
            self.skipTest(f"SKIPPED: {CASES} is not there")
        case = next(path for path in sorted(CASES.glob("*/*")) if (path / "topology.yaml").is_file()
                    and (path / "events.jsonl").is_file() and (path / "truth.json").is_file())
        arguments = ["--topology", case / "topology.yaml", "--events", case / "events.jsonl", "--format", "json"]
        ranking = json.loads(self.run_ok("rank", *arguments))["ranking"]
        self.assertAlmostEqual(sum(one["score"] for one in ranking), 1, places=6)
        self.assertEqual(self.run_ok("replay", *arguments), self.run_ok("replay", *arguments))
        done = nocturne("rank", "--cases", CASES, "--out", self.folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(list((self.folder / "out").glob("*/*.json"))), 90)


def history(nights, node="database"):
    """Each night the disk fills, writes fail twelve seconds later on the node, and ten more later on its dependent."""
    for night in range(nights):
        for second, resource, check in ((0, node, "DiskFull"), (12, node, "WriteErrors"), (22, "orders", "latency")):
            yield {"time": f"2026-{1 + night // 28:02}-{1 + night % 28:02}T02:{7 * night % 60:02}:{second:02}.000Z",
                   "resource": resource, "check": check, "severity": "major"}


class Learn(Case):
    def setUp(self):
        super().setUp()
        self.events = self.write("nights.jsonl", list(history(60)))

    def learn(self, *more, **environment):
        return nocturne("learn", "--journal", self.events, "--topology", self.topology, *more, **environment)

    def test_tells_what_precedes_what_and_where(self):
        learned = json.loads(self.learn("--format", "json").stdout)
        same = learned["pairs"][0]
        self.assertEqual((same["cause"], same["effect"], same["relation"]), ("DiskFull", "WriteErrors", "same"))
        self.assertEqual((same["support"], same["runs"], same["explained"]), (60, 60, 1))
        self.assertTrue(8000 < same["delay_ms"]["median"] < 17000, same)
        self.assertIn(("DiskFull", "latency", "dependent"),
                      [(one["cause"], one["effect"], one["relation"]) for one in learned["pairs"]])
        self.assertRegex(self.learn().stdout, r"DiskFull +WriteErrors +same +60 +60 +100 %")

    def test_proposals_load_and_are_in_mode_shadow(self):
        out = self.folder / "proposed.yaml"
        self.assertEqual(self.learn("--out", out).returncode, 0)
        self.run_ok("check", "--rules", out)
        text = out.read_text()
        self.assertGreaterEqual(text.count("- name:"), 2)
        self.assertEqual(text.count("- name:"), text.count("mode: shadow"))

    def test_a_person_accepts_into_a_file_of_theirs(self):
        rules = self.write("rules.yaml", "# ours\ninhibit:\n  - name: mine\n    source: check=a\n    target: check=b\n")
        rules.chmod(0o640)
        link = self.folder / "link.yaml"
        link.symlink_to(rules)
        done = self.learn("--accept", 1, "--into", link)
        self.assertEqual((link.is_symlink(), rules.stat().st_mode & 0o777), (True, 0o640))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("accepted: learned: DiskFull before WriteErrors on the same node", done.stdout)
        self.assertTrue(rules.read_text().startswith("# ours\ninhibit:\n  - name: mine\n"))
        self.run_ok("check", "--rules", rules)
        before = rules.read_text()
        for wrong in (["--accept", 1], ["--accept", 99], ["--accept", 0]):
            self.assertEqual(self.learn(*wrong, "--into", rules).returncode, 1)
            self.assertEqual(rules.read_text(), before)
        self.assertEqual(self.learn("--out", rules).returncode, 1)
        self.assertEqual(rules.read_text(), before)

    def test_garbage_and_emptiness_teach_nothing(self):
        empty = self.write("empty.jsonl", "")
        self.assertIn("nothing learned", self.run_ok("learn", "--journal", empty))
        single = self.write("single.jsonl", [event(second, "database", "lock_wait") for second in range(50)])
        self.assertEqual(json.loads(self.run_ok("learn", "--journal", single, "--format", "json"))["pairs"], [])
        garbage = nocturne("learn", "--journal", self.write("garbage.jsonl", "{]\n\x00\nnull\n"))
        self.assertIn("3 bad lines", garbage.stderr)
        missing = nocturne("learn", "--journal", self.folder / "missing.jsonl")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("missing.jsonl", missing.stderr)
        self.assertEqual(nocturne("learn", "--journal", self.folder).returncode, 1)

    def test_normalise_rules_come_first(self):
        rules = self.write("rules.yaml", "normalise:\n  - name: words\n    match: check=\"DiskFull\"\n    set: {check: Disk}\n")
        pairs = json.loads(self.learn("--rules", rules, "--format", "json").stdout)["pairs"]
        self.assertIn(("Disk", "WriteErrors"), [(one["cause"], one["effect"]) for one in pairs])
        self.assertNotIn("DiskFull", [one["cause"] for one in pairs])


DOUBLE = """
return {
  name = "double", version = "1.0.0", kind = "detector", api = 1, mode = "auto",
  wants = { events = { "metric" } },
  parameters = { times = { type = "number", default = 2, min = 1, max = 10, help = "how often the last value" } },
  series = function() return {} end,
  on_sample = function(series, sample, parameters)
    local last = series.last or sample.value
    series.last = sample.value
    if sample.value == 13 then error("thirteen") end
    return sample.value >= parameters.times * last and sample.value > 0 and 0.75 or 0
  end,
}
"""


class Detect(Case):
    def setUp(self):
        super().setUp()
        self.plugin = self.write("double.lua", DOUBLE)
        self.metrics = self.write("cpu.csv", "timestamp,value\n0,1\n60,3\n120,4\n180,8\n")

    def scores(self, *more):
        rows = self.run_ok("detect", "--metrics", self.metrics, *more).splitlines()
        self.assertEqual(rows[0], "timestamp,value,anomaly_score")
        return [row.split(",")[2] for row in rows[1:]]

    def test_runs_a_file_of_ones_own_with_its_parameters(self):
        self.assertEqual(self.scores("--plugin", self.plugin), ["0", "0.75", "0", "0.75"])
        self.assertEqual(self.scores("--plugin", self.plugin, "--param", "times=3"), ["0", "0.75", "0", "0"])

    def test_a_file_brings_the_modules_of_its_folder(self):
        self.write("double/by.lua", "return { three = 3 }")
        self.plugin.write_text(DOUBLE.replace("parameters.times", "require('by').three"))

        self.assertEqual(self.scores("--plugin", self.plugin), ["0", "0.75", "0", "0"])

    def test_shipped_ones_have_names_and_are_files(self):
        script = Path(__file__).resolve().parents[2] / "scripts/detectors/threshold.lua"
        limits = ["--param", "high=5", "--param", "learning=20"]
        self.metrics.write_text("timestamp,value\n" + "".join(f"{60 * i},{9 if i == 30 else 1}\n" for i in range(40)))

        by_name = self.scores("--plugin", "threshold", *limits)

        self.assertEqual(by_name, self.scores("--plugin", script, *limits))
        self.assertEqual([i for i, score in enumerate(by_name) if float(score) >= 0.5], [30])
        listed = self.run_ok("detect", "--list")
        for line in ("best: any metric", "kpi: curves of requests", "    hold=100  samples for which"):
            self.assertIn(line, listed)

    def test_says_what_is_wrong_with_the_plugin_or_its_parameters(self):
        for arguments, expected in (
                (["--plugin", "bset"], 'no plugin "bset"; give a file, or one of best, burn_rate'),
                (["--plugin", self.folder / "none.lua"], "none.lua: cannot be read"),
                (["--plugin", self.plugin, "--param", "times=99"], "expected 1 to 10"),
                (["--plugin", self.plugin, "--param", "tmes=2"], "times"),
                (["--plugin", self.plugin, "--param", "times"], "is not NAME=VALUE"),
                (["--plugin", "error_cluster"], "has no on_sample"),
                (["--plugin", self.write("bad.lua", "return 5")], "must return a table")):
            done = nocturne("detect", "--metrics", self.metrics, *arguments)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(expected, done.stderr)

    def test_an_error_of_the_plugin_costs_its_file_alone(self):
        self.write("in/a.csv", "timestamp,value\n0,1\n60,13\n")
        self.write("in/deep/b.csv", "value\n1\n2\n")
        index = self.write("index.json", '{"deep/b": {"start": 1000, "interval": 30}}')

        done = nocturne("detect", "--plugin", self.plugin, "--in", self.folder / "in", "--out", self.folder / "out",
                        "--index", index)

        self.assertEqual(done.returncode, 1)
        self.assertIn("double.lua:10: thirteen", done.stderr)
        self.assertFalse((self.folder / "out/a.csv").exists())
        self.assertEqual((self.folder / "out/deep/b.csv").read_text(),
                         "timestamp,value,anomaly_score\n1000,1,0\n1030,2,0.75\n")


class Daemon(Case):
    """One daemon on free ports, its operator commands, and its journal replayed."""

    def setUp(self):
        super().setUp()
        self.daemon = None
        self.addCleanup(self.kill)

    def kill(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()

    def start(self, *more, environment=None):
        holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
        self.ports = [holder.getsockname()[1] for holder in holders]
        for holder in holders:
            holder.close()
        pull, ack, pub = (f"tcp://127.0.0.1:{port}" for port in self.ports[:3])
        self.ack, self.pull, self.url = ack, pull, f"http://127.0.0.1:{self.ports[3]}"
        self.log = open(self.folder / "log", "a")
        self.addCleanup(self.log.close)
        self.daemon = subprocess.Popen(
            [PROGRAM, "run", "--data", self.folder / "data", "--zmq-pull", pull, "--zmq-ack", ack, "--zmq-pub", pub,
             "--http", f"127.0.0.1:{self.ports[3]}", *map(str, more)], stderr=self.log, stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})}, cwd=self.folder)
        self.wait_for(self.is_ready, "the daemon is ready")

    def is_ready(self):
        if self.daemon.poll() is not None:
            self.fail("the daemon ended: " + (self.folder / "log").read_text())
        try:
            return urllib.request.urlopen(self.url + "/-/ready", timeout=1).status == 200
        except OSError:
            return False

    def wait_for(self, is_so, what):
        until = time.monotonic() + 30
        while not is_so():
            self.assertLess(time.monotonic(), until, what + "; log: " + (self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(timeout=30), 0)

    def ask(self, *arguments):
        return self.run_ok(*arguments, "--url", self.url)

    def ask_json(self, *arguments):
        return json.loads(self.ask(*arguments, "--format", "json"))

    def test_life_of_an_incident(self):
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(ready.close)
        ready.bind(str(self.folder / "notify"))
        ready.settimeout(20)
        self.start("--topology", self.topology, environment={"NOTIFY_SOCKET": str(self.folder / "notify")})
        self.assertEqual(ready.recv(100), b"READY=1")
        events = self.write("now.jsonl", [{key: value for key, value in one.items() if key != "time"} for one in STORM[:4]]
                            + [{"resource": "x", "check": "c", "severity": "sev1"}])

        sent = nocturne("send", "--to", self.ack, "--ack", events)
        self.assertEqual(sent.returncode, 1)
        self.assertIn("now.jsonl:5: ", sent.stderr)
        self.assertIn("4 accepted, 1 rejected", sent.stdout)
        self.wait_for(lambda: self.ask_json("incidents")["incidents"], "an incident opens")
        incident, = self.ask_json("incidents")["incidents"]
        key = incident["id"]
        self.assertIn(key, self.ask("incidents"))
        self.wait_for(lambda: "database" in self.ask("show", key), "the suspect is named")
        self.assertIn("nocturne ack " + key, self.ask("show", key))
        self.assertEqual(len(self.ask_json("alerts", "--incident", key)["alerts"]), 4)
        self.assertEqual(len(self.ask_json("alerts", "--filter", "resource=~\"o.*\"")["alerts"]), 1)
        self.assertIn("front", self.ask("impact", "database"))
        self.assertIn("acknowledged", self.ask("ack", key, "--by", "anna"))
        self.assertIn("cause: database", self.ask("label", key, "database"))
        self.assertIn("anna", self.ask("show", key))
        silence = self.ask_json("silence", "add", "resource=front", "--duration", "1h", "-c", "known")["id"]
        self.assertIn(silence, self.ask("silence", "list"))
        self.ask("silence", "expire", silence)
        self.assertIn("resolved", self.ask("resolve", key))
        self.assertEqual(nocturne("show", "I999-0", "--url", self.url).returncode, 1)
        self.assertEqual(nocturne("alerts", "--filter", "=~(", "--url", self.url).returncode, 1)

        live = self.ask_json("show", key)
        replayed = json.loads(self.run_ok("replay", "--journal", self.folder / "data", "--format", "json"))
        self.assertEqual([live], [one for one in replayed if one["id"] == key])
        self.stop()
        self.assertEqual(ready.recv(100), b"STOPPING=1")

        self.start("--topology", self.topology)
        self.assertEqual(self.ask_json("show", key)["state"], "resolved")
        self.assertIn("topology as before", (self.folder / "log").read_text())
        self.stop()

    def test_a_run_survives_kill_9_and_tells_every_refusal(self):
        self.start("--topology", self.topology)
        step = {"name": "drain database", "node": "database",
                "run": {"effector": "ask", "target": "responder", "timeout": "1h",
                        "arguments": {"question": "is it drained?"}}}
        plan = {"playbook": "restart", "target": "database", "by": "anna", "risk": "low", "steps": [step]}
        proposed = json.loads(self.ask("runs", "propose", self.write("plan.json", [plan]), "--format", "json"))
        run = proposed["id"]
        self.assertEqual((proposed["state"], proposed["reason"]), ("awaiting_approval", "mode_approve"))
        self.assertIn(f"nocturne approve {run} --hash {proposed['hash']}", self.ask("runs", "show", run))

        def refused(reason, *arguments):
            done = nocturne(*arguments, "--url", self.url)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("refused: " + reason, done.stderr)

        yes = ["approve", run, "--hash", proposed["hash"]]
        refused("self_approval", *yes, "--by", "anna")
        refused("hash_differs", "approve", run, "--hash", "00", "--by", "ben")
        refused("role_too_low", *yes, "--by", "ben", "--role", "viewer")
        nameless = urllib.request.Request(f"{self.url}/api/v1/runs/{run}/approve",
                                          json.dumps({"hash": proposed["hash"]}).encode(), method="POST")
        with self.assertRaises(urllib.error.HTTPError) as no:
            urllib.request.urlopen(nameless, timeout=20)
        self.assertEqual((no.exception.code, json.load(no.exception)["reason"]), (403, "person_unknown"))
        self.assertIn("stopped", self.ask("stop-actions", "--by", "ben", "--why", "odd"))
        refused("actions_stopped", *yes, "--by", "ben")
        self.ask("stop-actions", "--off", "--by", "ben")
        big = {**plan, "steps": [{**step, "name": str(i)} for i in range(1000)]}
        refused("plan_too_large", "runs", "propose", self.write("big.json", [big]))
        usage = nocturne("approve", run, "--url", self.url, stdin="")
        self.assertEqual((usage.returncode, "--hash" in usage.stderr), (2, True))

        self.assertIn("is running", self.ask(*yes, "--by", "ben"))
        self.kill()
        self.start("--topology", self.topology)
        after = self.ask_json("runs", "show", run)
        # A question is asked again: the one before was put to nobody any more.
        self.assertEqual((after["state"], after["attempt"]["key"][:-1]), ("running", run + "/1/run/"))
        refused("not_awaiting", *yes, "--by", "carl")
        self.assertIn("is failed", self.ask("runs", "settle", run, "failed", "--by", "ben"))
        self.assertIn("restart", self.ask("runs", "stats"))
        self.assertEqual(self.ask("runs"), self.ask("runs", "list"))
        reasons = [event["reason"] for event in self.ask_json("runs", "show", run)["timeline"]]
        for reason in ["self_approval", "hash_differs", "role_too_low", "actions_stopped", "approved_by_person"]:
            self.assertIn(reason, reasons)

    def test_what_a_playbook_would_do_is_shown_run_dry_and_proposed(self):
        mark = self.folder / "mark"
        self.write("topology.yaml", SHOP)
        self.write("heal.lua", PLAYBOOK % ("heal", "critical"))
        self.write("mild.lua", PLAYBOOK % ("mild", "minor"))
        config = self.write("nocturne.yaml", REMEDIATION % ("restart", mark))
        self.start("--config", config)
        self.run_ok("send", "--to", self.ack, "--ack", self.write("now.jsonl", [
            {"resource": "cart-1", "check": "errors", "severity": "critical"},
            {"resource": "shop", "check": "latency", "severity": "major"}]))
        self.wait_for(lambda: self.ask_json("incidents")["incidents"], "an incident opens")
        key = self.ask_json("incidents")["incidents"][0]["id"]
        self.wait_for(lambda: self.ask_json("runs", "list")["runs"], "the playbook has seen it")

        def ends(code, *arguments):
            done = nocturne(*arguments, "--url", self.url)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done.stdout + done.stderr

        plans = self.ask("runs", "plans", key)
        self.assertIn("heal  risk low  heal cart-1\n  1. restart cart-1  on cart-1\n     run     command restart", plans)
        self.assertIn("mode_suggest: ", plans)
        self.assertIn('mild  nothing: incident: severity is "critical"', plans)
        heal, mild = self.ask_json("runs", "plans", key)["plans"]
        self.assertEqual((heal["plan"]["target"], heal["gate"]["gate"], mild["plan"]), ("cart-1", "mode", None))
        self.assertIn("no incident", ends(1, "runs", "plans", "bogus"))
        self.assertIn("not known", ends(1, "runs", "plans", "I999-0"))

        dry = ["runs", "dry-run", "--incident", key]
        page = self.ask(*dry, "--by", "anna")
        self.assertIn("NOTHING IN ITS WAY  heal cart-1", page)
        self.assertIn("not anna who proposed it", page)
        self.assertIn("would run /usr/bin/touch", page)
        self.assertIn(f"next: nocturne plan {key}\n", page)
        report = self.ask_json(*dry, "--playbook", "heal")
        self.assertEqual((report["good"], report["plan"]["hash"]), (True, heal["plan"]["hash"]))
        self.assertIn("mild has no plan for it: ", ends(1, *dry, "--playbook", "mild"))
        self.assertIn('no playbook "bogus"; there are heal, mild', ends(1, *dry, "--playbook", "bogus"))
        self.assertIn("name a FILE", ends(2, "runs", "dry-run"))
        asks = self.write("plan.json", [{"playbook": "mine", "target": "cart-1", "steps": [
            {"name": "ask", "run": {"effector": "ask", "target": "responder", "arguments": {"question": "now?"}}},
            {"name": "reboot", "run": {"effector": "command", "target": "reboot"}}]}])
        self.assertIn("next: nocturne runs propose", self.ask("runs", "dry-run", self.write("asks.json", [
            {**json.loads(asks.read_text()), "steps": json.loads(asks.read_text())["steps"][:1]}])))
        self.assertIn("is not listed", ends(1, "runs", "dry-run", asks))

        # A dry run has the settings of the last reload.
        self.write("nocturne.yaml", REMEDIATION % ("another", mark))
        urllib.request.urlopen(urllib.request.Request(self.url + "/-/reload", b"", method="POST"), timeout=20)
        self.assertIn("is not listed", ends(1, *dry))
        self.write("nocturne.yaml", REMEDIATION % ("restart", mark))
        urllib.request.urlopen(urllib.request.Request(self.url + "/-/reload", b"", method="POST"), timeout=20)
        self.ask(*dry)
        self.assertFalse(mark.exists(), "a dry run acted")

        proposed = self.ask_json("plan", key, "--playbook", "heal", "--by", "anna")
        run = proposed["id"]
        self.assertEqual((proposed["state"], proposed["mode"], proposed["proposed_by"], proposed["proposed_from"]),
                         ("awaiting_approval", "approve", "anna", "cli"))
        yes = ["approve", run, "--hash", proposed["hash"]]
        self.assertTrue(self.ask("show", key).endswith(
            f"Plan\n  {run} (heal, risk low) awaits approval: heal cart-1\n  nocturne {' '.join(yes)}\n"))
        self.assertEqual(self.ask_json(*dry)["waits_already"], run)
        self.assertIn("refused: self_approval", ends(1, *yes, "--by", "anna"))
        self.ask(*yes, "--by", "ben")
        self.wait_for(lambda: self.ask_json("runs", "show", run)["state"] == "succeeded", "it is healed")
        self.assertTrue(mark.exists())
        self.assertIn(f"{run} (heal, risk low) is succeeded", self.ask("show", key))
        audit, = self.ask_json("audit", "--action", "run.propose")["entries"]
        self.assertEqual((audit["actor"], audit["subject"], audit["reason"]), ("anna", "heal", "heal cart-1"))
        self.assertIn("cooldown_active", ends(1, *dry))

    def test_learns_from_the_journal_while_it_runs(self):
        rules = self.write("rules/words.yaml", 'normalise:\n  - name: words\n    match: check="DiskFull"\n'
                           "    set: {check: Disk}\n")
        config = self.write("nocturne.yaml", f"rules: [{rules.parent}]\n")
        self.start("--topology", self.topology, "--config", config)
        self.run_ok("send", "--to", self.ack, "--ack", self.write("nights.jsonl", list(history(60))))
        pairs = json.loads(self.run_ok("learn", "--journal", self.folder / "data", "--format", "json"))["pairs"]
        learned = [(one["cause"], one["effect"], one["relation"]) for one in pairs]
        self.assertIn(("Disk", "WriteErrors", "same"), learned)
        self.assertIn(("Disk", "latency", "dependent"), learned)
        self.stop()

    def test_metrics_name_each_series_once(self):
        self.start()
        text = urllib.request.urlopen(self.url + "/metrics", timeout=10).read().decode()
        series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")]
        self.assertEqual(sorted(series), sorted(set(series)))
        self.assertIn("nocturne_events_total", series)
        self.stop()

    def test_bad_reload_leaves_the_old_configuration(self):
        config = self.write("nocturne.yaml", f"topology: {self.topology}\n")
        self.start()
        log = self.folder / "log"
        config.write_text("topology: [\n")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "reload refused" in log.read_text(), "the bad file is refused")
        self.assertIn("front", self.ask("impact", "database"))
        config.write_text(f"topology: {self.topology}\nalerts: {{ttl: 5m}}\n")
        self.topology.write_text(TOPOLOGY + "  - {name: billing, depends_on: [database]}\n")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "reloaded" in log.read_text(), "the good file is taken")
        self.assertIn("billing", self.ask("impact", "database"))
        self.stop()

    def test_tokens_and_what_the_audit_log_has_of_them(self):
        self.write("nocturne.yaml", "http_auth: {tokens: tokens.yaml}\n")
        secrets = {role: self.run_ok("token", "create", "--name", name, "--role", role, cwd=self.folder).strip()
                   for name, role in [("anna", "responder"), ("prom", "ingest"), ("carl", "admin")]}
        self.assertEqual(os.stat(self.folder / "tokens.yaml").st_mode & 0o777, 0o600)
        self.assertIn("tokens.yaml", self.run_ok("check", cwd=self.folder))
        self.start()
        body = json.dumps({"resource": "alone", "check": "c", "severity": "critical"}).encode()
        sent = urllib.request.Request(self.url + "/api/v1/events", body,
                                      headers={"Authorization": "Bearer " + secrets["ingest"]})
        self.assertEqual(urllib.request.urlopen(sent, timeout=20).status, 200)

        refused = nocturne("incidents", "--url", self.url)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("NOCTURNE_TOKEN", refused.stderr)
        mine = self.write("mine", secrets["responder"] + "\n")
        incident = self.ask_json("incidents", "--token-file", mine)["incidents"][0]["id"]
        self.run_ok("ack", incident, "--by", "somebody else", "--url", self.url, NOCTURNE_TOKEN=secrets["responder"])
        admin = {"NOCTURNE_TOKEN": secrets["admin"]}
        listed = self.run_ok("audit", "--actor", "anna", "--url", self.url, **admin)
        self.assertRegex(listed, r"anna +responder +127.0.0.1 +incident.acknowledge +" + incident)
        self.assertNotIn("somebody else", self.run_ok("audit", "list", "--url", self.url, **admin))

        self.kill()  # with SIGKILL
        verified = json.loads(self.run_ok("audit", "verify", "--data", self.folder / "data", "--format", "json"))
        self.assertTrue(verified["ok"])
        self.start()
        exported = self.run_ok("audit", "export", "--url", self.url, **admin)
        copy = self.write("audit.ndjson", exported)
        self.assertIn("ok: ", self.run_ok("audit", "verify", copy, "--head", verified["head"]))
        self.assertEqual(self.run_ok("audit", "export", "--data", self.folder / "data"), exported)
        page = (ROOT / "docs/reference/audit.md").read_text()
        verifier = page.split("```python\n")[1].split("```")[0]
        theirs = lambda text: subprocess.run([sys.executable, "-c", verifier], input=text, text=True, timeout=60,
                                             stderr=subprocess.DEVNULL).returncode
        self.assertEqual((theirs(exported), theirs(exported.replace("anna", "hans")) != 0), (0, True))
        changed = nocturne("audit", "verify", self.write("changed", exported.replace("anna", "hans")))
        self.assertEqual((changed.returncode, "entry" in changed.stderr), (1, True))

        self.assertIn("1 token of anna revoked", self.run_ok("token", "revoke", "anna", cwd=self.folder))
        self.assertNotIn("anna", self.run_ok("token", "list", cwd=self.folder))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_for(lambda: nocturne("alerts", "--url", self.url, "--token-file", mine).returncode == 1,
                      "a revoked token is refused")
        self.wait_for(lambda: "configuration.reload" in self.run_ok("audit", "--url", self.url, **admin),
                      "the reload is in the audit log")
        self.stop()
        for secret in secrets.values():
            for file in ["log", "tokens.yaml", "data/nocturne.db"]:
                self.assertNotIn(secret.encode(), (self.folder / file).read_bytes())

    def test_does_not_open_to_the_network_without_tokens(self):
        refused = nocturne("run", "--http", "0.0.0.0:0", "--zmq-pull", "", "--zmq-ack", "", "--zmq-pub", "",
                           cwd=self.folder)
        self.assertEqual((refused.returncode, "http_auth" in refused.stderr), (1, True))

    def test_pull_needs_no_answer(self):
        self.start()
        events = self.write("now.jsonl", [{"resource": "alone", "check": "c", "severity": "critical"}])
        self.run_ok("send", "--to", self.pull, events)
        self.wait_for(lambda: self.ask_json("alerts")["total"] == 1, "the event arrives")
        self.stop()

    def test_cannot_start(self):
        self.start()
        second = nocturne("run", "--data", self.folder / "data", "--http", "127.0.0.1:0")
        self.assertEqual(second.returncode, 1)
        bad = self.write("bad.yaml", "http: nowhere\n")
        refused = nocturne("run", "--config", bad, "--data", self.folder / "other")
        self.assertEqual((refused.returncode, "bad.yaml:1:7" in refused.stderr), (1, True))
        self.stop()


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is not there; build it first, or name it in NOCTURNE_PROGRAM")
    unittest.main()
