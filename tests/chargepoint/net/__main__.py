"""Find the first event that differs from the recordings, or from what older code does.

    python -m tests.chargepoint.net [VERSION]
    python -m tests.chargepoint.net --against PATH [VERSION]

PATH is a checkout of the code as it was, in which this folder may be missing. Where a life differs
the values of both are printed, part by part.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from chargepoint.core import calls
from tests.chargepoint.net.replay import VERSIONS, Life, first_difference, kept, lived
from tests.chargepoint.net.values import canonical

SHOWN = 2000  # characters of an event


def words_of(version: str, number: int, life: Life, found: tuple[int, str, Any]) -> str:
    step, what, is_now = found
    event = "its making" if not step else json.dumps(life["events"][step - 1])[:SHOWN]
    now = canonical(is_now).decode()[: SHOWN * 3]
    return f"{version}, life {number}, step {step}: other {what} after\n  {event}\nnow:\n  {now}"


def show_step(version: str, number: int, step: int) -> None:
    """Print one step's effects and state as JSON, for another checkout to compare."""
    calls.STRICT = True
    life = kept(version)[number]
    for place, (effects, state) in enumerate(lived(life)):
        if place == step:
            print(canonical([effects, state]).decode())
            return


def of_older(path: str, version: str, number: int, step: int) -> Any:
    """The older core, with the tests of this one."""
    code = (
        "import sys, importlib; sys.path.insert(0, sys.argv[1]); import chargepoint;"
        "sys.path[0] = sys.argv[2]; from tests.chargepoint.net.__main__ import show_step;"
        "show_step(sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))"
    )
    here = str(Path(__file__).parents[3])
    arguments = [path, here, version, str(number), str(step)]
    made = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True,
        cwd=path, env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip
    return json.loads(made.stdout)


def differences(was: Any, is_now: Any, place: str = "") -> list[str]:
    if isinstance(was, dict) and isinstance(is_now, dict):
        names = sorted({*was, *is_now})
        return [
            line for name in names
            for line in differences(was.get(name), is_now.get(name), f"{place}.{name}")
        ]  # fmt: skip
    if isinstance(was, list) and isinstance(is_now, list) and len(was) == len(is_now):
        pairs = enumerate(zip(was, is_now, strict=True))
        return [line for n, (a, b) in pairs for line in differences(a, b, f"{place}[{n}]")]
    if was == is_now:
        return []
    return [f"{place}\n    was {json.dumps(was)[:SHOWN]}\n    now {json.dumps(is_now)[:SHOWN]}"]


def main(arguments: list[str]) -> int:
    calls.STRICT = True
    older = ""
    if arguments[:1] == ["--against"]:
        older, arguments = arguments[1], arguments[2:]
    failed = 0
    for version in arguments or VERSIONS:
        for number, life in enumerate(kept(version)):
            found = first_difference(life)
            if found is None:
                continue
            failed += 1
            print(words_of(version, number, life, found))
            if older:
                was = of_older(older, version, number, found[0])
                with_state = list(lived(life))[found[0]]
                is_now = json.loads(canonical(list(with_state)))
                print("\n".join(differences(was, is_now)))
            break
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
