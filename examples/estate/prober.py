"""The prober: uses the shop as its customers do, and tells Nocturne what is wrong.

A change of state (firing, resolved) goes over the ack socket and is repeated until it is durable;
while something is firing it is told again every few seconds over the pull socket.
"""
import argparse
import collections
import json
import os
import queue
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from events import AckSender, PushSender, new_event
from web import url_of

TARGETS = {"front": "/shop", "catalogue": "/products", "checkout": "/buy", "cart": "/content",
           "orders": "/place", "cache": "/ping", "database": "/products"}
LATENCY_MS_MAX = 700
LOCK_WAIT_MS_MAX = 1500
TIMEOUT_S = 2.0
CLEAR_AFTER = 3  # good samples in a row


def get(url):
    """(answered at all, answered well, milliseconds, JSON)"""
    began = time.monotonic()
    answered = well = False
    value = {}
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            answered = well = True
            value = json.load(answer)
    except urllib.error.HTTPError:
        answered = True
    except (OSError, ValueError):
        pass
    return answered, well, (time.monotonic() - began) * 1000, value


class Check:
    """Fires after `fire_after` bad samples in a row, and is healthy again after CLEAR_AFTER good ones."""

    def __init__(self, target, name, severity, fire_after, outbox, resend_s):
        self.target, self.name, self.severity, self.fire_after = target, name, severity, fire_after
        self.outbox, self.resend_s = outbox, resend_s
        self.firing, self.bad, self.good, self.told = False, 0, 0, 0.0
        self.labels = {"estate": "shop", **({"slo": "true"} if target == "front" else {})}

    def sample(self, is_bad, value, summary):
        self.bad, self.good = (self.bad + 1, 0) if is_bad else (0, self.good + 1)
        turned = self.bad >= self.fire_after if not self.firing else self.good >= CLEAR_AFTER
        if turned:
            self.firing = not self.firing
        if turned or (self.firing and is_bad and time.monotonic() - self.told > self.resend_s):
            self.told = time.monotonic()
            status = "firing" if self.firing else "resolved"
            event = new_event(self.target, self.name, status, self.severity,
                              summary if self.firing else f"{self.target}: {self.name} is good again",
                              value=round(value, 3), labels=self.labels)
            self.outbox.put((turned, event))


def watch(state, target, outbox, interval_s, resend_s):
    def check(name, severity, fire_after):
        return Check(target, name, severity, fire_after, outbox, resend_s)
    latency, errors = check("latency", "major", 3), check("error_ratio", "critical", 3)
    availability, lock_wait = check("availability", "critical", 2), check("lock_wait", "critical", 2)
    recent = collections.deque(maxlen=10)
    while state.exists():
        url = url_of(state, target)
        answered, _, _, health = get(url + "/health")
        availability.sample(not answered, float(answered), f"{target} {'answers' if answered else 'does not answer'}")
        if target == "database" and answered:
            wait = health["longest_wait_ms"]
            lock_wait.sample(wait > LOCK_WAIT_MS_MAX, wait, f"the oldest query has waited {wait} ms for its lock")
        _, well, took_ms, _ = get(url + TARGETS[target])
        recent.append(well)
        ratio = recent.count(False) / len(recent)
        latency.sample(took_ms > LATENCY_MS_MAX, took_ms, f"{target} answers in {took_ms:.0f} ms")
        errors.sample(not well, ratio, f"{ratio:.0%} of the last requests to {target} failed")
        time.sleep(interval_s)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--ack", required=True, help="Nocturne's ack socket")
    parser.add_argument("--push", required=True, help="Nocturne's pull socket")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two probes of one target")
    parser.add_argument("--resend", type=float, default=5.0, help="seconds until a firing alert is told again")
    options = parser.parse_args()

    outbox = queue.Queue(10000)  # full: the probes wait, nothing is lost
    for target in TARGETS:
        threading.Thread(target=watch, daemon=True,
                         args=(options.state, target, outbox, options.interval, options.resend)).start()
    threading.Thread(target=send, daemon=True, args=(outbox, options.ack, options.push)).start()
    while options.state.exists():
        time.sleep(0.5)
    os._exit(0)


def send(outbox, ack_endpoint, push_endpoint):
    ack, push = AckSender(ack_endpoint), PushSender(push_endpoint)  # sockets belong to one thread
    while True:
        turned, event = outbox.get()
        if not turned:
            push.send(event)
            continue
        for rejected in ack.send(event)["rejected"]:
            print(f"{event['resource']} {event['check']}: {rejected['error']}", flush=True)


if __name__ == "__main__":
    main()
