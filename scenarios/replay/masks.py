"""A conversation that may be given away: without ids of people, cars and things, and secrets.

A value that is masked once is masked wherever it stands, and always by the same word. What a
station calls itself goes too: a run's own identity takes its place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from messaging.masking import is_secret, masked
from scenarios.replay.conversation import Said
from scenarios.replay.names import TAGS

# In a name without its separators, lower case -> what stands in its place, numbered.
_PARTS = {
    "serial": "SERIAL", "iccid": "ICCID", "imsi": "IMSI", "msisdn": "PHONE", "emaid": "EMAID",
    "macaddress": "MAC", "vin": "VIN", "certificate": "CERTIFICATE", "csr": "CSR",
    "exirequest": "EXI", "exiresponse": "EXI", "phone": "PHONE", "email": "EMAIL",
    "licenseplate": "PLATE", "issuernamehash": "HASH", "issuerkeyhash": "HASH",
    "vatnumber": "VAT",
}  # fmt: skip
_EXACT = frozenset({"vin", "csr"})
_STATUS = frozenset({"certificateStatus", "certificateType", "certificateUse", "emaidStatus"})
LONGEST_KEPT = 3  # characters: what is so short would be found in anything
MOST_WITHIN = 500  # values that are looked for within texts
STATION = "STATION"


def masked_frames(said: Iterable[Said], station: str) -> list[Said]:
    """The same frames, masked. Two looks: a value may stand in a frame before the one whose name
    for it tells what it is."""
    frames = list(said)
    words = _Words()
    if len(station) > LONGEST_KEPT:
        words.by_value[station] = STATION
    parsed = [_read(each.text) for each in frames]
    for value in parsed:
        words.learn(value)
    return [
        each._replace(text=_text(each.text, value, words))
        for each, value in zip(frames, parsed, strict=True)
    ]


def _text(text: str, value: Any, words: _Words) -> str:
    if value is None:
        return masked(words.within(text))
    kind = "CallError" if isinstance(value, list) and value[:1] == [4] else ""
    action = value[2] if isinstance(value, list) and len(value) > 2 else ""
    made = json.dumps(words.put(value), ensure_ascii=False, separators=(",", ":"))
    return masked(made, kind, action if isinstance(action, str) else "")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class _Words:
    """by_value: what was recorded -> what stands for it."""

    def __init__(self) -> None:
        self.by_value: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._longest: list[str] | None = None

    def learn(self, value: Any, name: str = "") -> None:
        match value:
            case dict():
                for key, part in value.items():
                    self.learn(part, key)
                if "idToken" in value and isinstance(value["idToken"], str):
                    self._one(value["idToken"], "TAG")
            case list():
                for part in value:
                    self.learn(part, name)
            case str():
                if (within := _data(name, value)) is not None:
                    self.learn(within)
                elif word := _word(name):
                    self._one(value, word)

    def _one(self, value: str, word: str) -> None:
        if value and value not in self.by_value:
            self._numbers[word] += 1
            self.by_value[value] = f"{word}-{self._numbers[word]}"

    def put(self, value: Any, name: str = "") -> Any:
        match value:
            case dict():
                return {key: self.put(part, key) for key, part in value.items()}
            case list():
                return [self.put(part) for part in value]
            case str():
                if (within := _data(name, value)) is not None:
                    return json.dumps(self.put(within), ensure_ascii=False, separators=(",", ":"))
                return self.by_value.get(value) or self.within(value)
        return value

    def within(self, text: str) -> str:
        """A text with what it has of the masked values replaced; the longest first."""
        if self._longest is None:
            some = (value for value in self.by_value if len(value) > LONGEST_KEPT)
            self._longest = sorted(some, key=len, reverse=True)[:MOST_WITHIN]
        for value in self._longest:
            if value in text:
                text = text.replace(value, self.by_value[value])
        return text


def _data(name: str, value: str) -> dict[str, Any] | None:
    """What is in the `data` of a DataTransfer, where that is a message of its own as JSON."""
    found = _read(value) if name == "data" and value.startswith("{") else None
    return found if isinstance(found, dict) else None


def _word(name: str) -> str:
    if name in TAGS:
        return "TAG"
    if name == "transactionId":
        return "TRANSACTION"
    if name in _STATUS or is_secret(name):
        return ""
    plain = "".join(sign for sign in name.lower() if sign.isalnum())
    return next(
        (word for part, word in _PARTS.items()
         if plain == part or (part not in _EXACT and part in plain)), "",
    )  # fmt: skip
