"""`python -m mutants [PATH ...] [--record]`: plant the faults of all modules, or of those whose path begins so.

Without a path, the table goes into docs/results/mutants.md; `--record` writes into the faults which test noticed them.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from mutants.faults import ROOT, Fault, fault_files, read_faults, write_faults
from mutants.running import Job, outcomes
from mutants.table import PAGE, Result, page, summary


def main() -> int:
    """Exit code 1: the tests fail without a fault, or fewer than 95 of 100 faults are noticed."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", help="of modules, or their beginnings, from src/ipose on")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--record", action="store_true", help="write the noticing tests into the faults")
    options = parser.parse_args()
    rooms = {path: read_faults(path) for path in fault_files()}
    faults = [fault for room in rooms.values() for fault in room if _asked(fault, options.paths)]
    if broken := [tests for tests, passed in _without_fault(faults, options.cores) if not passed]:
        print(f"tests that fail without any fault: {broken}")
        return 1
    results = run(faults, options.cores)
    if options.record:
        noticed = {result.fault: result.noticed_by for result in results}
        for path, room in rooms.items():
            write_faults(path, [replace(fault, claim=noticed.get(fault, fault.claim)) for fault in room])
    if not options.paths:
        (ROOT / PAGE).write_text(page(results), encoding="utf-8")
    print(summary(results))
    missed = sum(result.missed for result in results)
    return int(missed > 0.05 * len(results))


def _asked(fault: Fault, beginnings: Sequence[str]) -> bool:
    return not beginnings or fault.file.startswith(tuple(beginnings))


def _without_fault(faults: Sequence[Fault], cores: int) -> list[tuple[tuple[str, ...], bool]]:
    """Each module's tests, and whether they pass: else a fault that they notice would prove nothing."""
    tests = sorted({fault.tests for fault in faults})
    jobs = [Job(None, files) for files in tests]
    return [(tests[number], outcome.noticed_by is None) for number, outcome in outcomes(jobs, cores)]


def run(faults: Sequence[Fault], cores: int) -> list[Result]:
    """What became of each fault. Where the test that noticed it last time is known, it goes first."""
    results = [Result(fault) for fault in faults]
    for first in (True, False):
        left = [i for i, result in enumerate(results) if result.missed and (result.fault.claim or not first)]
        jobs = [Job(faults[i], [faults[i].claim or ""] if first else faults[i].tests) for i in left]
        for number, outcome in outcomes(jobs, cores):
            result = results[left[number]] = results[left[number]].after(outcome)
            print(f"{result.noticed_by or '-'}: {result.fault.file}: {result.fault.put!r}", file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
