"""python -m conformance: run the suites against the reference CSMS and against broken ones.

Prints a table and whoever survived. Exit code 1 where a case does not pass on the correct CSMS, or
less than 98 % of the broken ones are found out. --keep: the table of a whole run goes into
docs/reference/conformance.md. --write: that page anew, without a run. --in-a-row N: the correct
CSMS so many times; what came of it goes into that page.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.profiles.suites")


def main() -> int:
    from conformance.suites import WORDS

    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--suite", action="append", default=[], choices=WORDS)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--jobs", type=int, default=64, metavar="N", help="cases at a time")
    parser.add_argument("--good", action="store_true", help="the correct CSMS only")
    parser.add_argument("--bad", action="store_true", help="the broken ones only")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="each Nth broken one")
    parser.add_argument("--verbose", action="store_true", help="a line for each trial")
    parser.add_argument(
        "--frames", action="store_true", help="what was said in what came out wrong"
    )
    parser.add_argument("--keep", action="store_true", help="write the table of the run, too")
    parser.add_argument("--write", action="store_true", help="docs/reference/conformance.md")
    parser.add_argument("--in-a-row", type=int, default=0, metavar="N", help="the correct CSMS")
    options = parser.parse_args()

    import django

    django.setup()
    if options.write:
        from conformance.page import PAGE, page

        PAGE.write_text(page())
        return 0
    partial = options.suite or options.only or options.good or options.bad or options.sample != 1
    if options.keep and partial:
        parser.error("--keep is for a whole run")
    if options.in_a_row and (partial or options.keep):
        parser.error("--in-a-row is of all suites, on the correct CSMS")
    return in_a_row(options) if options.in_a_row else run(options)


def run(options: argparse.Namespace) -> int:
    from conformance import kept, shares, table

    began = time.monotonic()
    trials = shares.results(options)
    seconds = time.monotonic() - began
    rows = table.rows(trials)
    print("\n".join([table.HEAD, *map(table.line, rows), *table.wrong(trials)]))
    print(f"{len(trials)} trials in {seconds:.0f} s")
    if options.keep:
        from conformance.page import PAGE, page

        kept.keep(rows, seconds)
        PAGE.write_text(page())
    return 0 if table.is_enough(trials) else 1


def in_a_row(options: argparse.Namespace) -> int:
    from conformance import kept, shares, table
    from conformance.page import PAGE, page

    options.good = True
    seconds, loads, clean, cases = [], [], 0, 0
    for number in range(1, options.in_a_row + 1):
        began = time.monotonic()
        trials = shares.results(options)
        seconds.append(round(time.monotonic() - began))
        loads.append(round(os.getloadavg()[0], 1))
        cases, wrong = len(trials), table.wrong(trials)
        clean += not wrong
        print("\n".join([f"{number}: {len(wrong)} of {cases} failed, {seconds[-1]} s", *wrong]))
    bounds = (min(seconds), max(seconds)), (min(loads), max(loads))
    made = kept.InARow(kept.today(), options.in_a_row, clean, cases, *bounds)
    kept.keep_in_a_row(made)
    PAGE.write_text(page())
    return 0 if clean == options.in_a_row else 1


if __name__ == "__main__":
    sys.exit(main())
