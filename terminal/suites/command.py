"""Options, progress and exit code of `runscenario` and `runsuite`."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from runtime import lifetime
from stations.models import Station
from terminal import haste, rows
from terminal.command import TerminalCommand
from terminal.showing import printable
from terminal.suites import documents, equipping, repeating
from terminal.suites.asking import asking, by_files
from terminal.suites.cases import Suite
from terminal.suites.equipping import Equipped
from terminal.suites.reports.junit import junit
from terminal.suites.reports.page import html
from terminal.suites.reports.plain import as_json, badge
from terminal.suites.results import Report, Result
from terminal.suites.running import LONGEST, NotEquipped, SuiteRun, Wishes

OK, FAILED, UNUSABLE, ENDED = 0, 1, 2, 130
MOST_AT_ONCE = 500
REPORTS: dict[str, Callable[[Report], bytes]] = {
    "junit": junit, "html": html, "json": as_json, "badge": badge,
}  # fmt: skip
_WANTING = (
    "give a ws:// address", "give a ws:// address and a --password",
    "give a --secure-csms and a --password", "give a --secure-csms, a --cert and its --key",
)  # fmt: skip
_COLOURS = {
    "PASS": "green", "FAIL": "bold red", "ERROR": "bold red", "PARTIAL": "yellow",
    "SKIPPED": "yellow", "NOT APPLICABLE": "dim",
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `runsuite` and `runscenario` share."""
    rows.add_options(parser)
    parser.add_argument(
        "--version", action="append", choices=rows.VERSIONS, metavar="V", dest="versions",
        help="run in this OCPP version; several: in each of them (default: as the file says)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, metavar="N", help="dice of the run; drawn and told if left out"
    )
    parser.add_argument(
        "--case-timeout", type=float, default=LONGEST, metavar="S",
        help="seconds that a case may take (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--strict", action="store_true", help="a warning of the wire watch, or PARTIAL, fails"
    )
    equipping.add_options(parser)
    haste.add_option(parser)
    for name, what in (("junit", "JUnit XML"), ("html", "one page"), ("json", "everything"),
                       ("badge", "an SVG")):  # fmt: skip
        parser.add_argument(f"--{name}", metavar="FILE", help=f"write a report: {what}")


