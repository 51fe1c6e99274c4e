"""A sample of the tool's mutants of a module or a package, and which of them may live.

The reasons stand in `kept.toml`, as entries that a run prints ready to be filled in:

    [[kept]]
    file = "stations/worker/leases.py"
    within = "ShardLeases._dead"
    line = "(worker, self._workers[worker].beat, int(seconds > self._lease * FORGOTTEN_LEASES))"
    before = "> self._lease * FORGOTTEN_LEASES"
    after = ">= self._lease * FORGOTTEN_LEASES"
    why = "No two rounds are exactly that far apart."

`nth` tells those apart that are alike but for their place in one line; it is 0 where left out.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import NamedTuple

from mutants.catalogue import ListError
from mutants.operators import Change, by_place, changes

KEPT = Path(__file__).with_name("kept.toml")
PACKAGES = ("accounts", "chargepoint", "messaging", "runtime", "scenarios", "stations")
_LEFT_OUT = {"migrations", "__init__.py"}
_FIELDS = ("file", "within", "line", "before", "after")

Key = tuple[str, str, str, str, str, int]


class Drawn(NamedTuple):
    """A change of the sample, as a mutant that a Tree can hold. `kept` as in catalogue.Mutant."""

    change: Change
    text: str
    kept: str = ""

    @property
    def file(self) -> str:
        return self.change.file

    @property
    def id(self) -> str:
        stem = Path(self.file).stem
        return f"{stem}#{hashlib.sha256(repr(self.change.key).encode()).hexdigest()[:6]}"

    @property
    def breaks(self) -> str:
        return f"{self.change}\n{entry(self.change)}"

    def mutated(self, tree: Path) -> str:
        return self.text


def modules(chosen: str, root: Path) -> list[str]:
    """The files of a module, of a package or of all that are named, parted by spaces."""
    found: list[str] = []
    for name in chosen.split():
        path = root / name
        paths = [path] if path.is_file() else sorted(path.rglob("*.py"))
        here = [one for one in paths if not _LEFT_OUT & set(one.relative_to(root).parts)]
        if not here or name.split("/")[0] not in PACKAGES:
            raise ListError(f"{name} is no module and no package of {', '.join(PACKAGES)}")
        found += [str(one.relative_to(root)) for one in here]
    return found


def draw(files: list[str], root: Path, seed: int, size: int, kept: dict[Key, str]) -> list[Drawn]:
    """At most `size` mutants, each of another place in the code, in the order of the code."""
    ranked: list[tuple[str, int, list[Change]]] = []
    for file in files:
        found = changes((root / file).read_text(), file)
        for place in by_place(found):
            place.sort(key=lambda change: change.rank(seed))
            ranked.append((place[0].rank(seed), len(ranked), place))
    drawn: list[tuple[int, Drawn]] = []
    for _, number, place in sorted(ranked):
        if len(drawn) == size:
            break
        usable = ((change, change.text()) for change in place)
        found_one = next(((change, text) for change, text in usable if text is not None), None)
        if found_one is not None:
            change, text = found_one
            drawn.append((number, Drawn(change, text, kept.get(change.key, ""))))
    return [one for _, one in sorted(drawn, key=lambda pair: pair[0])]


def again(keys: list[list], root: Path, kept: dict[Key, str]) -> list[Drawn]:
    """The mutants with these keys that the code still has."""
    wanted = {tuple(key) for key in keys}
    there = {
        change.key: change
        for file in sorted({key[0] for key in wanted})
        for change in changes((root / file).read_text(), file)
    }
    return [
        Drawn(change, text, kept.get(key, ""))
        for key, change in there.items()
        if key in wanted and (text := change.text()) is not None
    ]


def read_kept(path: Path = KEPT) -> dict[Key, str]:
    """{key of a change: why it may live}; raises ListError where an entry lacks something."""
    try:
        entries = tomllib.loads(path.read_text()).get("kept", [])
    except tomllib.TOMLDecodeError as error:
        raise ListError(f"{path.name}: {error}") from error
    kept: dict[Key, str] = {}
    for made in entries:
        if {*_FIELDS, "why"} - made.keys() or made.keys() - {*_FIELDS, "why", "nth"}:
            raise ListError(f"{path.name}: {made} has not exactly {', '.join(_FIELDS)}, why")
        kept[(*(made[name] for name in _FIELDS), made.get("nth", 0))] = made["why"]
    return kept


def gone(kept: dict[Key, str], root: Path) -> list[str]:
    """Entries whose line of code is not in its file any more."""
    found = []
    for file, _, line, *_ in kept:
        path = root / file
        if not path.is_file() or line not in map(str.strip, path.read_text().splitlines()):
            found.append(f"kept.toml: {file} has no line {line!r}")
    return found


def entry(change: Change) -> str:
    """The change as an entry of kept.toml, with its reason to be written."""
    lines = [f"{name} = {_quoted(getattr(change, name))}" for name in _FIELDS]
    nth = [f"nth = {change.nth}"] if change.nth else []
    return "\n".join(["[[kept]]", *lines, *nth, 'why = ""'])


def _quoted(text: str) -> str:
    if "'''" not in text and ("\n" in text or '"' in text or "\\" in text):
        return f"'''{text}'''" if "\n" not in text else f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False)
