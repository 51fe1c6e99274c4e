"""What the CSMS knows, whatever version a station speaks: one Office a server."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from democsms.authority import Authority
from democsms.tokens import ACCEPTED, Tokens

if TYPE_CHECKING:
    from democsms.point import Point


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Transaction:
    """key: as the station calls it, a number in 1.6, a text in 2.x; place: connector or EVSE."""

    key: int | str
    station: str
    place: int
    token: str
    group: str = ""
    open: bool = True
    notes: dict[str, Any] = field(default_factory=dict)  # what a version wants to remember


@dataclass
class Office:
    """interval: seconds between heartbeats; strict: who and what is unknown is refused, as a CSMS
    in earnest does it (else all is accepted, as a demo wants it); printing: a line a message.

    points: who is connected, by identity. passwords: of basic authentication, by identity; a
    station that is not named there comes in without. certified: who must show a certificate of the
    CSMS's authority (security profile 3).
    """

    interval: int = 60
    strict: bool = False
    printing: bool = False
    passwords: dict[str, str] = field(default_factory=dict)
    certified: set[str] = field(default_factory=set)
    tokens: Tokens = field(default_factory=Tokens)
    points: dict[str, Point] = field(default_factory=dict)
    transactions: dict[tuple[str, int | str], Transaction] = field(default_factory=dict)
    # What belongs to a station beyond a connection, by its identity; a version names the parts.
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.strict:
            self.tokens.unknown = "Invalid"
        self._numbers = itertools.count(int(datetime.now(UTC).timestamp()) % 1_000_000_000)

    @cached_property
    def authority(self) -> Authority:
        """Made when it is first asked for: keys take a while."""
        return Authority()

    def number(self) -> int:
        """One that was not given out before, also not before a restart."""
        return next(self._numbers)

    def of(self, station: str) -> dict[str, Any]:
        """What is remembered of a station."""
        return self.remembered.setdefault(station, {})

    # --- transactions ------------------------------------------------------------------------

    def begin(self, transaction: Transaction) -> Transaction:
        self.transactions[transaction.station, transaction.key] = transaction
        return transaction

    def end(self, station: str, key: int | str) -> Transaction | None:
        """None for one that is not known."""
        found = self.transactions.get((station, key))
        if found:
            found.open = False
        return found

    def open_at(self, station: str) -> list[Transaction]:
        return [t for t in self.transactions.values() if t.open and t.station == station]

    def status_of(self, text: str, but: tuple[str, int | str] | None = None) -> str:
        """Of a token that wants to begin a transaction; `but`: the one that is being begun."""
        token = self.tokens.find(text)
        if token.status == ACCEPTED and token.once and any(
            each.open and each.token.casefold() == text.casefold()
            for key, each in self.transactions.items() if key != but
        ):  # fmt: skip
            return "ConcurrentTx"
        return token.status
