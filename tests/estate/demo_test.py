"""`./dev demo` without a person: the daemon in NOCTURNE_PROGRAM is shown a database that breaks."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples/estate/demo"


def processes_naming(text):
    """Command lines of living processes that name the text, our own aside."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and file.parent.name != str(os.getpid()):
            found.append(line)
    return found


class DemoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = Path(folder.name, "demo")
        self.report = Path(folder.name, "report.json")
        self.command = [sys.executable, "-B", str(DEMO), "--program", os.environ["NOCTURNE_PROGRAM"],
                        "--state", str(self.state), "--report", str(self.report)]

    def assert_nothing_is_left(self):
        self.assertEqual(processes_naming(str(self.state)), [])
        self.assertFalse(self.state.exists())

    def test_broken_database_is_one_incident_with_the_right_suspect_and_resolves(self):
        demo = subprocess.run(self.command, capture_output=True, text=True, timeout=200)

        story = demo.stdout + demo.stderr
        self.assertEqual(demo.returncode, 0, story)
        report = json.loads(self.report.read_text())
        self.assertIsNotNone(report["incident"], story)
        self.assertEqual(report["first_suspect"], "database", story)
        self.assertEqual(report["state"], "resolved", story)
        self.assertIsNotNone(report["resolved_at"], story)
        self.assertGreaterEqual(report["alerts"], 4, story)
        self.assertNotIn("\033[", demo.stdout)  # colour is for terminals
        self.assert_nothing_is_left()

    def test_interrupt_half_way_leaves_nothing_behind(self):
        demo = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = ""
        while not line.startswith("Breaking"):
            line = demo.stdout.readline()
            self.assertTrue(line, "the demo ended early")
        time.sleep(1)  # into the storm; any moment is as good
        self.assertNotEqual(processes_naming(str(self.state)), [])

        demo.send_signal(signal.SIGINT)
        rest = demo.communicate(timeout=60)[0]

        self.assertEqual(demo.returncode, 130, rest)
        self.assert_nothing_is_left()

    def test_keep_leaves_all_running_until_stop(self):
        subprocess.run([*self.command, "--keep"], check=True, capture_output=True, timeout=200)
        self.addCleanup(subprocess.run, [sys.executable, "-B", str(DEMO), "--stop", "--state", str(self.state)],
                        capture_output=True)
        self.assertGreaterEqual(len(processes_naming(str(self.state))), 9)

        stop = subprocess.run([sys.executable, "-B", str(DEMO), "--stop", "--state", str(self.state)],
                              capture_output=True, text=True, timeout=60)

        self.assertEqual(stop.stdout, "The demo is ended.\n")
        self.assert_nothing_is_left()


if __name__ == "__main__":
    unittest.main()
