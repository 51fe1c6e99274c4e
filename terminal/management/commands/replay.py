"""Play what a station once said against a CSMS, and give the verdict on what that answers.

FILE is a recording as `record` takes it. Exit code: 0 passed, 1 failed, 2 could not be run.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scenarios.replay.conversation import Conversation
from terminal import recording
from terminal.rows import Unusable
from terminal.suites import command
from terminal.suites.cases import Suite
from terminal.suites.equipping import Equipped
from terminal.suites.suite_files import of_suite


class Command(command.VerdictCommand):
    help = __doc__
    heard: Conversation | None = None

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument(
            "--id", metavar="IDENTITY", help="known to the CSMS (default: the recorded one)"
        )
        recording.add_options(parser)
        command.add_options(parser)

    def read(self, chosen: argparse.Namespace) -> Suite:
        self.heard = recording.of_file(chosen)
        document = recording.document_of(self.heard, chosen, suite=True)
        if chosen.versions:
            document["versions"] = chosen.versions
        return of_suite(Path(chosen.file), document, [])

    def judge(self, suite: Suite, chosen: argparse.Namespace, equipped: Equipped) -> int:
        identity = chosen.id or (self.heard.station if self.heard else "")
        if not identity:
            raise Unusable("The recording does not tell the station's identity: give --id.")
        return command.carry_out(suite, chosen, (identity,), equipped)
