"""What came of it, as a table and a list of survivors."""

from __future__ import annotations

from conformance.running import Trial

ENOUGH = 0.98  # of the broken CSMSs must be found out


def row(title: str, trials: list[Trial], seconds: float) -> str:
    good = [trial for trial in trials if trial.breakage is None]
    bad = [trial for trial in trials if trial.breakage is not None]
    passed, caught = sum(t.good for t in good), sum(t.good for t in bad)
    share = f"{caught / len(bad):7.1%}" if bad else "      -"
    return (
        f"{title:<12} {len({t.case.id for t in trials}):>6} {passed:>6} {len(bad):>8} "
        f"{caught:>7} {share} {seconds:>6.0f} s"
    )


HEAD = f"{'suite':<12} {'cases':>6} {'passed':>6} {'mutants':>8} {'caught':>7} {'':>7}"


def wrong(trials: list[Trial]) -> list[str]:
    """A line for each trial that came out as it should not."""
    lines = []
    for trial in trials:
        if not trial.good:
            where = trial.breakage or "the correct CSMS"
            lines.append(f"  {trial.case.id} [{where}]: {_line(trial.why_not)}")
    return lines


def is_enough(trials: list[Trial]) -> bool:
    good = [trial for trial in trials if trial.breakage is None]
    bad = [trial for trial in trials if trial.breakage is not None]
    caught = sum(trial.good for trial in bad)
    return all(trial.good for trial in good) and caught >= ENOUGH * len(bad)


def _line(text: str) -> str:
    return " ".join(text.split())[:600]
