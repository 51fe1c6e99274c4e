"""The table of id tokens: who may charge, and who belongs together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

ACCEPTED = "Accepted"
# What a token may be, in the words of OCPP 2.x; 1.6 knows fewer (democsms.v16 translates).
STATUSES = frozenset({
    "Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid", "NoCredit",
    "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime", "Unknown",
})  # fmt: skip
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@dataclass(frozen=True)
class Token:
    """expiry: RFC 3339; group: of those who may end each other's transactions; once: may be in one
    transaction at a time only. language, evses: as 2.x tells them, where they are given."""

    text: str
    status: str = ACCEPTED
    expiry: str = ""
    group: str = ""
    once: bool = False
    language: str = ""
    evses: tuple[int, ...] = ()


# A master pass ends the transactions of all (2.x, C16).
MASTER_GROUP = "MASTER-GROUP"
USUAL = (
    Token("TAG-VALID"),
    Token("TAG-VALID-2"),
    Token("TAG-INVALID", "Invalid"),
    Token("TAG-BLOCKED", "Blocked"),
    Token("TAG-EXPIRED", "Expired", expiry=PAST),
    Token("TAG-GROUP-1", group="GROUP-1"),
    Token("TAG-GROUP-2", group="GROUP-1"),
    Token("TAG-CONCURRENT", once=True),
    Token("TAG-MASTER", group=MASTER_GROUP),
    # What comes with these is in democsms.v201 and v21.
    Token("TAG-TARIFF"),
    Token("TAG-PREPAID"),
    Token("TAG-NOCREDIT", "NoCredit"),
    Token("TAG-V2X"),
)


class Tokens:
    """unknown: the status of who is not in the table. Letter case does not count (CiString)."""

    def __init__(self, tokens: Iterable[Token] = USUAL, unknown: str = ACCEPTED) -> None:
        self.unknown = unknown
        self._by_text = {token.text.casefold(): token for token in tokens}

    def find(self, text: str) -> Token:
        return self._by_text.get(text.casefold()) or Token(text, self.unknown)

    def knows(self, text: str) -> bool:
        return text.casefold() in self._by_text

    def put(self, text: str, **changes: object) -> Token:
        """Add or change one. Raises ValueError for a status that there is not."""
        token = replace(self._by_text.get(text.casefold()) or Token(text), **changes)
        if token.status not in STATUSES:
            raise ValueError(f"A token is never {token.status!r}.")
        self._by_text[text.casefold()] = token
        return token

    def remove(self, text: str) -> None:
        self._by_text.pop(text.casefold(), None)
