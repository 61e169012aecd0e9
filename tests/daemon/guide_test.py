#!/usr/bin/env python3
"""docs/guides/first-playbook.md as somebody follows it: in one terminal, from an empty folder. Runs what is `sh`, writes what is
`lua`, and looks in the output of the command before it for each line of what is `text`. Only the ports are others.

usage: guide_test.py NOCTURNE GUIDE
"""
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, GUIDE = sys.argv[1:]
BLOCK = re.compile(r"^```(sh|text|lua)\n(.*?)^```$", re.M | re.S)
PATIENCE_S = 60
END = "that was all of it"

# The same words, on ports that are free.
WRAPPER = """#!/bin/sh
case "$1" in
run) shift; exec {program} run --http {http} --zmq-pull {pull} --zmq-ack "" --zmq-pub "" "$@" ;;
send) shift; exec {program} send --to {pull} "$@" ;;
*) exec {program} "$@" ;;
esac
"""


def free_ports(count):
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


class Terminal:
    def __init__(self, folder, http, pull):
        commands, self.home = folder / "bin", folder / "home"
        commands.mkdir()
        self.home.mkdir()
        (commands / "nocturne").write_text(WRAPPER.format(program=PROGRAM, http=http, pull=pull))
        (commands / "nocturne").chmod(0o755)
        environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "NOCTURNE_URL": f"http://{http}"}
        self.shell = subprocess.Popen(["bash", "--norc", "-e"], cwd=self.home, env=environment, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.ready = selectors.DefaultSelector()
        self.ready.register(self.shell.stdout, selectors.EVENT_READ)

    def type(self, text):
        """What the commands say; they must all end well, and in time."""
        self.shell.stdin.write(f"{text}\necho '{END}'\n".encode())
        self.shell.stdin.flush()
        said, until = b"", time.monotonic() + PATIENCE_S
        while not said.endswith(f"{END}\n".encode()):
            assert self.ready.select(max(0, until - time.monotonic())), f"no end of:\n{text}\nit said:\n{said.decode()}"
            more = os.read(self.shell.stdout.fileno(), 65536)
            assert more, f"this did not end well:\n{text}\nit said:\n{said.decode()}"
            said += more
        return said.decode()

    def close(self):
        """Ends the shell, and what it left in the background if the guide was not followed to its end."""
        try:
            os.killpg(self.shell.pid, 9)
        except ProcessLookupError:
            pass
        self.shell.wait()


def follow(guide, terminal):
    said, counts = "", {"sh": 0, "lua": 0, "text": 0}
    for kind, text in BLOCK.findall(guide):
        counts[kind] += 1
        if kind == "lua":
            (terminal.home / re.match(r"-- (\S+)\n", text)[1]).write_text(text)
        elif kind == "sh":
            said = terminal.type(text)
        else:
            for line in text.splitlines():
                assert line in said, f"the guide promises:\n{line}\nit said:\n{said}"
    return counts


def main():
    http, pull, service = free_ports(3)
    guide = Path(GUIDE).read_text().replace("8099", str(service))
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(Path(folder), f"127.0.0.1:{http}", f"tcp://127.0.0.1:{pull}")
        try:
            counts = follow(guide, terminal)
        except AssertionError:
            log = terminal.home / "nocturne.log"
            print(log.read_text() if log.exists() else "", file=sys.stderr)
            raise
        finally:
            terminal.close()
        assert counts["sh"] > 10 and counts["text"] > 8, counts
        print("the guide was followed:", counts)


main()
