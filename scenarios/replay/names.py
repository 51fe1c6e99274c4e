"""Values of a recording that are another each time: they become variables of the scenario.

RFID tags and tokens keep what was recorded as the variable's value, so that a run may replace it.
Ids of transactions have none where the recording shows how they came about: a step captures them.
"""

from __future__ import annotations

from typing import Any

from scenarios.rules.measures import time_of

TAGS = frozenset({"idTag", "parentIdTag"})
TRANSACTIONS = frozenset({"transactionId"})


class Names:
    """variables: of the scenario, by name. station: its identity, which is $station in a run."""

    def __init__(self, station: str) -> None:
        self.variables: dict[str, Any] = {}
        self._station = station
        self._tags: dict[str, str] = {}
        self._transactions: dict[Any, str] = {}
        self._known: set[Any] = set()

    def tag(self, value: str) -> str:
        """ "$id_tag_1"."""
        if value not in self._tags:
            name = self._tags[value] = f"id_tag_{len(self._tags) + 1}"
            self.variables[name] = value
        return f"${self._tags[value]}"

    def transaction(self, value: Any) -> str:
        """ "$transaction_1"; with the recorded value unless `captured` or `made` it."""
        if value not in self._transactions:
            self._name(value)
            self.variables[self._transactions[value]] = value
        return f"${self._transactions[value]}"

    def captured(self, value: Any) -> str:
        """The name alone of a transaction whose id a step brings about."""
        if value not in self._transactions:
            self._name(value)
        self._known.add(value)
        self.variables.pop(self._transactions[value], None)
        return self._transactions[value]

    def is_captured(self, value: Any) -> bool:
        return value in self._known

    def _name(self, value: Any) -> None:
        self._transactions[value] = f"transaction_{len(self._transactions) + 1}"

    # --- what the station says ---------------------------------------------------------------

    def played(self, value: Any, since: float, name: str = "") -> Any:
        """A payload as a step says it again; its times are as far from now as they were from
        `since`, when it was said."""
        match value:
            case {"idToken": str(token), "type": _}:
                rest = {key: self.played(part, since, key) for key, part in value.items()}
                return {**rest, "idToken": self.tag(token)} if token else rest
            case dict():
                return {key: self.played(part, since, key) for key, part in value.items()}
            case list():
                return [self.played(part, since, name) for part in value]
        if name in TAGS and isinstance(value, str) and value:
            return self.tag(value)
        if name in TRANSACTIONS and isinstance(value, str | int) and not isinstance(value, bool):
            return self.transaction(value)
        if (moment := time_of(value)) is not None:
            return {"@now": round(moment.timestamp() - since)}
        return self.text(value) if isinstance(value, str) else value

    def text(self, value: str) -> str:
        """A text in which nothing but the identity is a variable."""
        if value.startswith("$"):
            return f"${value}"
        if "${" in value:  # there is no other way to write it
            return value.replace("${", "$ {")
        if len(self._station) > 2 and self._station in value:
            return value.replace(self._station, "${station}")
        return value
