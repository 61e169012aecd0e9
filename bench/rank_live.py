#!/usr/bin/env python3
"""How often the live engine has the true cause first on the page that people open.

usage: rank_live.py NOCTURNE CASES

`nocturne rank --cases` looks at all alerts of a case as one incident. Here `nocturne replay` runs the
whole engine over each case, which cuts the storm into incidents and ranks each as it grows. The page that
people open is the one with the alert that users feel, where the case tells which that is (trigger in
truth.json); else the worst by severity, then by alerts.
"""
import json
import subprocess
import sys
from pathlib import Path

SEVERITIES = ("ok", "info", "warning", "minor", "major", "critical")


def incidents_of(program, case):
    done = subprocess.run(
        [program, "replay", "--events", case / "events.jsonl", "--topology", case / "topology.yaml", "--format", "json"],
        capture_output=True, check=True)
    return [one for one in json.loads(done.stdout) if one["suspects"] and one["state"] != "merged"]


def opened_page(incidents, trigger):
    for one in incidents:
        if trigger and any((alert["resource"], alert["check"]) == (trigger["resource"], trigger["check"])
                           for alert in one["alerts"]):
            return one
    return max(incidents, key=lambda one: (SEVERITIES.index(one["severity"]), one["alert_count"]))


def suspects_of(incident, truth):
    """As score.py counts: candidates only, each once."""
    names = [truth.get("merge", {}).get(one["resource"], one["resource"]) for one in incident["suspects"]]
    candidates = truth.get("candidates") or names
    return list(dict.fromkeys(name for name in names if name in candidates))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, cases = sys.argv[1], Path(sys.argv[2])
    print(f"{'data set':<12}{'cases':>6}{'top-1':>8}{'top-3':>8}{'incidents a case':>18}")
    for data_set in sorted(path for path in cases.iterdir() if path.is_dir()):
        rows = []
        for path in sorted(data_set.glob("*/truth.json")):
            truth = json.loads(path.read_text())
            incidents = incidents_of(program, path.parent)
            page = suspects_of(opened_page(incidents, truth.get("trigger")), truth)
            causes = set(truth["root_causes"])
            rows.append((bool(causes & set(page[:1])), bool(causes & set(page[:3])), len(incidents)))
        if rows:
            first, third, count = (sum(column) / len(rows) for column in zip(*rows))
            print(f"{data_set.name:<12}{len(rows):>6}{first:>8.2f}{third:>8.2f}{count:>18.1f}")


if __name__ == "__main__":
    main()