class VerdictCommand(TerminalCommand):
    """Reads a suite from `file`, has it judged, and ends with the exit code."""

    def run_from_argv(self, argv: list[str]) -> None:
        """As Django does it, after options were spelled out; exits with UNUSABLE where they
        cannot be."""
        try:
            words = spelled_out(argv[2:])
        except rows.Unusable as problem:
            self.stderr.write(str(problem))
            sys.exit(UNUSABLE)
        super().run_from_argv([*argv[:2], *words])

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what the file says; exits with the code of the verdicts, or UNUSABLE where it
        cannot be run."""
        chosen = argparse.Namespace(**options)
        try:
            equipped = equipping.of_options(chosen)
            suite = self.read(chosen)
            suite = suite.given(equipped.values, equipped.driver_variables)
            code = self.judge(suite, chosen, equipped)
        except rows.Unusable as problem:
            self.stderr.write(str(problem))
            code = UNUSABLE
        sys.exit(code)

    def read(self, chosen: argparse.Namespace) -> Suite:
        """What is to be judged. Raises rows.Unusable."""
        return documents.read(chosen.file, chosen.versions or [])

    def judge(self, suite: Suite, chosen: argparse.Namespace, equipped: Equipped) -> int:
        """The exit code. Raises rows.Unusable."""
        raise NotImplementedError


def spelled_out(words: list[str]) -> list[str]:
    """`@FILE` as the first of the options stands for its lines, one a word: they do not show in
    the list of processes. Raises rows.Unusable."""
    if not words or not words[0].startswith("@"):
        return words
    try:
        text = Path(words[0][1:]).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise rows.Unusable(f"{words[0][1:]} cannot be read: {problem}") from problem
    return [*text.removesuffix("\n").split("\n"), *words[1:]]


def identities(pattern: str, lanes: int, suite: Suite) -> tuple[str, ...]:
    """Of the stations of so many cases at a time; `CP-{n}` is CP-1, CP-2, ...

    Raises Unusable where more than one would have one name.
    """
    if not 1 <= lanes <= MOST_AT_ONCE:
        raise rows.Unusable(f"--parallel takes a number from 1 to {MOST_AT_ONCE}.")
    each = max((case.count() for case in suite.cases), default=1)
    if lanes * each > 1 and "{n}" not in pattern:
        what = "--parallel needs" if each == 1 else "A case of several stations needs"
        raise rows.Unusable(f"{what} a number in --id, such as CP-{{n}}.")
    lanes = min(lanes, max(1, len(suite.cases)))
    return tuple(pattern.replace("{n}", str(n)) for n in range(1, lanes * each + 1))


def carry_out(
    suite: Suite, chosen: argparse.Namespace, names: tuple[str, ...], equipped: Equipped
) -> int:
    """Run it, show how it goes, write the reports; the exit code. Raises rows.Unusable."""
    if not suite.cases:
        raise rows.Unusable("No case is left to run.")
    files = writable_files(chosen)
    rows.set_pace(chosen)
    speed = haste.check(chosen.speed)

    can = rows.profiles(chosen)
    suite = suite.linked(rows.own_profile(chosen), can)

    def make(
        identity: str, version: str, settings: dict[str, Any], profile: int | None = None
    ) -> Station:
        if profile is not None and profile not in can:
            raise NotEquipped(f"It is for security profile {profile}: {_WANTING[profile]}.")
        return rows.row_of(rows.of_profile(chosen, profile), identity, [version], settings)

    for case in suite.cases:  # what is wrong with the options or a case is told before anything
        with suppress(NotEquipped):
            make(names[0], case.version, case.station, case.profile)
        case.bounds()
    seed = random.SystemRandom().randrange(2**31) if chosen.seed is None else chosen.seed
    console = Console(highlight=False, soft_wrap=True)
    began, since = time.time(), time.monotonic()
    done: list[Result] = []

    def told(result: Result) -> None:
        done.append(result)
        _show(console, result, len(done), len(suite.cases))

    ask = by_files(chosen.questions) if chosen.questions else asking(console)
    wishes = Wishes(names, seed, chosen.case_timeout, equipped.equipment, equipped.web,
                    ask if equipped.equipment.person else None, speed)  # fmt: skip
    run = SuiteRun(suite, wishes, make, told)
    results = haste.run(_unless_ended(run), speed)
    report = Report(
        suite.name, chosen.csms, seed, _command(seed), chosen.strict, began,
        time.monotonic() - since, results if results is not None else done,
        _environment(speed),
    )  # fmt: skip
    for name, path in files.items():
        path.write_bytes(REPORTS[name](report))
    _sum_up(console, report, len(suite.cases))
    if results is None:
        return ENDED
    return OK if report.passed else FAILED


def _environment(speed: float) -> dict[str, str]:
    hurry = {} if speed == 1.0 else {"stations' clock": f"{speed:g} times as fast as the wall's"}
    known = {
        "emulator": _own_version(), "Python": platform.python_version(),
        "system": platform.system(), "machine": platform.machine(),
    }  # fmt: skip
    return known | hurry


def _own_version() -> str:
    """Of the package that is installed; a tree of sources has none."""
    try:
        return metadata.version("ocpp-emulator")
    except metadata.PackageNotFoundError:
        return "from sources"


async def _unless_ended(run: SuiteRun) -> list[Result] | None:
    """None where a signal ended it."""
    ended = asyncio.Event()
    lifetime.on_signal(ended.set)
    work = asyncio.create_task(run.run())
    waits = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait([work, waits], return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        await lifetime.end([work, waits], lifetime.PATIENCE * 3)


def writable_files(chosen: argparse.Namespace) -> dict[str, Path]:
    """Where the reports go, by kind. Raises Unusable before anything is run in vain."""
    files = {}
    for name in REPORTS:
        if path := getattr(chosen, name):
            folder = Path(path).absolute().parent
            if not folder.is_dir() or not os.access(folder, os.W_OK):
                raise rows.Unusable(f"--{name}: {folder} is no folder that can be written.")
            files[name] = Path(path)
    return files


def _command(seed: int) -> str:
    """That repeats the run; without its secrets."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:2], *spelled_out(sys.argv[2:])]
    if not any(word == "--seed" or word.startswith("--seed=") for word in words):
        words += ["--seed", str(seed)]
    return repeating.shown(words)


def _show(console: Console, result: Result, number: int, of: int) -> None:
    colour = _COLOURS[result.verdict]
    console.print(
        f"{number}/{of} [{colour}]{escape(result.words)}[/] {escape(result.id)} "
        f"(OCPP {escape(result.column)}, {result.seconds:.1f} s): {escape(result.name)}"
    )
    if result.message:
        console.print(f"    {escape(printable(result.message))}")
    for warning in result.warnings:
        console.print(f"    [yellow]warning:[/] {escape(printable(warning))}")


def _sum_up(console: Console, report: Report, planned: int) -> None:
    counts = ", ".join(f"{n} {verdict}" for verdict, n in report.counts().items() if n)
    left = planned - len(report.results)
    console.print(
        f"{escape(report.name)}: {counts or 'nothing was run'} in {report.seconds:.1f} s"
        + (f", {left} not run" if left else "")
    )
    if report.bad or left:
        console.print(f"Again: {escape(report.command)}")
