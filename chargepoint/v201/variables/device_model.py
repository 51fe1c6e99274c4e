"""The device model: components, variables and their Actual attribute.

Only values that differ from the shared table are kept for a station.
"""

from functools import lru_cache
from sys import intern
from typing import ClassVar

from chargepoint.config import StationConfig
from chargepoint.v201.variables.table import (
    CONNECTOR_VARIABLES,
    DISPLAY_VARIABLES,
    EVSE_VARIABLES,
    READ_ONLY,
    VARIABLES,
    WRITE_ONLY,
    Variable,
)

_NOTHING: dict[str, str] = {}


class Catalogue:
    """The variables that a version knows. `at_evses`, `at_connectors`: of each one of these."""

    __slots__ = ("_of_evses", "_placed", "at_connectors", "at_evses", "by_name", "components",
                 "defaults", "secret", "variables")  # fmt: skip

    def __init__(
        self,
        variables: tuple[Variable, ...] = VARIABLES,
        at_evses: tuple[Variable, ...] = (*EVSE_VARIABLES, *DISPLAY_VARIABLES),
        at_connectors: tuple[Variable, ...] = CONNECTOR_VARIABLES,
    ) -> None:
        self.variables, self.at_evses, self.at_connectors = variables, at_evses, at_connectors
        self.by_name = {v.key.lower(): v for v in variables}
        self.defaults = {v.key: v.default for v in variables}
        self.components = {v.component.lower() for v in variables}
        self.secret = {v.key for v in variables if v.mutability == WRITE_ONLY and not v.live}
        self._placed = {v.key.lower(): v for v in (*at_evses, *at_connectors)}
        # Components that stand at a place -> whether that is an EVSE.
        self._of_evses = {v.component.lower(): True for v in at_evses}
        self._of_evses |= {v.component.lower(): False for v in at_connectors}

    def find(
        self, component: dict, variable: dict, connectors: dict[int, set[int]]
    ) -> Variable | str:
        """The variable that a CSMS names, or "UnknownComponent" / "UnknownVariable".

        `connectors`: the connector ids of each EVSE of the station.
        """
        name = str(component.get("name", "")).lower()
        evse = component.get("evse")
        instance = variable.get("instance")
        suffix = f"[{instance.lower()}]" if instance else ""
        wanted = f"{name}.{str(variable.get('name', '')).lower()}{suffix}"
        of_evse = self._of_evses.get(name)
        if of_evse is not None:
            if component.get("instance") or not _exists(of_evse, evse, connectors):
                return "UnknownComponent"
            return self._placed.get(wanted) or "UnknownVariable"
        if name not in self.components or evse is not None or component.get("instance"):
            return "UnknownComponent"
        return self.by_name.get(wanted) or "UnknownVariable"


class DeviceModel:
    """The values of one station, by key; live variables are not here.

    What the CSMS set goes before what the operator configured, and that before the default.
    """

    __slots__ = ("_configured", "_pending", "_stored")

    CATALOGUE: ClassVar[Catalogue] = Catalogue()

    def __init__(self, configuration: dict[str, str] | None = None):
        """`configuration`: values by key. Unknown, live or impossible ones are left out."""
        self._configured = self._usable(configuration or {})
        self._stored = _NOTHING  # by the CSMS
        self._pending = _NOTHING  # accepted, and in force from the next boot on

    def value(self, key: str) -> str:
        """The Actual value. KeyError if there is no such stored variable."""
        found = self._stored.get(key)
        if found is None:
            found = self._configured.get(key)
        return self.CATALOGUE.defaults[key] if found is None else found

    def rebase(self, configuration: dict[str, str]) -> None:
        """A new configuration. What it changes goes before what the CSMS had set."""
        before, self._configured = self._configured, self._usable(configuration)
        keep = {k: v for k, v in self._stored.items() if before.get(k) == self._configured.get(k)}
        self._stored = keep or _NOTHING

    def integer(self, key: str) -> int:
        return int(self.value(key))

    def flag(self, key: str) -> bool:
        return self.value(key) == "true"

    def members(self, key: str) -> list[str]:
        return list(_members(self.value(key)))

    def items(self, key: str) -> tuple[str, ...]:
        """The members as one object for all that have the same."""
        return _members(self.value(key))

    def set(self, variable: Variable, text: str) -> bool:
        """Store an acceptable value; True if it waits for the next boot."""
        text = _normal(variable, text)
        self._pending = {k: v for k, v in self._pending.items() if k != variable.key} or _NOTHING
        if variable.reboot and text != self.value(variable.key):
            self._pending = {**self._pending, variable.key: text}
            return True
        self._store(variable, text)
        return False

    def put(self, variable: Variable, text: str) -> None:
        """Store an acceptable value of the station's own; it is in force at once."""
        self._store(variable, text)

    def waiting(self, key: str) -> str | None:
        """The value that will be in force from the next boot on; None where none waits."""
        return self._pending.get(key)

    def forget(self, key: str) -> None:
        """What the CSMS has set counts no longer."""
        self._stored = {k: v for k, v in self._stored.items() if k != key} or _NOTHING
        self._pending = {k: v for k, v in self._pending.items() if k != key} or _NOTHING

    def booted(self) -> None:
        """Bring into force what waited for a boot."""
        if self._pending:
            self._stored = {**self._stored, **self._pending}
            self._pending = _NOTHING

    def _store(self, variable: Variable, text: str) -> None:
        if text != self.value(variable.key):
            self._stored = {**self._stored, intern(variable.key): text}

    @staticmethod
    def refusal(variable: Variable, text: str) -> str | None:
        """Why this value cannot be (a reason for people), or None if it can."""
        return _CHECKS.get(variable.kind, _any_text)(variable, text)

    def to_saved(self) -> tuple[dict, dict]:
        """(what may be seen, what must not be), each {} where there is nothing of its kind."""
        plain: dict[str, dict] = {}
        hidden: dict[str, dict] = {}
        parts = {"configured": self._configured, "stored": self._stored, "pending": self._pending}
        for name, part in parts.items():
            if not part:
                continue
            if concealed := self.CATALOGUE.secret & part.keys():
                hidden[name] = {key: part[key] for key in concealed}
                plain[name] = {key: part[key] for key in part if key not in concealed}
            else:
                plain[name] = {**part}
        return plain, hidden

    @classmethod
    def from_saved(cls, plain: dict, secret: dict, configuration: dict[str, str]) -> "DeviceModel":
        """As it was saved, and then with the configuration of today."""
        parts = {
            name: {**plain.get(name, {}), **secret.get(name, {})}
            for name in ("configured", "stored", "pending")
        }
        model = cls(parts["configured"])
        model._stored = cls._usable(parts["stored"])
        model._pending = cls._usable(parts["pending"])
        model.rebase(configuration)
        return model

    @classmethod
    def _usable(cls, values: dict[str, str]) -> dict[str, str]:
        """The values that a variable can have, by their proper key and in their one form."""
        usable = {}
        for key, text in values.items():
            variable = cls.CATALOGUE.by_name.get(key.lower())
            if variable and not variable.live and cls.refusal(variable, text) is None:
                # Thousands of stations have the same.
                usable[intern(variable.key)] = intern(_normal(variable, text))
        return usable or _NOTHING


