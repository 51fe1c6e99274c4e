"""Signed meter values in a session's messages, and whether their signatures hold.

What they look like and how they are checked: chargepoint/trust/signed/checking.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chargepoint.trust.signed.checking import check, keys_in, signed_in

MOST = 1000  # values of a session


@dataclass(frozen=True)
class Told:
    """check, why: see Checked. key: "message" where the key came with the value, "session" where it
    came with another of the session and the same meter; in both cases it is nobody's word."""

    time: str
    action: str
    method: str
    check: str
    why: str
    key: str
    meter: str
    page: str


def is_of(transaction: str, message: Mapping[str, Any]) -> bool:
    """Whether a Call names the transaction; 1.6's numbers are compared as texts."""
    payload = _payload(message)
    if not isinstance(payload, dict):
        return False
    info = payload.get("transactionInfo")
    inner = info.get("transactionId") if isinstance(info, dict) else None
    return transaction in {str(each) for each in (payload.get("transactionId"), inner)
                           if each is not None}  # fmt: skip


def values_of(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of API items of Calls, in their order."""
    found = []
    for message in messages:
        found += [(message, signed) for signed in signed_in(_payload(message))]
        if len(found) >= MOST:
            break
    found = found[:MOST]
    known = keys_in(signed for _, signed in found)
    told = []
    for message, signed in found:
        seen = check(signed, known=known)
        told.append(Told(
            message["time"], message["action"], signed.method, seen.check, seen.why, seen.by,
            signed.meter, signed.page,
        ))  # fmt: skip
    return [asdict(each) for each in told]


def _payload(message: Mapping[str, Any]) -> Any:
    try:
        frame = json.loads(message["text"])
        return frame[3] if message["kind"] == "Call" else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
