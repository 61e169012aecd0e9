"""The estate's processes: started, broken, healed, and ended together."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROCESSES = {"database": "database.py", "cache": "cache.py", "catalogue": "shop.py", "cart": "shop.py",
             "orders": "shop.py", "checkout": "shop.py", "front": "shop.py"}
START_S_MAX = 20


def born(pid):
    """When the process began, so that its number in other hands is not mistaken for it; None: ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        return None


class Estate:
    def __init__(self, state):
        self.state = state
        self.file = state / "processes.json"

    def processes(self):
        """name -> (pid, when it began) of those that live."""
        known = json.loads(self.file.read_text()) if self.file.exists() else {}
        return {name: (pid, at) for name, (pid, at) in known.items() if born(pid) == at}

    def _launch(self, name, command):
        with open(self.state / f"{name}.log", "a") as log:
            child = subprocess.Popen([sys.executable, *map(str, command), "--state", str(self.state)], cwd=HERE,
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._remember(name, (child.pid, born(child.pid)))
        return child

    def _remember(self, name, process):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({**self.processes(), name: process}))
        new.rename(self.file)

    def _wait_for(self, path, child):
        until = time.monotonic() + START_S_MAX
        while not path.exists():
            if child.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"estate: {path.stem} did not start; {self.state}/{path.stem}.log says:\n"
                                 + (self.state / f"{path.stem}.log").read_text()[-2000:])
            time.sleep(0.02)

    def start(self, ack, push):
        if self.processes():
            raise SystemExit(f"estate: it already runs in {self.state}; end it with: estate stop")
        if self.state.exists() and not self.file.exists() and any(self.state.iterdir()):
            raise SystemExit(f"estate: {self.state} holds other files, and `stop` would remove them; take another folder")
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in self.state.glob("*.port"):
            old.unlink()
        try:
            for name, file in PROCESSES.items():
                child = self._launch(name, [HERE / file, "--name", name])
                self._wait_for(self.state / f"{name}.port", child)
            self._launch("prober", [HERE / "prober.py", "--ack", ack, "--push", push])
        except BaseException:
            self.stop()
            raise

    def break_(self, name):
        if name == "database":
            if "lock" in self.processes():
                return
            self._wait_for(self.state / "lock.held", self._launch("lock", [HERE / "lock.py"]))
        else:
            os.kill(self._pid(name), signal.SIGSTOP)

    def heal(self, name):
        if name != "database":
            os.kill(self._pid(name), signal.SIGCONT)
        elif "lock" in (processes := self.processes()):
            end(processes["lock"])
            (self.state / "lock.held").unlink(missing_ok=True)

    def _pid(self, name):
        processes = self.processes()
        if name not in PROCESSES:
            raise SystemExit(f"estate: no process \"{name}\"; there are {', '.join(PROCESSES)}")
        if name not in processes:
            raise SystemExit(f"estate: {name} does not run")
        return processes[name][0]

    def status(self):
        """name -> ok | hangs | dead, and what the database's lock is doing."""
        processes, answer = self.processes(), {}
        for name in PROCESSES:
            answer[name] = "dead"
            if name in processes:
                try:
                    port = (self.state / f"{name}.port").read_text()
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                    answer[name] = "locked" if name == "database" and "lock" in processes else "ok"
                except OSError:
                    answer[name] = "hangs"
        answer["prober"] = "ok" if "prober" in processes else "dead"
        return answer

    def stop(self):
        for process in reversed(self.processes().values()):
            end(process)
        if self.file.exists():
            shutil.rmtree(self.state)


def end(process):
    """Asks a process to end, insists after two seconds, and comes back when it is gone."""
    pid, at = process
    for sign, patience_s in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, sign)
            os.kill(pid, signal.SIGCONT)  # one that hangs hears nothing else
        except ProcessLookupError:
            return
        until = time.monotonic() + patience_s
        while born(pid) == at and time.monotonic() < until:
            time.sleep(0.02)
        if born(pid) != at:
            return
