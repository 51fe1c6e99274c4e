"""Two runs of a suite side by side: what broke, what healed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.verdicts.words import UNJUDGED

Case = Mapping[str, Any]
BROKE, HEALED, STILL, LOST, NEW, GONE = KINDS = (
    "broke", "healed", "still", "lost", "new", "gone",
)  # fmt: skip


@dataclass
class Comparison:
    """Cases as SuiteRun has them; of `gone` those of the run before, else of the later.

    broke   is bad, and was not
    healed  was bad, and was judged good
    still   was bad and is bad
    lost    was judged, and is not any more
    new     was not in the run before
    gone    is not in the later run
    """

    broke: list[Case] = field(default_factory=list)
    healed: list[Case] = field(default_factory=list)
    still: list[Case] = field(default_factory=list)
    lost: list[Case] = field(default_factory=list)
    new: list[Case] = field(default_factory=list)
    gone: list[Case] = field(default_factory=list)

    def of(self) -> dict[tuple, str]:
        """What became of each case, by its key."""
        return {key(case): kind for kind in KINDS for case in getattr(self, kind)}


def key(case: Case) -> tuple[str, str, str]:
    """A case runs in several versions and variants: each is one of its own."""
    return str(case.get("id")), str(case.get("version")), str(case.get("variant") or "")


def compare(before: Iterable[Case], after: Iterable[Case]) -> Comparison:
    """Which cases became better, worse, new or gone between two runs."""
    known = {key(case): case for case in before}
    made = Comparison()
    for case in after:
        was = known.pop(key(case), None)
        if kind := NEW if was is None else _became(was, case):
            getattr(made, kind).append(case)
    made.gone = list(known.values())
    return made


def _became(was: Case, case: Case) -> str:
    """One of KINDS; "" where nothing did."""
    if case["bad"]:
        return STILL if was["bad"] else BROKE
    if case["verdict"] in UNJUDGED:
        return "" if was["verdict"] in UNJUDGED else LOST
    return HEALED if was["bad"] else ""
