"""`make simulate SEEDS=100000`: many more worlds than `make test` has the time for."""

import argparse
import os
import sys
from collections import Counter

from tests.simulation.run import Report, explain, side_by_side

_EXPLAINED = 3


def main() -> int:
    """Exit status 1 if a world failed or a guard never fired."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    report = Report(0, [], Counter())
    for part in side_by_side(options.first, options.seeds, options.processes):
        report = Report(report.seeds + part.seeds, report.failed + part.failed, report.guards + part.guards)
        print(f"\r{report.seeds:,} seeds, {len(report.failed)} failed", end="", flush=True)  # noqa: T201
    lines = ["", *(f"{count:>12,}  {guard}" for guard, count in sorted(report.guards.items()))]
    lines += [f"never fired: {guard}" for guard in report.unfired if options.seeds > 1]
    lines += [explain(seed) for seed in report.failed[:_EXPLAINED]]
    if report.failed[_EXPLAINED:]:
        lines.append(f"failed, too: {report.failed[_EXPLAINED:][:100]}")
    print("\n".join(lines))  # noqa: T201
    return int(bool(report.failed or (options.seeds > 1 and report.unfired)))


if __name__ == "__main__":
    sys.exit(main())
