"""One monitor of a variable, and when it has something to tell (part 2, N07 and N08).

The two target types are 2.1's.

Pure logic: it is shown values and times, and knows neither the station nor the link.
"""

from typing import Any

THRESHOLDS = ("UpperThreshold", "LowerThreshold")
TARGETS = ("TargetDelta", "TargetDeltaRelative")
BOUNDARIES = THRESHOLDS + TARGETS  # they are passed, and left again
PERIODIC = ("Periodic", "PeriodicClockAligned")
# MonitoringCriterionEnumType; that Delta means these three too: 2.1 errata 2025-06, N02.FR.13
CRITERIA = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": ("Delta", *TARGETS),
    "PeriodicMonitoring": PERIODIC,
}
CUSTOM, PRECONFIGURED = "CustomMonitor", "PreconfiguredMonitor"
_DAY = 86_400


class Monitor:
    """`type`, `value` and `severity` as in VariableMonitoringType; `component` and `variable` as
    the CSMS named them; `origin` is EventNotificationEnumType.

    `last`: the text that a change is measured from; `crossed`: the CSMS was told that a boundary
    is passed; `due`: unix seconds of the next telling of a Periodic one.
    """

    __slots__ = (
        "component", "crossed", "due", "id", "last", "numeric", "origin", "severity", "transaction",
        "type", "value", "variable",
    )  # fmt: skip

    def __init__(
        self, id: int, component: dict, variable: dict, type: str, value: float, severity: int,
        transaction: bool = False, numeric: bool = True, origin: str = CUSTOM,
    ) -> None:  # fmt: skip
        self.id = id
        self.component = component
        self.variable = variable
        self.type = type
        self.value = value
        self.severity = severity
        self.transaction = transaction
        self.numeric = numeric
        self.origin = origin
        self.last: str | None = None
        self.crossed = False
        self.due: float | None = None

    @property
    def place(self) -> tuple:
        return place_of(self.component, self.variable)

    def look(self, text: str, target: str | None = None) -> tuple[str, bool] | None:
        """(EventTriggerEnumType, cleared) if this value is to be told. Periodic ones never are."""
        if self.type in BOUNDARIES:
            beyond = self.beyond(text, target)
            if beyond is None or beyond == self.crossed:
                return None
            self.crossed = beyond
            return "Alerting", not beyond
        if self.type == "Delta":
            return self._delta(text)
        return None

    def beyond(self, text: str, target: str | None = None) -> bool | None:
        """Is this value outside the boundary? On it is inside. None: it is no number."""
        number = number_of(text)
        if self.type in THRESHOLDS:
            if number is None:
                return None
            return number > self.value if self.type == "UpperThreshold" else number < self.value
        aim = number_of(target or "")
        if number is None or aim is None:
            return None
        room = self.value if self.type == "TargetDelta" else abs(self.value * aim)
        return abs(number - aim) > room

    def follow(self, old: "Monitor", text: str, target: str | None) -> None:
        """Take the place of `old`: what the CSMS was told still counts (N07.FR.11)."""
        if self.type == old.type and self.type in BOUNDARIES:
            # If the value is outside the new boundary the CSMS hears of it (again).
            self.crossed = old.crossed and not self.beyond(text, target)

    def _delta(self, text: str) -> tuple[str, bool] | None:
        if self.last is None:
            self.last = text
            return None
        before, number = number_of(self.last), number_of(text)
        if self.numeric and before is not None and number is not None:
            if abs(number - before) <= self.value:
                return None
        elif text == self.last:
            return None
        self.last = text
        return "Delta", False

    def next_at(self, now: float) -> float:
        """When a Periodic one tells again: a wake that comes late does not put off the next."""
        due = self.due
        if due is None or not now - self.value < due <= now + self.value:
            self.due = now + self.value
        elif due <= now:
            self.due = due + self.value
        return self.due

    def next_mark(self, clock: float) -> float:
        """When a PeriodicClockAligned one tells again, as the clock that shows `clock` has it."""
        midnight = clock - clock % _DAY
        steps = (clock - midnight) // self.value + 1
        return min(midnight + steps * self.value, midnight + _DAY)

    def to_saved(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Monitor":
        """Read an entry of `monitors` of a snapshot."""
        monitor = cls.__new__(cls)
        for name in cls.__slots__:
            setattr(monitor, name, saved.get(name))
        return monitor


def place_of(component: dict, variable: dict) -> tuple:
    """Which variable that is, without regard to case."""
    evse = component.get("evse") or {}
    names = (component["name"], variable["name"], variable.get("instance", ""))
    return (*map(str.lower, names), evse.get("id"), evse.get("connectorId"))


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
