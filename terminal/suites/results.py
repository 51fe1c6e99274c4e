"""Verdicts, as plain values that every report is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scenarios.verdicts.words import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    PARTIAL,
    PASS,
    SKIPPED,
    UNJUDGED,
    VERDICTS,
)

__all__ = [
    "ERROR", "FAIL", "NOT_APPLICABLE", "PARTIAL", "PASS", "SKIPPED", "UNJUDGED", "VERDICTS",
    "Report", "Result", "Step",
]  # fmt: skip


@dataclass
class Step:
    """state: as scenarios.models has it; seconds since the case began."""

    path: str
    type: str
    description: str
    state: str
    message: str
    began: float
    ended: float | None


@dataclass
class Result:
    """What became of a case on one station.

    message   the sentence for the CSMS's developer; "" where all is well
    warnings  of the wire watch, in words
    declared  why it is known to fail, "" where it is not
    latencies how soon the CSMS answered by action, of a case with limits (latencies.py)
    variant   of a matrix: the make and the security profile
    frames    those around what failed, else the last ones: see excerpts.py
    """

    id: str
    name: str
    version: str
    requirements: list[str]
    station: str = ""
    verdict: str = ERROR
    message: str = ""
    warnings: list[str] = field(default_factory=list)
    declared: str = ""
    began: float = 0.0
    seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    latencies: dict[str, dict[str, float]] = field(default_factory=dict)
    variant: str = ""

    @property
    def column(self) -> str:
        """Where in the matrix it stands: the version, the make, the security profile."""
        return f"{self.version}, {self.variant}" if self.variant else self.version

    def is_bad(self, strict: bool) -> bool:
        """Whether it makes the run fail: also a declared failure that passes."""
        if self.verdict == ERROR:
            return True
        wanting = self.verdict == PARTIAL or (self.verdict == PASS and bool(self.warnings))
        failed = self.verdict == FAIL or (strict and wanting)
        return failed is not bool(self.declared) and self.verdict not in UNJUDGED

    @property
    def words(self) -> str:
        """The verdict with what was declared of it."""
        if not self.declared or self.verdict in UNJUDGED:
            return self.verdict
        if self.verdict == FAIL:
            return f"FAIL, as declared: {self.declared}"
        return f"{self.verdict}, though declared to fail: {self.declared}"


@dataclass
class Report:
    """A whole run. seed and command: to have it again; began: unix seconds."""

    name: str
    csms: str
    seed: int
    command: str
    strict: bool
    began: float
    seconds: float
    results: list[Result]
    environment: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many cases have each verdict: {verdict: number}, with 0 for those of none."""
        found = Counter(result.verdict for result in self.results)
        return {verdict: found.get(verdict, 0) for verdict in VERDICTS}

    @property
    def bad(self) -> list[Result]:
        return [result for result in self.results if result.is_bad(self.strict)]

    @property
    def passed(self) -> bool:
        """Nothing is bad, and something was shown."""
        return not self.bad and any(r.verdict not in UNJUDGED for r in self.results)
