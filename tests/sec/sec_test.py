#!/usr/bin/env python3
"""Lets SEC (Debian's package sec) and our pattern rules hear the same stories, one for each rule type of SEC that
correlates, and compares what they do: how many actions, at which second, for which key.

A case has SEC's rules (`sec.conf`), ours (`rules.yaml`), what both hear (`input.txt`: "second key word") and what both
do (`outcome.txt`: "second key action"). A line of the outcome that begins with "sec:" or "nocturne:" is a difference
by design; the comment above it says why.

SEC runs unchanged, on a clock that the story turns (`Clock.pm`), so that a loaded machine changes nothing. With --real
it runs on the wall's clock, all cases at once, without `calendar`, which would take minutes.

usage: sec_test.py PLAY_RULES [--real] [unittest arguments]
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = sorted(path.name for path in (HERE / "cases").iterdir())
START = 1763690000  # Friday, 21 November 2025, 01:53:20 UTC, as play_rules has it
NEED_MINUTES = {"calendar"}
SEC = shutil.which("sec")


def lines_of(case, name):
    lines = (HERE / "cases" / case / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def story_of(case):
    """[second, text], in the order of time; the last has no text."""
    lines = [line.partition(" ") for line in lines_of(case, "input.txt")]
    return sorted(((int(second), text) for second, _, text in lines), key=lambda line: line[0])


def outcome_of(case, who):
    common = [line for line in lines_of(case, "outcome.txt") if ":" not in line]
    own = [line.split(": ", 1)[1] for line in lines_of(case, "outcome.txt") if line.startswith(who + ": ")]
    return sorted(common + own)


def by_ours(player, case):
    story = "".join(f"{second} {text}\n" for second, text in story_of(case))
    run = subprocess.run([player, HERE / "cases" / case / "rules.yaml"], input=story, capture_output=True, text=True,
                         timeout=60, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return sorted(run.stdout.splitlines())


def sec_options(case):
    return [f"--conf={HERE / 'cases' / case / 'sec.conf'}", "--input=-", "--notail", "--nodetach", "--quiet"]


def sec_outcome(output, start):
    lines = (line.split(" ", 1) for line in output.splitlines())
    return sorted(f"{int(second) - start} {what}" for second, what in lines)


def by_sec(case):
    heard, now = ["clock %d" % START], 0
    for second, text in story_of(case):
        for now in range(now + 1, second + 1):
            heard.append("clock %d" % (START + now))
        now = second
        heard += [text] if text else []
    # --cleantime=0: SEC looks at its clock after each line, else about once a second.
    run = subprocess.run(["perl", f"-I{HERE}", "-MClock", SEC, f"--conf={HERE / 'clock.conf'}", *sec_options(case),
                          "--cleantime=0"], input="\n".join(heard) + "\n", capture_output=True, text=True, timeout=60,
                         env={**os.environ, "TZ": "UTC", "CLOCK_START": str(START)}, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stdout + run.stderr)
    return sec_outcome(run.stdout, START)


def by_sec_in_real_time(case):
    process = subprocess.Popen([SEC, *sec_options(case), "--cleantime=1"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    start = int(time.time()) + 2  # SEC has started by then
    for second, text in story_of(case):
        time.sleep(max(0.0, start + second + 0.5 - time.time()))
        if text:
            process.stdin.write(text + "\n")
            process.stdin.flush()
        if time.time() >= start + second + 0.9:
            process.kill()
            raise AssertionError("the machine is too slow for real time")
    output, errors = process.communicate(timeout=60)
    if process.returncode != 0:
        raise AssertionError(output + errors)
    return sec_outcome(output, start)


@unittest.skipUnless(SEC, "sec is not installed (apt-get install sec)")
class SecTest(unittest.TestCase):
    maxDiff = None

    def test_all_cases_are_there(self):
        self.assertEqual(CASES, ["calendar", "event_group", "pair", "pair_with_window", "single",
                                 "single_with_2_thresholds", "single_with_suppress", "single_with_threshold"])

    def test_ours_does_what_it_should(self):
        for case in CASES:
            with self.subTest(case):
                self.assertEqual(by_ours(PLAYER, case), outcome_of(case, "nocturne"))

    def test_sec_does_what_it_should(self):
        cases = [case for case in CASES if not (REAL and case in NEED_MINUTES)]
        run = by_sec_in_real_time if REAL else by_sec
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            runs = {case: pool.submit(run, case) for case in cases}
        for case, future in runs.items():
            with self.subTest(case):
                self.assertEqual(future.result(), outcome_of(case, "sec"))


if __name__ == "__main__":
    REAL = "--real" in sys.argv
    PLAYER, *REST = [argument for argument in sys.argv[1:] if argument != "--real"]
    unittest.main(argv=[sys.argv[0], *REST])
