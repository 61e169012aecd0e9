"""The example estate without a daemon: its faults are real, they heal, and nothing is left behind."""
import json
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ESTATE = Path(__file__).parents[2] / "examples/estate/estate"


class EstateTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.state = Path(self.folder.name, "estate")
        self.addCleanup(self.estate, "stop")
        # Nobody listens there: the prober keeps its events and goes on.
        self.estate("start", "--ack", f"ipc://{self.folder.name}/ack", "--push", f"ipc://{self.folder.name}/push")

    def estate(self, *command):
        return subprocess.run([sys.executable, ESTATE, *command, "--state", self.state],
                              capture_output=True, text=True, timeout=60)

    def ask(self, name, path):
        port = (self.state / f"{name}.port").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_locked_database_fails_what_calls_it_until_it_is_healed(self):
        self.assertEqual(self.ask("front", "/shop")[0], 200)

        self.estate("break", "database")

        self.assertEqual(self.ask("database", "/products"), (503, {"error": "database is locked"}))
        for name, path in (("orders", "/place"), ("checkout", "/buy"), ("front", "/shop")):
            status, answer = self.ask(name, path)
            self.assertEqual(status, 502)
            self.assertIn("database: timed out", answer["error"])
        self.assertEqual(self.ask("cart", "/content")[0], 200)
        self.assertEqual(self.ask("catalogue", "/products")[0], 200)  # the cache remembers

        self.estate("heal", "database")

        self.assertEqual(self.ask("front", "/shop")[0], 200)

    def test_broken_cache_hangs_and_comes_back(self):
        self.estate("break", "cache")
        status = self.estate("status")
        self.assertEqual(status.returncode, 1)
        self.assertRegex(status.stdout, r"cache +hangs")
        self.assertEqual(self.ask("cart", "/content")[0], 502)

        self.estate("heal", "cache")

        self.assertEqual(self.estate("status").returncode, 0)

    def test_stop_ends_every_process_also_a_hanging_one(self):
        pids = [pid for pid, _ in json.loads((self.state / "processes.json").read_text()).values()]
        self.assertEqual(len(pids), 8)
        self.estate("break", "cache")
        self.estate("break", "database")

        self.assertEqual(self.estate("stop").returncode, 0)

        self.assertFalse(self.state.exists())
        self.assertEqual([pid for pid in pids if Path(f"/proc/{pid}/stat").exists()
                          and ") Z " not in Path(f"/proc/{pid}/stat").read_text()], [])

    def test_refuses_a_second_start_and_an_unknown_name(self):
        self.assertIn("already runs", self.estate("start").stderr)
        self.assertIn("no process \"moon\"", self.estate("break", "moon").stderr)


if __name__ == "__main__":
    unittest.main()
