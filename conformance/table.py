"""What came of it, as a table and a list of survivors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from conformance.running import Trial

ENOUGH = 0.98  # of the broken CSMSs must be found out
TOTAL = "together"


@dataclass(frozen=True)
class Row:
    """Of one suite. cases: each in each of its versions; passed: of these, on the correct CSMS;
    mutants: broken CSMSs; caught: those that were found out, by the right sentence."""

    title: str
    cases: int
    passed: int
    mutants: int
    caught: int

    @property
    def share(self) -> str:
        return f"{self.caught / self.mutants:.1%}" if self.mutants else "-"


def rows(trials: list[Trial]) -> list[Row]:
    """By suite, and the sum."""
    titles = dict.fromkeys(trial.known.title for trial in trials)
    made = [_row(title, [t for t in trials if t.known.title == title]) for title in titles]
    return [*made, replace(_row(TOTAL, trials), cases=sum(row.cases for row in made))]


def _row(title: str, trials: Iterable[Trial]) -> Row:
    some = list(trials)
    good = [trial for trial in some if trial.breakage is None]
    bad = [trial for trial in some if trial.breakage is not None]
    cases = len({(t.case.id, t.case.version) for t in some})
    return Row(title, cases, sum(t.good for t in good), len(bad), sum(t.good for t in bad))


def line(row: Row) -> str:
    return (
        f"{row.title:<12} {row.cases:>6} {row.passed:>6} {row.mutants:>8} {row.caught:>7} "
        f"{row.share:>7}"
    )


HEAD = f"{'suite':<12} {'cases':>6} {'passed':>6} {'mutants':>8} {'caught':>7} {'':>7}"


def wrong(trials: list[Trial]) -> list[str]:
    """A line for each trial that came out as it should not."""
    return [f"  {t.name}: {_line(t.why_not)}" for t in trials if not t.good]


def is_enough(trials: list[Trial]) -> bool:
    good = [trial for trial in trials if trial.breakage is None]
    bad = [trial for trial in trials if trial.breakage is not None]
    caught = sum(trial.good for trial in bad)
    return bool(trials) and all(trial.good for trial in good) and caught >= ENOUGH * len(bad)


def _line(text: str) -> str:
    return " ".join(text.split())[:600]
