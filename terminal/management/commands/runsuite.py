"""Run many scenarios against a CSMS, some at a time, with no server and no store; report verdicts.

FILE is a suite (docs/reference/suites.md), a scenario, a list of them, or a folder. Exit code:
0 all as it should be, 1 something failed, 2 could not be run.
"""

from __future__ import annotations

import argparse
from typing import Any

from scenarios.suites import NAMES
from terminal.suites import command
from terminal.suites.cases import Suite
from terminal.suites.equipping import Equipped


class Command(command.VerdictCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "file", metavar="FILE",
            help=f"a suite, a folder of scenarios, or one that ships: {', '.join(NAMES)}",
        )  # fmt: skip
        parser.add_argument(
            "--id", default="CP-{n}", metavar="PATTERN",
            help="names of the stations; {n} is 1, 2, ... (default: %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--parallel",
            type=int,
            metavar="N",
            help="cases at a time (default: as the suite says, else 1)",
        )
        parser.add_argument(
            "--only", action="append", default=[], metavar="PATTERN",
            help="cases whose id matches, such as 'TC_0*'; may be given several times",
        )  # fmt: skip
        command.add_options(parser)

    def judge(self, suite: Suite, chosen: argparse.Namespace, equipped: Equipped) -> int:
        if chosen.only:
            suite = suite.only(chosen.only)
        usual = suite.parallel if "{n}" in chosen.id else 1
        parallel = usual if chosen.parallel is None else chosen.parallel
        names = command.identities(chosen.id, parallel, suite)
        return command.carry_out(suite, chosen, names, equipped)
