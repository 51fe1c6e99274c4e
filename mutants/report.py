"""What a run of mutants found, by module."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from mutants.trees import BROKEN, CAUGHT, SURVIVED


class Reported(Protocol):
    """A mutant, of a list or of the tool. `kept`: why it may live; "" where it may not."""

    @property
    def id(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def breaks(self) -> str: ...
    @property
    def kept(self) -> str: ...


class Outcome(NamedTuple):
    mutant: Reported
    verdict: str  # CAUGHT | SURVIVED | BROKEN
    said: str  # the end of what pytest printed


def module_of(mutant: Reported) -> str:
    """The package that the figures are told for: chargepoint/v16, messaging, scenarios/engine."""
    return mutant.file.rpartition("/")[0]


def table(outcomes: list[Outcome], part_of: Callable[[Reported], str] = module_of) -> str:
    """A Markdown table: a line for each part (by default the module), and one for all."""
    parts = sorted({part_of(outcome.mutant) for outcome in outcomes})
    rows = [_row(one, [o for o in outcomes if part_of(o.mutant) == one]) for one in parts]
    return _markdown([("module", "mutants", "caught", "survived"), *rows, _row("all", outcomes)])


def shares(outcomes: list[Outcome], part_of: Callable[[Reported], str]) -> str:
    """As `table`, with numbers in place of names."""
    parts = sorted({part_of(outcome.mutant) for outcome in outcomes})
    rows = [_share(one, [o for o in outcomes if part_of(o.mutant) == one]) for one in parts]
    head = ("module", "mutants", "caught", "kept with a reason", "of the rest")
    return _markdown([head, *rows, _share("all", outcomes)])


def _markdown(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _row(name: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    caught = sum(o.verdict == CAUGHT for o in outcomes)
    alive = [o.mutant for o in outcomes if o.verdict == SURVIVED]
    names = ", ".join(m.id + (" (kept)" if m.kept else "") for m in alive)
    return name, str(len(outcomes)), str(caught), names or "-"


def _share(name: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    caught = sum(o.verdict == CAUGHT for o in outcomes)
    kept = sum(o.verdict == SURVIVED and bool(o.mutant.kept) for o in outcomes)
    rest = len(outcomes) - kept
    share = f"{100 * caught / rest:.0f} %" if rest else "-"
    return name, str(len(outcomes)), str(caught), str(kept), share


def complaints(outcomes: list[Outcome]) -> list[str]:
    """Why the run is not good: survivors that no reason keeps, and mutants that could not run."""
    found = []
    for mutant, verdict, said in outcomes:
        if verdict == BROKEN:
            found.append(f"{mutant.id}: its tests could not run:\n{said}")
        elif verdict == SURVIVED and not mutant.kept:
            found.append(f"{mutant.id} survived in {mutant.file}: {mutant.breaks}")
        elif verdict == CAUGHT and mutant.kept:
            found.append(f"{mutant.id} is caught: take its reason out of the list")
    return found
