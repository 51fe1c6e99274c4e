"""Make a scenario of what a station and its CSMS said.

FILE is JSON lines (the log's export, `station --json`, or a frame a line) or a capture (pcap or
pcapng) of a WebSocket that is not encrypted. With --station the platform's message log is read.
Exit code: 0; 2 where nothing could be made of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from terminal import recording
from terminal.command import TerminalCommand
from terminal.rows import Unusable


class Command(TerminalCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?")
        parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
        recording.add_options(parser)
        parser.add_argument(
            "--station", metavar="IDENTITY", help="of the platform, in place of a FILE"
        )
        parser.add_argument("--from", metavar="TIME", dest="begin", help="of the log: from then on")
        parser.add_argument("--to", metavar="TIME", dest="end", help="of the log: before then")
        parser.add_argument(
            "--suite", action="store_true",
            help="a suite of it, whose station has the recorded make, model and outlets",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = argparse.Namespace(**options)
        try:
            if (chosen.file is None) is (chosen.station is None):
                raise Unusable("Name either a FILE, or a --station of the message log.")
            heard = recording.of_file(chosen) if chosen.file else recording.of_log(chosen)
            document = recording.document_of(heard, chosen, chosen.suite)
            self._write(chosen.output, recording.as_text(document))
        except Unusable as problem:
            self.stderr.write(str(problem))
            sys.exit(2)

    def _write(self, path: str | None, text: str) -> None:
        if path is None:
            self.stdout.write(text)
            return
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unusable(f"{path} cannot be written: {error.strerror}.") from error
