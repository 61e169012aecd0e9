"""The cache: a dictionary with a time to live, in memory, over HTTP."""
import time

from web import arguments, serve

ENTRIES_MAX = 1000
entries = {}  # key -> (value, when it is forgotten)


def get(body):
    value, until = entries.get(body["key"], (None, 0.0))
    return {"value": value if until > time.monotonic() else None}


def put(body):
    if len(entries) >= ENTRIES_MAX and body["key"] not in entries:
        entries.pop(next(iter(entries)))  # the oldest goes
    entries[body["key"]] = (body["value"], time.monotonic() + body["seconds"])
    return {}


def ping(_):
    return {"entries": len(entries)}


if __name__ == "__main__":
    options = arguments()
    serve(options.state, options.name, {"/get": get, "/put": put, "/ping": ping})