@lru_cache(maxsize=512)
def _members(text: str) -> tuple[str, ...]:
    return tuple(item for item in text.split(",") if item)


def _exists(of_evse: bool, evse: dict | None, connectors: dict[int, set[int]]) -> bool:
    if evse is None or evse["id"] not in connectors:
        return False
    connector = evse.get("connectorId")
    if of_evse:
        return connector is None
    return connector in connectors[evse["id"]]


def writable(variable: Variable) -> bool:
    return variable.mutability != READ_ONLY


def _normal(variable: Variable, text: str) -> str:
    if variable.kind == "boolean":
        return text.lower()
    if variable.kind == "integer":
        return str(int(text))
    if variable.kind in ("MemberList", "OptionList", "SequenceList"):
        by_lower = {value.lower(): value for value in variable.values}
        items = (item.strip() for item in text.split(","))
        return ",".join(by_lower.get(item.lower(), item) for item in items if item)
    return text


def _any_text(variable: Variable, text: str) -> str | None:
    longest = 1000 if variable.high is None else int(variable.high)
    return None if len(text) <= longest else f"longer than {longest} characters"


def _option(variable: Variable, text: str) -> str | None:
    if variable.values and text.lower() not in map(str.lower, variable.values):
        return "not in the values list"
    return _any_text(variable, text)


def _integer(variable: Variable, text: str) -> str | None:
    # int() alone would take "1_000", " 7" and digits of other scripts.
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
        return "not an integer"
    return _within(variable, int(text))


def _within(variable: Variable, number: float) -> str | None:
    if variable.low is not None and number < variable.low:
        return f"below {variable.low:g}"
    if variable.high is not None and number > variable.high:
        return f"above {variable.high:g}"
    return None


def _decimal(variable: Variable, text: str) -> str | None:
    whole, _, fraction = text.partition(".")
    digits = whole.removeprefix("-") + fraction
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
        return "not a decimal number"
    return _within(variable, float(text))


def _boolean(variable: Variable, text: str) -> str | None:
    return None if text.lower() in ("true", "false") else "neither true nor false"


def _list(variable: Variable, text: str) -> str | None:
    known = {value.lower() for value in variable.values}
    items = [item.strip() for item in text.split(",") if item.strip()]
    unknown = [item for item in items if known and item.lower() not in known]
    if unknown:
        return f"not in the values list: {', '.join(unknown)[:200]}"
    if len(set(map(str.lower, items))) != len(items):
        return "a value stands twice"
    return None


_CHECKS = {
    "integer": _integer, "decimal": _decimal, "boolean": _boolean, "MemberList": _list,
    "OptionList": _option, "SequenceList": _list,
}  # fmt: skip


def initial(config: StationConfig) -> dict[str, str]:
    """The variables of a new station: as configured, and the Call timeout as configured."""
    seconds = str(max(1, round(config.call_timeout)))
    return {"OCPPCommCtrlr.MessageTimeout[Default]": seconds, **config.configuration}
