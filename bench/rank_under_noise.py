#!/usr/bin/env python3
"""How a ranking bears what telemetry does in life: other names, clocks that are off, alerts, clears
and edges that are lost, alerts and edges that do not belong.

usage: rank_under_noise.py NOCTURNE CASES [DRAWS]

CASES is a folder of data sets of cases with truth.json. For each kind of noise, each data set and
each of DRAWS seeds (10 unless told) it writes the disturbed cases to a temporary folder, ranks them
with `nocturne rank --cases`, and prints the mean share of causes that come first and among the
first three, a tie at its worst.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

import yaml


class Case:
    """One incident: services by name, events in order, and what is true of it."""

    def __init__(self, folder):
        self.name = folder.name
        services = yaml.load(
            (folder / "topology.yaml").read_text(encoding="utf-8"),
            Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
        )["services"]
        self.services = services
        lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        self.events = [json.loads(line) for line in lines]
        self.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))

    def alerts(self):
        """The events of each alert, by identity; changes are none."""
        alerts = {}
        for event in self.events:
            if event.get("kind", "alert") == "alert":
                alerts.setdefault(identity(event), []).append(event)
        return alerts


def identity(event):
    labels = tuple(sorted(event.get("labels", {}).items()))
    return event["resource"], event["check"], labels


def is_clear(event):
    return event["severity"] == "ok"


def is_slo(event):
    return event.get("labels", {}).get("slo") == "true"


def time_of(event):
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00"))


def moved(event, by):
    at = time_of(event) + by
    return {**event, "time": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"}


def in_order(events):
    return sorted(events, key=time_of)


# ---- the noise: each takes services, events and truth, and returns the same, disturbed ----


def as_recorded(case, others, draw):
    return case.services, case.events, case.truth


def other_names(case, others, draw):
    names = [service["name"] for service in case.services]
    shuffled = [f"node-{number:04}" for number in range(len(names))]
    draw.shuffle(shuffled)
    new = dict(zip(names, shuffled))

    def rename(name):
        return new.get(name, name)

    services = [
        {**one, "name": rename(one["name"]), "depends_on": [rename(x) for x in one["depends_on"]]}
        for one in case.services
    ]
    draw.shuffle(services)
    events = []
    for event in case.events:
        labels = dict(event.get("labels", {}))
        if "caller" in labels:
            labels["caller"] = rename(labels["caller"])
        events.append({**event, "resource": rename(event["resource"]), "labels": labels})
    truth = {**case.truth}
    for key in ("root_causes", "candidates"):
        truth[key] = [rename(name) for name in truth[key]]
    truth["merge"] = {rename(a): rename(b) for a, b in truth.get("merge", {}).items()}
    return services, events, truth


def jitter(seconds):
    def disturb(case, others, draw):
        events = [
            moved(event, timedelta(seconds=draw.uniform(-seconds, seconds)))
            for event in case.events
        ]
        return case.services, in_order(events), case.truth

    return disturb


def clocks_off(seconds):
    """The clock of each node is off, by as much for all that it tells."""

    def disturb(case, others, draw):
        off = {}
        events = []
        for event in case.events:
            by = off.setdefault(event["resource"], draw.uniform(-seconds, seconds))
            events.append(moved(event, timedelta(seconds=by)))
        return case.services, in_order(events), case.truth

    return disturb


def alerts_lost(share):
    def disturb(case, others, draw):
        kept = {key for key in case.alerts() if draw.random() >= share}
        events = [
            event
            for event in case.events
            if event.get("kind", "alert") != "alert" or identity(event) in kept
        ]
        return case.services, events, case.truth

    return disturb


def clears_lost(share):
    def disturb(case, others, draw):
        events = [
            event for event in case.events if not is_clear(event) or draw.random() >= share
        ]
        return case.services, events, case.truth

    return disturb


def strangers(share):
    """Alerts of other incidents of the set, on their own nodes, somewhere in this one's time."""

    def disturb(case, others, draw):
        names = {service["name"] for service in case.services}
        here = case.alerts()
        begin, end = time_of(case.events[0]), time_of(case.events[-1])
        events = list(case.events)
        for _ in range(max(1, round(share * len(here)))):
            alert = draw.choice(list(draw.choice(others).alerts().values()))
            if is_slo(alert[0]) or identity(alert[0]) in here or alert[0]["resource"] not in names:
                continue
            at = begin + (end - begin) * draw.random()
            events += [moved(event, at - time_of(alert[0])) for event in alert]
        return case.services, in_order(events), case.truth

    return disturb


