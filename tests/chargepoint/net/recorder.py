"""Stations that write down what comes to their public boundary, while any test runs with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

from chargepoint import versions
from tests.chargepoint.net.keys import Source, repeatable
from tests.chargepoint.net.values import NotPlain, all_shown, digest, plain

# What the shell does with a station, beside looking at it.
EVENTS = (
    "command", "connected_to", "dial_failed", "disconnected", "power_off", "recall", "received",
    "reconfigure", "reconnect_delay", "transfer_ended", "wake",
)  # fmt: skip


class Seeded(Random):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.seed_given = seed


class Tape:
    """One station's life, from its making on: {"config", "saved", "now", "seed", "events"}.

    An event is [name, arguments, named arguments]. `told`: digests of the effects of each.
    """

    def __init__(self, config: Any, saved: Any, now: float, seed: int) -> None:
        self.source = Source(f"{seed}")
        self.events: list[list[Any]] = []
        self.told: list[str] = []
        self.depth = 0
        self.running = True
        try:
            self.start = {"config": plain(config)["$config"], "saved": plain(saved),
                          "now": plain(now), "seed": plain(seed)}  # fmt: skip
        except NotPlain:
            self.start, self.running = {}, False

    def life(self) -> dict[str, Any]:
        return {**self.start, "events": self.events}


def outcome(call: Any) -> tuple[Any, Any, Exception | None]:
    """(what it returned, the same to be compared, what it raised)."""
    try:
        result = call()
    except Exception as error:
        words = [type(error).__name__, getattr(error, "code", ""), str(error)]
        return None, words, error
    if isinstance(result, tuple):  # of a command
        return result, [result[0], all_shown(result[1])], None
    if isinstance(result, list):
        return result, all_shown(result), None
    return result, result, None


@contextmanager
def recording(tapes: list[Tape], longest: int = 10**9) -> Iterator[None]:
    """Each station that `make_station` gives meanwhile adds its tape."""
    classes: dict[type, type] = {}
    original = versions.station_class

    def recorded(version: str) -> type:
        cls = original(version)
        if cls not in classes:
            made: dict[str, Any] = {name: _wrapped(name) for name in EVENTS}
            made |= {"__slots__": ("tape",), "__init__": begun}
            classes[cls] = type(cls.__name__, (cls,), made)
        return classes[cls]

    def begun(station: Any, config: Any, saved: Any, now: float, rng: Random) -> None:
        own = super(type(station), station).__init__
        if hasattr(station, "tape"):  # it is switched on again, within an event
            own(config, saved, now, rng)
            return
        station.tape = tape = Tape(config, saved, now, getattr(rng, "seed_given", 0))
        with repeatable(tape.source):
            own(config, saved, now, rng)
        if isinstance(rng, Seeded) and tape.running:
            tapes.append(tape)

    def _wrapped(name: str) -> Any:
        def call(station: Any, *args: Any, **named: Any) -> Any:
            own, tape = getattr(super(type(station), station), name), station.tape
            if tape.depth or len(tape.events) >= longest:
                tape.running = tape.running and bool(tape.depth)
                return own(*args, **named)
            if tape.running:
                try:
                    kept = [name, [plain(a) for a in args], {k: plain(v) for k, v in named.items()}]
                except NotPlain:
                    tape.running = False
            tape.depth += 1
            try:
                with repeatable(tape.source):
                    result, words, error = outcome(lambda: own(*args, **named))
            finally:
                tape.depth -= 1
            if tape.running:
                tape.events.append(kept)
                tape.told.append(digest(words))
            if error is not None:
                raise error
            return result

        return call

    classes_made = patch.object(versions, "station_class", recorded)
    with classes_made, patch.object(versions, "Random", Seeded):
        yield
