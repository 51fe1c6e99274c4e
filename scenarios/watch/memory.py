"""What the watch keeps of a CSMS's answers, to hold later ones against them: times, transactions.

Pure, as the watch is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROUNDING = 1.0  # seconds: many CSMSs tell whole ones
SLACK = 2.0  # seconds: a clock that is being set right, and what frames are dated later than sent
KEPT = 1000  # transactions


class TimesTold:
    """Whether a CSMS's clock goes on as ours does."""

    def __init__(self) -> None:
        # The answers by which the CSMS's clock is furthest ahead at least, and at most: (seconds
        # ahead, when it came, what it told).
        self._least: tuple[float, float, float] | None = None
        self._most: tuple[float, float, float] | None = None

    def leap(self, asked: float, came: float, told: float) -> tuple[float, float] | None:
        """(seconds that passed, seconds that the told time went on by) since an answer before,
        where these cannot be the same; None where they can.

        The time was read somewhen between `asked` and `came`, so each answer says of the two
        clocks' difference only between what it lies.
        """
        low, high = (told - came, came, told), (told - asked + ROUNDING, came, told)
        if self._least is None:
            self._least, self._most = low, high
        before = None
        if low[0] > self._most[0] + SLACK:
            before = self._most
        elif high[0] < self._least[0] - SLACK:
            before = self._least
        if before is not None:
            self._least, self._most = low, high  # from here on by the new clock
            return came - before[1], told - before[2]
        self._least, self._most = max(self._least, low), min(self._most, high)
        return None


class Transactions:
    """The ids that a CSMS of OCPP 1.6 has given."""

    def __init__(self) -> None:
        self._begun: dict[Any, dict[str, Any]] = {}  # id -> the StartTransaction that it was for

    def given(self, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Any:
        """The id, where another StartTransaction was given it before; None where all is well.

        The same once more is the same transaction: its answer was lost. Of one that is not to be
        the id means nothing.
        """
        info, number = answer.get("idTagInfo"), answer.get("transactionId")
        status = info.get("status") if isinstance(info, Mapping) else None
        if status != "Accepted" or not isinstance(number, int):
            return None
        before = self._begun.setdefault(number, dict(asked))
        if len(self._begun) > KEPT:
            del self._begun[next(iter(self._begun))]
        return None if before == asked else number
