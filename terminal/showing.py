"""How what happens is shown: lines for people, or a JSON object a line for machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import orjson
from rich.console import Console
from rich.text import Text

from chargepoint.effects import Frame
from messaging.records import speakable_tree
from terminal.hearing import as_plain

LONGEST = 2000  # characters of a frame's text in a line for people
_ARROWS = {"sent": ("→", "cyan"), "received": ("←", "green")}


def printable(text: str) -> str:
    """On one line. A CSMS chooses some of these characters: none of them may move the cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


class Show(Protocol):
    """Everything that is said to the outside. Also hearing.Listener."""

    def frame(self, station: str, frame: Frame) -> None: ...

    def link(self, station: str, state: str, why: str) -> None: ...

    def result(self, command: str, result: dict[str, Any]) -> None:
        """A command was carried out."""

    def refused(self, command: str, code: str, why: str) -> None:
        """It was not."""

    def answer(self, name: str, value: Any, text: str) -> None:
        """What was asked for, as a value and in words."""


class Lines:
    """For people."""

    def __init__(self) -> None:
        # Without a file it asks for sys.stdout each time, which a prompt replaces.
        self._console = Console(highlight=False, soft_wrap=True)

    def frame(self, station: str, frame: Frame) -> None:
        """Print a frame in one line: time, arrow, action, latency in ms, text (cut at LONGEST),
        error, mark."""
        line = Text(datetime.fromtimestamp(frame.time).strftime("%H:%M:%S.%f")[:-3] + " ", "dim")
        arrow, colour = _ARROWS.get(frame.direction, ("·", "yellow"))
        line.append(f"{arrow} {frame.action or frame.kind}", f"bold {colour}")
        if frame.action and frame.kind != "Call":
            line.append(f" {frame.kind}", colour)
        if frame.latency is not None:
            line.append(f" {frame.latency * 1000:.0f} ms", "dim")
        text = frame.text
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]}… ({len(text)} characters)"
        line.append(f"  {text}")
        for why, style in ((frame.error, "bold red"), (frame.mark, "magenta")):
            if why:
                line.append(f"  {why}", style)
        self._print(line)

    def link(self, station: str, state: str, why: str) -> None:
        self._print(Text(f"{station} is {state}{': ' if why else ''}{why}", "yellow"))

    def result(self, command: str, result: dict[str, Any]) -> None:
        self._print(Text(f"{command}: {_compact(result) if result else 'done'}", "dim"))

    def refused(self, command: str, code: str, why: str) -> None:
        self._print(Text(f"{command}: {why}", "bold red"))

    def answer(self, name: str, value: Any, text: str) -> None:
        self._print(Text(text))

    def _print(self, line: Text) -> None:
        # A CSMS chooses these characters: none of them may move the cursor.
        line.plain = "".join(c if c.isprintable() or c == "\n" else "�" for c in line.plain)
        self._console.print(line)


class Objects:
    """For machines: each line is a JSON object with `event`."""

    def frame(self, station: str, frame: Frame) -> None:
        self._write(as_plain(station, frame))

    def link(self, station: str, state: str, why: str) -> None:
        self._write({"event": "link", "station": station, "state": state, "why": why})

    def result(self, command: str, result: dict[str, Any]) -> None:
        self._write({"event": "result", "command": command, "result": result})

    def refused(self, command: str, code: str, why: str) -> None:
        self._write({"event": "refused", "command": command, "code": code, "why": why})

    def answer(self, name: str, value: Any, text: str) -> None:
        self._write({"event": name, "value": value})

    def _write(self, value: dict[str, Any]) -> None:
        print(_compact(value), flush=True)


def _compact(value: Any) -> str:
    return orjson.dumps(speakable_tree(value), default=str).decode()
