"""A process of the estate: an HTTP server that counts its own work and finds its neighbours.

serve() binds a free port and writes it to STATE/<name>.port; call() reads it there, so that nothing
in the estate has a fixed port. A process ends by itself when its state folder is gone.
"""
import argparse
import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path


class Failed(Exception):
    """A call that did not work out; .status is what the caller's own caller gets."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True, help="folder for ports, logs and data")
    parser.add_argument("--name", required=True)
    return parser.parse_args()


def url_of(state, name):
    return "http://127.0.0.1:" + (state / f"{name}.port").read_text()


def call(state, name, path, timeout, body=None):
    """The JSON that a neighbour answers; its refusal or silence becomes Failed."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(url_of(state, name) + path, data, timeout) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Failed(502, f"{name}: {json.load(error).get('error', error.reason)}") from error
    except (OSError, ValueError) as error:
        raise Failed(502, f"{name}: {getattr(error, 'reason', error)}") from error


class Work:
    """What a process knows of its own work: how much, how much of it failed, what is under way."""

    def __init__(self):
        self._lock = threading.Lock()
        self._under_way = {}
        self._requests = self._errors = 0

    def begin(self):
        with self._lock:
            self._under_way[threading.get_ident()] = time.monotonic()

    def end(self, failed):
        with self._lock:
            self._under_way.pop(threading.get_ident(), None)
            self._requests += 1
            self._errors += failed

    def health(self):
        with self._lock:
            longest = max((time.monotonic() - since for since in self._under_way.values()), default=0.0)
            return {"requests": self._requests, "errors": self._errors,
                    "under_way": len(self._under_way), "longest_wait_ms": round(longest * 1000)}


def serve(state, name, routes):
    """Answers routes, {path: function(body) -> JSON value}, and /health, until it is told to end."""
    work = Work()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = urllib.parse.urlsplit(self.path).path
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
            if path == "/health":
                return self._answer(200, {"name": name, **work.health()})
            if path not in routes:
                return self._answer(404, {"error": f"{name} has no {path}"})
            work.begin()
            status, value = 500, {"error": f"{name} broke"}
            try:
                status, value = 200, routes[path](body)
            except Failed as failed:
                status, value = failed.status, {"error": str(failed)}
            finally:
                work.end(failed=status != 200)
            return self._answer(status, value)

        do_POST = do_GET

        def _answer(self, status, value):
            data = json.dumps(value).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # the caller did not wait; it has counted that itself

        def log_request(self, *_):
            pass  # only errors are worth a line

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def service_actions(self):  # between requests, twice a second
            if not state.exists():
                os._exit(0)

    server = Server(("127.0.0.1", 0), Handler)
    port = state / f"{name}.port"
    port.with_suffix(".tmp").write_text(str(server.server_port))
    port.with_suffix(".tmp").rename(port)
    server.serve_forever()
