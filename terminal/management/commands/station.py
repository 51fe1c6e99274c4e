"""One charge point in your hands: it connects, you plug, start, stop and break it.

Needs no server and no store. Frames are shown as they pass; type `help` for what can be typed.
Exit code: 0; 1 where a line of a script came to nothing; 2 where it could not begin.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any, TextIO

import uvloop

from runtime import lifetime
from stations.models import Station
from terminal import rows, sources
from terminal.command import TerminalCommand
from terminal.desk import Desk, Ended
from terminal.ground import Ground
from terminal.hearing import Hearing
from terminal.showing import Lines, Objects, Show
from terminal.words import commands_of


class Command(TerminalCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        rows.add_options(parser)
        parser.add_argument("--id", required=True, metavar="IDENTITY", help="known to the CSMS")
        parser.add_argument(
            "--version", action="append", choices=rows.VERSIONS, metavar="V", dest="versions",
            help="OCPP version: 1.6 (default), 2.0.1 or 2.1; several are offered in their order",
        )  # fmt: skip
        parser.add_argument(
            "--script", metavar="FILE",
            help="lines as one would type them, - for standard input; the first that fails ends it",
        )  # fmt: skip
        parser.add_argument(
            "--go-on", action="store_true", help="a line that fails does not end the script"
        )
        parser.add_argument(
            "--json", action="store_true", help="a JSON object a line in place of text"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = argparse.Namespace(**options)
        try:
            row = rows.row_of(chosen, chosen.id, chosen.versions or ())
            script = opened(chosen.script)
        except rows.Unusable as problem:
            self.stderr.write(str(problem))
            sys.exit(2)
        show = Objects() if chosen.json else Lines()
        rows.set_pace(chosen)
        sys.exit(uvloop.run(run(row, show, script, chosen.go_on)))


def opened(path: str | None) -> TextIO | None:
    """The script; None where a person is to type. Raises rows.Unusable."""
    if path is None:
        return None if sources.is_a_person() else sys.stdin
    if path == "-":
        return sys.stdin
    try:
        return open(path, encoding="utf-8")  # noqa: SIM115 - closed with the process
    except OSError as error:
        raise rows.Unusable(f"{path} cannot be read: {error.strerror}.") from error


async def run(row: Station, show: Show, script: TextIO | None, go_on: bool = False) -> int:
    """Run the station and carry out the lines; the exit code. go_on: after a line that failed."""
    hearing = Hearing(show)
    ground = Ground(hearing)
    desk = Desk(row.identity, ground, hearing, show)
    over = asyncio.Event()
    lifetime.on_signal(over.set)
    with contextlib.nullcontext() if script else sources.above_the_prompt():
        ground.add(row)
        ground.start(row.identity)
        lines = sources.streamed(script) if script else sources.typed(
            row.identity, commands_of(desk.version)
        )  # fmt: skip
        work = asyncio.create_task(carry_out(desk, lines, script is not None and not go_on))
        waits = asyncio.create_task(over.wait())
        try:
            await asyncio.wait([work, waits], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await lifetime.end([work, waits])
            await ground.leave()
    return 1 if script and desk.failed and not go_on else 0


async def carry_out(desk: Desk, lines: AsyncIterator[str], ends: bool) -> None:
    """ends: at the first line that comes to nothing."""
    async for line in lines:
        try:
            done = await desk.carry_out(line)
        except Ended:
            break
        if ends and not done:
            return
    await desk.hear_out()
