"""A recorded life lived again: digests of each event's effects and of the state after it."""

import json
import lzma
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from chargepoint.config import StationConfig
from chargepoint.versions import make_station
from tests.chargepoint.net.keys import Source, repeatable
from tests.chargepoint.net.recorder import outcome
from tests.chargepoint.net.values import PLACES, digest, made, state_of

FOLDER = Path(__file__).parent
VERSIONS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
Life = dict[str, Any]


def lived(life: Life) -> Iterator[tuple[Any, Any]]:
    """(effects, state) after the making and after each event, as values to compare."""
    source = Source(f"{life['seed']}")
    config = msgspec.convert(life["config"], StationConfig)
    with repeatable(source):
        station = make_station(config, life["saved"], life["now"], rng_seed=life["seed"])
        yield [], state_of(station)
        for name, args, named in life["events"]:
            named = {key: made(value) for key, value in named.items()}
            step = partial(getattr(station, name), *map(made, args), **named)
            _, words, _ = outcome(step)
            yield words, state_of(station)


def digests(life: Life) -> str:
    """Eight characters for the making and for each event: of the effects, and of the state."""
    return "".join(digest(effects) + digest(state) for effects, state in lived(life))


def first_difference(life: Life) -> tuple[int, str, Any] | None:
    """(step, "effects" or "state", what it is now); None where all is as it was. Step 0: made."""
    kept = life["digests"]
    for step, (effects, state) in enumerate(lived(life)):
        was = kept[step * PLACES : (step + 1) * PLACES]
        if digest(effects) != was[:4]:
            return step, "effects", effects
        if digest(state) != was[4:]:
            return step, "state", state
    return None


# --- the kept ones ---------------------------------------------------------------------------


def path_of(version: str) -> Path:
    return FOLDER / f"{VERSIONS[version]}.jsonl.xz"


def kept(version: str) -> list[Life]:
    """The lives of a file, one a line."""
    lines = lzma.decompress(path_of(version).read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def keep(version: str, lives: list[Life]) -> int:
    text = "\n".join(json.dumps(life, separators=(",", ":")) for life in lives)
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    path_of(version).write_bytes(packed)
    return len(packed)
