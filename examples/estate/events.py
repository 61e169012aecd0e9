"""Sending events to Nocturne over ZeroMQ. Copy this file: it needs Python 3 and python3-zmq only."""
import datetime
import json
import os
import time

import zmq


def new_event(resource, check, status, severity, summary, **more):
    """One event. Its id makes sending it again harmless: the same (source, id) is the same message."""
    new_event.count += 1
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"id": f"{os.getpid()}-{new_event.started}-{new_event.count}",
            "time": now.isoformat(timespec="milliseconds"), "source": "prober", "kind": "alert",
            "resource": resource, "check": check, "status": status, "severity": severity,
            "summary": summary, **more}


new_event.count = 0
new_event.started = int(time.time())


class AckSender:
    """For what must not be lost: send() comes back once the daemon has the events on its disk."""

    def __init__(self, endpoint, timeout_ms=3000):
        self._endpoint, self._timeout_ms = endpoint, timeout_ms
        self._socket = None

    def send(self, events):
        """The daemon's answer: {"accepted": N, "rejected": [{"index": I, "error": "..."}], ...}.

        Without an answer in time the same events go out again, under the same ids, until there is one.
        """
        while True:
            if self._socket is None:
                self._socket = zmq.Context.instance().socket(zmq.REQ)
                self._socket.setsockopt(zmq.LINGER, 0)
                self._socket.connect(self._endpoint)
            self._socket.send(json.dumps(events).encode())
            if self._socket.poll(self._timeout_ms):
                return json.loads(self._socket.recv())
            self._socket.close()  # a REQ socket that waits cannot send: take a new one
            self._socket = None


class PushSender:
    """For what may be lost, at high rates: fire and forget."""

    def __init__(self, endpoint):
        self._socket = zmq.Context.instance().socket(zmq.PUSH)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, 10000)
        self._socket.connect(endpoint)

    def send(self, events):
        """False when the daemon is away or too slow, and the queue is full."""
        try:
            self._socket.send(json.dumps(events).encode(), zmq.NOBLOCK)
            return True
        except zmq.Again:
            return False
