"""One monitor of a variable, and when it has something to tell (part 2, N07 and N08).

Pure logic: it is shown values and times, and knows neither the station nor the link.
"""

from typing import Any

THRESHOLDS = ("UpperThreshold", "LowerThreshold")
PERIODIC = ("Periodic", "PeriodicClockAligned")
# MonitoringCriterionEnumType
CRITERIA = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": ("Delta",),
    "PeriodicMonitoring": PERIODIC,
}
CUSTOM, PRECONFIGURED = "CustomMonitor", "PreconfiguredMonitor"
_DAY = 86_400


class Monitor:
    """`type`, `value` and `severity` as in VariableMonitoringType; `component` and `variable` as
    the CSMS named them; `origin` is EventNotificationEnumType.

    `last`: the text that a change is measured from; `crossed`: a threshold is passed now.
    """

    __slots__ = (
        "component", "crossed", "id", "last", "numeric", "origin", "severity", "transaction",
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

    def look(self, text: str) -> tuple[str, bool] | None:
        """(EventTriggerEnumType, cleared) if this value is to be told. Periodic ones never are."""
        if self.type in THRESHOLDS:
            return self._threshold(text)
        if self.type == "Delta":
            return self._delta(text)
        return None

    def _threshold(self, text: str) -> tuple[str, bool] | None:
        number = number_of(text)
        if number is None:
            return None
        beyond = number > self.value if self.type == "UpperThreshold" else number < self.value
        if beyond == self.crossed:
            return None
        self.crossed = beyond
        return "Alerting", not beyond

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

    def next_at(self, now: float, skew: float) -> float | None:
        """When it tells again; None where values, not times, decide. `skew`: clock minus now."""
        if self.type == "Periodic":
            return now + self.value
        if self.type == "PeriodicClockAligned":
            clock = now + skew
            midnight = clock - clock % _DAY
            steps = (clock - midnight) // self.value + 1
            return min(midnight + steps * self.value, midnight + _DAY) - skew
        return None

    def to_saved(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Monitor":
        monitor = cls.__new__(cls)
        for name in cls.__slots__:
            setattr(monitor, name, saved[name])
        return monitor


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
