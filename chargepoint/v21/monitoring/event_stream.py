"""One periodic event stream: what a monitor has seen and the CSMS was not sent yet (N15).

Pure: it is given values and times, and knows neither the station nor the link.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from chargepoint.timing.times import iso

KEPT_AT_MOST = 1000  # values of a long time offline; the oldest go first
SENT_AT_MOST = 100  # values in one message of a stream without `values`


class Phase(StrEnum):
    NEW = "new"  # to be opened
    OPENING = "opening"  # the CSMS was asked
    OPEN = "open"
    UNWANTED = "unwanted"  # its monitor has gone while the CSMS was asked
    ENDING = "ending"  # to be closed
    CLOSING = "closing"  # the CSMS was told


LIVING = (Phase.NEW, Phase.OPENING, Phase.OPEN)  # a monitor writes to it


class EventStream:
    """`params`: PeriodicEventStreamParamsType; `values`: [[station's clock in unix seconds, text]].

    `due`: unix seconds of the next sending by the interval; None where it has none.
    """

    __slots__ = ("due", "id", "monitor", "params", "phase", "values")

    def __init__(self, id: int, monitor: int, params: dict[str, int]) -> None:
        self.id = id
        self.monitor = monitor
        self.params = params
        self.phase = Phase.NEW
        self.values: list[list] = []
        self.due: float | None = None

    @property
    def interval(self) -> int:
        return self.params.get("interval", 0)

    @property
    def most(self) -> int:
        """Values in a message; as many as that are sent at once (N15.FR.07 and 08)."""
        return self.params.get("values", 0) or SENT_AT_MOST

    def put(self, clock: float, text: str) -> None:
        """Add a value; `clock` is the station's time in Unix seconds. Of more than KEPT_AT_MOST the
        oldest go."""
        self.values.append([round(clock, 3), text])
        del self.values[:-KEPT_AT_MOST]

    def messages(
        self, all_of_them: bool, stamp: Callable[[float], str] = iso
    ) -> list[dict[str, Any]]:
        """Take what is to be sent, as NotifyPeriodicEventStream: what fills a message, or all.
        stamp: Unix seconds as the station writes them."""
        made = []
        while len(self.values) >= (1 if all_of_them else self.most):
            data, self.values = self.values[: self.most], self.values[self.most :]
            start = data[0][0]
            made.append({
                "id": self.id, "pending": len(self.values), "basetime": stamp(start),
                "data": [{"t": round(clock - start, 3), "v": text} for clock, text in data],
            })  # fmt: skip
        return made

    def sent_at(self, now: float) -> float | None:
        """Something was sent now: when the interval is over again. A wake that comes late does
        not put off the next."""
        if not self.interval:
            self.due = None
        elif self.due is not None and self.due <= now < self.due + self.interval:
            self.due += self.interval
        else:
            self.due = now + self.interval
        return self.due

    def told(self) -> dict[str, Any]:
        """ConstantStreamDataType."""
        return {"id": self.id, "variableMonitoringId": self.monitor, "params": {**self.params}}

    def to_saved(self) -> dict[str, Any]:
        """For the snapshot."""
        saved = {name: getattr(self, name) for name in self.__slots__}
        return {**saved, "phase": str(self.phase), "values": [[*pair] for pair in self.values]}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "EventStream":
        """Read an entry of `streams` of a snapshot."""
        stream = cls(saved["id"], saved["monitor"], {**saved["params"]})
        stream.phase = Phase(saved["phase"])
        stream.values = [[*pair] for pair in saved["values"]]
        stream.due = saved["due"]
        return stream


def params_of(asked: dict[str, Any], before: dict[str, int] | None = None) -> dict[str, int]:
    """What the CSMS asks for (N14: what it leaves out stays); {} if that would never send."""
    given = {name: asked[name] for name in ("interval", "values") if name in asked}
    params = {**(before or {}), **given}
    return params if any(params.values()) else {}
