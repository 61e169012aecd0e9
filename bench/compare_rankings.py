#!/usr/bin/env python3
"""Whether a change of the causal walk is more than luck.

usage: compare_rankings.py BEFORE AFTER

BEFORE and AFTER hold what `bench_ranking CASES --by-case` printed. For each data set and for all,
each set counting the same: top-1 and top-3, and how much more likely the true cause became (mean
log-likelihood), by the shipped weights, by weights fitted to the other sets, and 5-fold; and in how
many of 10,000 bootstrap draws of the cases, the same for both, AFTER is better in likelihood.
"""
import random
import sys

WAYS = ("shipped", "other sets", "5-fold")
DRAWS = 10_000


def read(path):
    cases = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            data_set, name, *judged = line.split()
            cases.setdefault(data_set, {})[name] = [
                (int(judged[2 * i]), float(judged[2 * i + 1])) for i in range(len(WAYS))
            ]
    return cases


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def top(cases, way, depth):
    return mean(1 <= judged[way][0] <= depth for judged in cases.values())


def gains_of(before, after, way):
    return [after[name][way][1] - before[name][way][1] for name in sorted(before)]


def share_better(gains_by_set):
    """Of bootstrap draws within each set, those in which the mean gain is above zero."""
    draw = random.Random(1)
    better = 0
    for _ in range(DRAWS):
        better += mean(mean(draw.choices(gains, k=len(gains))) for gains in gains_by_set) > 0
    return better / DRAWS


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    before, after = read(arguments[0]), read(arguments[1])
    if {name: set(cases) for name, cases in before.items()} != {
        name: set(cases) for name, cases in after.items()
    }:
        print("the two files tell of different cases", file=sys.stderr)
        return 2
    for way, title in enumerate(WAYS):
        print(f"{title:12} {'top-1':>16} {'top-3':>16} {'log-likelihood':>20} {'better in':>10}")
        for name in sorted(before):
            gains = gains_of(before[name], after[name], way)
            print(
                f"{name:12}"
                f"{top(before[name], way, 1):9.3f} ->{top(after[name], way, 1):6.3f}"
                f"{top(before[name], way, 3):9.3f} ->{top(after[name], way, 3):6.3f}"
                f"{mean(gains):+20.3f} {share_better([gains]):10.3f}"
            )
        gains_by_set = [gains_of(before[name], after[name], way) for name in sorted(before)]
        print(f"{'all':12}{mean(map(mean, gains_by_set)):+52.3f} {share_better(gains_by_set):10.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
