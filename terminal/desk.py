"""One station and whoever moves it, line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

import orjson

from chargepoint.core.commands import CommandRejected
from terminal.ground import Ground
from terminal.hearing import Hearing
from terminal.showing import Show
from terminal.words import Ask, Order, Unclear, explain, read

PATIENCE = 30.0  # seconds that `wait` has where none are named
LAST_WORDS = 5.0  # seconds at the end for what the CSMS has not answered
LONGEST_WAIT = 86_400.0
FRAMES = 10


class Ended(Exception):
    """`quit` was typed."""


class Desk:
    """failed: how many lines came to nothing."""

    def __init__(self, identity: str, ground: Ground, hearing: Hearing, show: Show) -> None:
        self.identity = identity
        self.failed = 0
        self._ground, self._hearing, self._show = ground, hearing, show
        self._mark = 0  # what is waited for comes after the frame of this number

    @property
    def version(self) -> str:
        """That it speaks at this moment."""
        return self._ground.consumer(self.identity).station.config.version

    async def carry_out(self, line: str) -> bool:
        """Whether the line did what it says. Raises Ended."""
        name = line.strip().partition(" ")[0]
        try:
            what = read(line)
            match what:
                case Order():
                    self._mark = self._hearing.count
                    result = self._ground.command(self.identity, what.name, what.arguments)
                    self._show.result(name, result)
                case Ask():
                    await self._asked(what)
        except CommandRejected as refusal:
            return self._refused(name, refusal.code, refusal.message)
        except Unclear as problem:
            return self._refused(name, "unclear", str(problem))
        return True

    async def hear_out(self) -> None:
        """Until the CSMS has answered all that the station has told it, but LAST_WORDS at most."""
        with suppress(TimeoutError):
            await self._hearing.until(self._has_said_all, LAST_WORDS)

    def _has_said_all(self) -> bool:
        station = self._ground.consumer(self.identity).station
        return not station.online or (station.calls.flight is None and not station.calls.queued)

    def _refused(self, name: str, code: str, why: str) -> bool:
        self.failed += 1
        self._show.refused(name, code, why)
        return False

    async def _asked(self, ask: Ask) -> None:
        match ask.name, ask.words:
            case "quit", []:
                raise Ended
            case "help", [*names]:
                text = explain(self.version, " ".join(names))
                self._show.answer("help", text, text)
            case "show", []:
                state = self._state()
                self._show.answer("state", state, _in_words(state))
            case "show", ["state"]:
                state = self._state()
                text = orjson.dumps(state, option=orjson.OPT_INDENT_2, default=str).decode()
                self._show.answer("state", state, text)
            case "show", ["frames", *rest] if len(rest) < 2:
                self._show_frames(int(_number(rest[0])) if rest else FRAMES)
            case "wait", [_, *_]:
                await self._wait(ask.words)
            case _:
                raise Unclear(explain(self.version, ask.name))

    def _state(self) -> dict[str, Any]:
        """With meters and batteries as of now: a look moves them on."""
        with suppress(CommandRejected):  # without power nothing flows
            self._ground.order(self.identity, "look", {})
        return self._ground.command(self.identity, "state", {})

    def _show_frames(self, most: int) -> None:
        frames = list(self._hearing.since(self.identity, 0))
        for _, _, frame in frames[-most:] if most > 0 else ():
            self._show.frame(self.identity, frame)

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(self, words: list[str]) -> None:
        match words:
            case ["frame" | "answer" as what, action, *rest] if len(rest) < 2:
                await self._until(words, lambda: self._came(what, action), rest)
            case ["status", status, connector, seconds]:
                number = int(_number(connector))
                await self._until(words, lambda: self._shows(status, number), [seconds])
            case ["status", status, *rest] if len(rest) < 2:
                number = int(_number(rest[0])) if rest else 1
                await self._until(words, lambda: self._shows(status, number), [])
            case ["ready", *rest] if len(rest) < 2:
                await self._until(words, self._is_ready, rest)
            case ["open" | "off" as state, *rest] if len(rest) < 2:
                await self._until(words, lambda: self._link() == state, rest)
            case [seconds]:
                await asyncio.sleep(_number(seconds))
            case _:
                raise Unclear(explain(self.version, "wait"))

    async def _until(self, words: list[str], holds: Callable[[], Any], rest: list[str]) -> None:
        seconds = _number(rest[0]) if rest else PATIENCE
        try:
            await self._hearing.until(holds, seconds)
        except TimeoutError:
            why = f"It did not come within {seconds:g} s: {' '.join(words)}"
            raise CommandRejected("timeout", why) from None

    def _came(self, what: str, action: str) -> bool:
        """One after what was waited for last. An answer: to a Call of either side."""
        for number, _, frame in self._hearing.since(self.identity, self._mark):
            is_answer = frame.kind in ("CallResult", "CallError", "CallResultError")
            if frame.action == action and frame.direction and is_answer is (what == "answer"):
                self._mark = number
                return True
        return False

    def _shows(self, status: str, connector: int) -> bool:
        connectors = self._ground.consumer(self.identity).station.snapshot()["connectors"]
        return any(each["id"] == connector and each["status"] == status for each in connectors)

    def _is_ready(self) -> bool:
        """In service: the CSMS has accepted its BootNotification."""
        state = self._ground.consumer(self.identity).station.snapshot()
        return state["connected"] and state["registration"] == "Accepted"

    def _link(self) -> str:
        return self._ground.fleet.running[self.identity].dialer.state.value


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise Unclear(f"{word!r} is no number.") from None
    if not 0 <= number <= LONGEST_WAIT:
        raise Unclear(f"{word} is not between 0 and {LONGEST_WAIT:g}.")
    return number


def _in_words(state: dict[str, Any]) -> str:
    link = state["link"]
    why = f" ({link['error']})" if link["error"] else ""
    lines = [
        f"{state['identity']}  OCPP {state['ocpp']}  link {link['state']}{why}  "
        f"registration {state['registration'] or 'none yet'}"
    ]
    for each in islice(state["connectors"], 100):
        parts = [f"  connector {each['id']}: {each['status']}"]
        if each["error"] != "NoError":
            parts.append(each["error"])
        parts.append(f"{each['power_w'] / 1000:.1f} kW, {each['energy_wh'] / 1000:.3f} kWh")
        if each["soc"] is not None:
            parts.append(f"battery {each['soc']:.0f} %")
        if each["transaction"] is not None:
            parts.append(f"transaction {each['transaction']} of {each['id_tag'] or 'nobody'}")
        lines.append(", ".join(parts))
    return "\n".join(lines)
