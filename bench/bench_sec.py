#!/usr/bin/env python3
"""Debian's SEC beside `nocturne replay`: CPU microseconds a line with 1, 10 and 100 rules, in one run.

SEC reads log lines from a pipe under so many SingleWithSuppress rules. Nocturne replays the same lines from a file, each
wrapped in a JSON event (which it has to parse besides), under so many rules of type `first`, SEC's word for word: an
expression over the whole line. A third column has the rules as one would write them here: one expression takes the line
apart, the rules ask for a field. Each line comes from one of 100 services and 50 hosts; with 100 rules each line matches
one, with 10 every tenth does. What no rule takes is an alert that repeats, for Nocturne, and nothing for SEC.

User and system time of the process; what it takes for no lines is taken off. Medians of three runs, one after another.

usage: bench_sec.py NOCTURNE [LINES]
"""
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SERVICES, HOSTS, TIMES = 100, 50, 3
START_MS = 1763690000000


def line_of(i):
    return f"Nov 21 01:53:20 host{i * 7 % HOSTS} app[{i % 9000}]: service-{i * 13 % SERVICES} error code {i % 977} on host{i * 7 % HOSTS}"


def event_of(i):
    return json.dumps({"time": START_MS + i // 100, "source": "syslog", "resource": f"host{i * 7 % HOSTS}", "check": "log",
                       "severity": "info", "summary": line_of(i)}, separators=(",", ":"))


def sec_rules(count):
    return "".join(f"type=SingleWithSuppress\nptype=RegExp\npattern=service-{i} error code \\d+ on (\\S+)\n"
                   f"desc=service-{i} on $1\naction=write - service-{i} $1\nwindow=3600\n\n" for i in range(count))


def our_rules(count):
    rules = "pattern:\n"
    for i in range(count):
        rules += (f"  - {{name: service-{i}, type: first, match: {{expr: 'summary=~\".*service-{i} error code \\d+ on \\S+\"'}},"
                  f" by: [resource], window: 1h, consume: true, emit: {{check: service-{i}}}}}\n")
    return rules


def our_rules_by_field(count):
    rules = ("normalise:\n  - {name: syslog, match: {source: syslog}, "
             "extract: [{from: summary, regex: '(?P<service>service-\\d+) error code'}], set: {check: '{service}'}}\npattern:\n")
    for i in range(count):
        rules += (f"  - {{name: service-{i}, type: first, match: {{check: service-{i}, source: syslog}},"
                  f" by: [resource], window: 1h, consume: true, emit: {{check: failed-{i}}}}}\n")
    return rules


def cpu_of(command, source):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(source, encoding="utf-8") as lines:
        run = subprocess.run(command, stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{command[0]} failed: {run.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.splitlines()[-1])
    sec, nocturne, lines = shutil.which("sec"), sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    if sec is None:
        sys.exit("sec is not installed (apt-get install sec)")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "none").write_text("")
        (here / "lines").write_text("".join(line_of(i) + "\n" for i in range(lines)))
        (here / "events").write_text("".join(event_of(i) + "\n" for i in range(lines)))
        print(f"{lines} lines; CPU us a line, medians of {TIMES}")
        print(f"{'rules':>5} {'SEC':>10} {'Nocturne':>10} {'by field':>10}")
        for count in (1, 10, 100):
            contestants = []
            for name, text, source in (("sec.conf", sec_rules(count), "lines"), ("ours.yaml", our_rules(count), "events"),
                                       ("field.yaml", our_rules_by_field(count), "events")):
                (here / name).write_text(text)
                command = ([sec, f"--conf={here / name}", "--input=-", "--notail", "--nodetach", "--quiet"]
                           if name == "sec.conf" else
                           [nocturne, "replay", "--events", "-", "--rules", str(here / name), "--format", "json"])
                contestants.append((command, source))
            costs = [[] for _ in contestants]
            for _ in range(TIMES):
                for (command, source), found in zip(contestants, costs):
                    idle = cpu_of(command, here / "none")
                    found.append((cpu_of(command, here / source) - idle) * 1e6 / lines)
            print(f"{count:>5} " + " ".join(f"{statistics.median(found):>10.2f}" for found in costs), flush=True)


if __name__ == "__main__":
    main()
