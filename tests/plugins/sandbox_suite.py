#!/usr/bin/env python3
"""Runs a suite of hostile and benign scripts (manifest.json and Lua files) through `nocturne plugin check --raw`.

sandbox_suite.py NOCTURNE DIR [--slow FACTOR] [FILE...]: prints what is not as the manifest wants it; exit 1 when
anything is, 77 when the folder is not there. FACTOR stretches the times, for builds with sanitizers.
"""
import json
import os
import subprocess
import sys


def run(nocturne, folder, names, limits, *options):
    limit = ["--limit", f"memory={limits['memory_bytes']}", "--limit", f"cpu={limits['cpu_ms_per_call']}ms",
             "--limit", f"instructions={limits['instructions_per_call']}"]
    made = subprocess.run([nocturne, "plugin", "check", "--raw", *limit, *options, *[os.path.join(folder, n) for n in names]],
                          capture_output=True, timeout=240)
    lines = [json.loads(line) for line in made.stdout.splitlines()]
    if made.returncode not in (0, 1) or len(lines) != len(names):
        raise SystemExit(f"{names}: exit {made.returncode}: {made.stderr.decode(errors='replace')[-3000:]}")
    return dict(zip(names, lines)), made


def word(outcome):
    if outcome["verdict"] != "ok":
        return outcome["verdict"]
    returned = outcome["returned"]
    return "contained" if returned is True else "other" if returned == "other" else "escape"


class Suite:
    def __init__(self, nocturne, folder, slow):
        self.nocturne, self.folder, self.slow = nocturne, folder, slow
        self.manifest = json.load(open(os.path.join(folder, "manifest.json")))
        self.wrong, self.checked = [], 0

    def expect(self, entry, phase, verdict, accept):
        self.checked += 1
        if verdict not in accept:
            self.wrong.append(f"{entry['file']}: {phase}: {verdict}, expected one of {accept}")

    def within(self, entry, phase, line, outcomes):
        for outcome in outcomes:
            if outcome["cpu_ms"] > entry.get("max_ms", 1500) * self.slow:
                self.wrong.append(f"{entry['file']}: {phase}: took {outcome['cpu_ms']} ms")
        if line["unload_ms"] > entry.get("max_unload_ms", 1000) * self.slow:
            self.wrong.append(f"{entry['file']}: {phase}: unload took {line['unload_ms']} ms")
        if line["engine"] != "alive":
            self.wrong.append(f"{entry['file']}: {phase}: engine {line['engine']}")

    def printed(self, entry, made):
        out = made.stdout + made.stderr
        if entry.get("must_not_print", "").encode() and entry["must_not_print"].encode() in out:
            self.wrong.append(f"{entry['file']}: printed {entry['must_not_print']!r}")
        if len(out) > entry.get("max_log_bytes", 1 << 20):
            self.wrong.append(f"{entry['file']}: printed {len(out)} bytes")

    def check(self, entry):
        limits, name = self.manifest["limits"], entry["file"]
        phases = entry["phases"]
        if "load" in phases:
            lines, made = run(self.nocturne, self.folder, [name], limits, "--calls", "0")
            self.expect(entry, "load", word(lines[name]["load"]), entry.get("load_expect") or entry["accept"])
            self.within(entry, "load", lines[name], [lines[name]["load"]])
            self.printed(entry, made)
        if "event" in phases:
            lines, made = run(self.nocturne, self.folder, [name], limits, "--drop-last-line")
            self.expect(entry, "event", word(lines[name]["calls"][0]), entry["accept"])
            self.within(entry, "event", lines[name], lines[name]["calls"])
            self.printed(entry, made)
        if "sequence" in phases:
            drop = ["--drop-last-line"] if entry.get("drop_last_line", True) else []
            lines, made = run(self.nocturne, self.folder, [name], limits, "--calls", str(entry["calls"]), *drop)
            words = [word(call) for call in lines[name]["calls"]]
            verdict = next((w for w in words if w in [entry.get("any_call"), entry["expect"]]), words[-1])
            self.expect(entry, "sequence", verdict, [entry.get("any_call", entry["expect"]), *entry["accept"]])
            self.within(entry, "sequence", lines[name], lines[name]["calls"])
            self.printed(entry, made)

    def check_group(self, entries):
        names = [e["file"] for e in sorted(entries, key=lambda e: e["order"])]
        lines, _ = run(self.nocturne, self.folder, names, self.manifest["limits"])
        for entry in entries:
            line = lines[entry["file"]]
            for phase, outcome in [("group load", line["load"]), ("group event", line["calls"][0])]:
                self.expect(entry, phase, word(outcome), ["contained"])


def main(arguments):
    slow = 1.0
    if "--slow" in arguments:
        at = arguments.index("--slow")
        slow = float(arguments[at + 1])
        del arguments[at:at + 2]
    nocturne, folder, *names = arguments
    if not os.path.exists(os.path.join(folder, "manifest.json")):
        print(f"skipped: no manifest.json in {folder}")
        return 77
    suite = Suite(nocturne, folder, slow)
    groups = {}
    for entry in suite.manifest["files"]:
        if names and entry["file"] not in names:
            continue
        suite.check(entry)
        if "group" in entry:
            groups.setdefault(entry["group"], []).append(entry)
    for entries in groups.values():
        suite.check_group(entries)
    print("\n".join(suite.wrong) or f"{suite.checked} verdicts as expected")
    return 1 if suite.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
