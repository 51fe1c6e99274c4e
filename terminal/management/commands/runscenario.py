"""Run a scenario against a CSMS, with no server and no store, and give the verdict on it.

FILE is a scenario as docs/scenarios.md has it, or a list of them. Exit code: 0 passed, 1 failed,
2 could not be run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import Any

from terminal.rows import Unusable
from terminal.suites import command, documents


class Command(command.VerdictCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--id", required=True, metavar="IDENTITY", help="known to the CSMS")
        parser.add_argument(
            "--var", action="append", default=[], metavar="NAME=VALUE", dest="variables",
            help="another value for a variable of the scenario; JSON, else text",
        )  # fmt: skip
        command.add_options(parser)

    def judge(self, suite: documents.Suite, chosen: argparse.Namespace) -> int:
        given = _variables(chosen.variables)
        cases = tuple(_with(case, given) for case in suite.cases)
        return command.carry_out(replace(suite, cases=cases), chosen, (chosen.id,))


def _variables(pairs: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Unusable(f"--var takes NAME=VALUE, not {pair!r}.")
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
    return given


def _with(case: documents.Case, given: dict[str, Any]) -> documents.Case:
    known = case.content["variables"]
    if strange := sorted(set(given) - set(known)):
        names = ", ".join(sorted(known)) or "none"
        raise Unusable(f"{case.id} has no variable {', '.join(strange)}; it has: {names}.")
    return replace(case, content={**case.content, "variables": {**known, **given}})
