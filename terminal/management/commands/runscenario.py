"""Run a scenario against a CSMS, with no server and no store, and give the verdict on it.

FILE is a scenario (docs/reference/scenarios.md), or a list of them. Exit code: 0 passed, 1 failed,
2 could not be run.
"""

from __future__ import annotations

import argparse
from typing import Any

from terminal.suites import command
from terminal.suites.cases import Suite
from terminal.suites.equipping import Equipped


class Command(command.VerdictCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--id", required=True, metavar="IDENTITY", help="known to the CSMS")
        command.add_options(parser)

    def judge(self, suite: Suite, chosen: argparse.Namespace, equipped: Equipped) -> int:
        names = command.identities(chosen.id, 1, suite)
        return command.carry_out(suite, chosen, names, equipped)