def edges_lost(share):
    def disturb(case, others, draw):
        services = [
            {**one, "depends_on": [x for x in one["depends_on"] if draw.random() >= share]}
            for one in case.services
        ]
        return services, case.events, case.truth

    return disturb


def edges_made_up(share):
    def disturb(case, others, draw):
        names = [service["name"] for service in case.services]
        services = []
        for one in case.services:
            more = sum(draw.random() < share for _ in one["depends_on"])
            made_up = set(draw.sample(names, more)) - {one["name"], *one["depends_on"]}
            services.append({**one, "depends_on": one["depends_on"] + sorted(made_up)})
        return services, case.events, case.truth

    return disturb


NOISES = [
    ("as recorded", as_recorded),
    ("other names and order", other_names),
    ("times off by up to 5 s", jitter(5)),
    ("times off by up to 30 s", jitter(30)),
    ("clocks of nodes off by up to 60 s", clocks_off(60)),
    ("10 % of alerts lost", alerts_lost(0.1)),
    ("20 % of alerts lost", alerts_lost(0.2)),
    ("all clears lost", clears_lost(1.0)),
    ("half of the clears lost", clears_lost(0.5)),
    ("5 % unrelated alerts", strangers(0.05)),
    ("20 % unrelated alerts", strangers(0.2)),
    ("10 % of edges lost", edges_lost(0.1)),
    ("20 % of edges lost", edges_lost(0.2)),
    ("10 % of edges made up", edges_made_up(0.1)),
]


def rank_of(truth, ranking):
    """The rank of the best placed cause, a tie at its worst; infinite when none is listed."""
    merge = truth.get("merge", {})
    candidates = {merge.get(name, name) for name in truth["candidates"]}
    best = {}
    for suspect in ranking:
        name = merge.get(suspect["resource"], suspect["resource"])
        if name in candidates:
            best[name] = max(suspect["score"], best.get(name, suspect["score"]))
    causes = {merge.get(name, name) for name in truth["root_causes"]}
    return min(
        (sum(score >= best[cause] for score in best.values()) for cause in causes if cause in best),
        default=float("inf"),
    )


def ranks_under(program, noise, cases, seed):
    """The ranks of the causes of one data set, disturbed once."""
    truths = {}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for case in cases:
            draw = random.Random(f"{seed} {case.name}")
            others = [other for other in cases if other is not case]
            services, events, truth = noise(case, others, draw)
            truths[case.name] = truth
            place = root / "cases" / case.name
            place.mkdir(parents=True)
            # JSON is YAML.
            (place / "topology.yaml").write_text(json.dumps({"services": services}))
            (place / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
        subprocess.run(
            [program, "rank", "--cases", root / "cases", "--out", root / "out"],
            check=True,
            capture_output=True,
        )
        return [
            rank_of(truth, json.loads((root / "out" / f"{name}.json").read_text())["ranking"])
            for name, truth in truths.items()
        ]


def read_sets(root):
    sets = {}
    for truth in sorted(root.glob("*/*/truth.json")):
        sets.setdefault(truth.parent.parent.name, []).append(Case(truth.parent))
    return sets


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    program, draws = arguments[0], int(arguments[2]) if len(arguments) == 3 else 10
    sets = read_sets(pathlib.Path(arguments[1]))
    print("| top-1 / top-3 | " + " | ".join(f"{name} ({len(sets[name])})" for name in sets) + " |")
    print("|---" * (1 + len(sets)) + "|")
    for title, noise in NOISES:
        row = []
        for cases in sets.values():
            seeds = range(1 if noise is as_recorded else draws)
            ranks = [r for seed in seeds for r in ranks_under(program, noise, cases, seed)]
            row.append(" / ".join(f"{sum(r <= n for r in ranks) / len(ranks):.2f}" for n in (1, 3)))
        print(f"| {title} | " + " | ".join(row) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
