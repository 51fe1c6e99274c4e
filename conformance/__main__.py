"""python -m conformance: run the suites against the reference CSMS and against broken ones.

Prints a table and whoever survived. Exit code 1 where a case does not pass on the correct CSMS, or
less than 98 % of the broken ones are found out. --write: docs/reference/conformance.md, without a
run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.profiles.suites")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--suite", action="append", default=[], choices=("16", "201", "21"))
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--jobs", type=int, default=16, metavar="N", help="cases at a time")
    parser.add_argument("--good", action="store_true", help="the correct CSMS only")
    parser.add_argument("--bad", action="store_true", help="the broken ones only")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="each Nth broken one")
    parser.add_argument("--verbose", action="store_true", help="a line for each trial")
    parser.add_argument(
        "--frames", action="store_true", help="what was said in what came out wrong"
    )
    parser.add_argument("--write", action="store_true", help="docs/reference/conformance.md")
    options = parser.parse_args()

    import django

    django.setup()
    if options.write:
        from conformance.page import PAGE, page

        PAGE.write_text(page())
        return 0
    return run(options)


def run(options: argparse.Namespace) -> int:
    import uvloop

    from conformance import breakages, running, suites, table
    from terminal.suites import documents

    rows, lines, fine = [], [], True
    for known in suites.found(options.suite):
        suite = running.chosen(documents.read(str(known.file), []), options.only)
        broken = breakages.read(known.folder)
        trials = running.trials_of(suite, broken, not options.bad, not options.good)
        trials = sampled(trials, options.sample)
        if not trials:
            continue
        began = time.monotonic()
        uvloop.run(running.carry_out(trials, options.jobs, _teller(options)))
        rows.append(table.row(known.title, trials, time.monotonic() - began))
        lines += table.wrong(trials)
        fine = fine and table.is_enough(trials)
    print("\n".join([table.HEAD, *rows, *lines]))
    return 0 if fine else 1


def sampled(trials: list, step: int) -> list:
    """All on the correct CSMS, and each `step`th on a broken one."""
    bad = [trial for trial in trials if trial.breakage is not None]
    kept = {id(trial) for trial in bad[::step]}
    return [trial for trial in trials if trial.breakage is None or id(trial) in kept]


def _teller(options: argparse.Namespace):
    def told(trial) -> None:
        result, how = trial.result, "ok " if trial.good else "BAD"
        if options.verbose:
            what = f"{trial.case.id} [{trial.breakage or 'correct'}] {result.seconds:.1f} s"
            print(f"{how} {what} {result.verdict}: {result.message[:300]}", flush=True)
        if options.frames and not trial.good:
            for step in result.steps:
                print(
                    f"      {step.began:6.2f} {step.path} {step.type} {step.state} {step.message}"
                )
            for frame in result.frames:
                print(f"      {frame['time'][14:23]} {frame['direction']} {frame['frame']}"[:300])

    return told


if __name__ == "__main__":
    sys.exit(main())
