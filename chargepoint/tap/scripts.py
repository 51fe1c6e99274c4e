"""Answers that an operator has laid down: what the CSMS gets in the place of the station's own.

The Call is read, checked and noted as ever; only what the station would do at it, and say to it, is
left out. So a test can have a station refuse, or answer what none would.
"""

from typing import Any

import msgspec
import orjson

from chargepoint.tap.selection import words

SCRIPTS_AT_MOST = 50
LARGEST = 1 << 16  # bytes of a payload


class Script(msgspec.Struct):
    """`count`: how many more Calls are answered so, None: no end; `until`: unix seconds, None: no
    end. A CallError where there is a `code`, else a CallResult of `payload`."""

    id: int
    actions: tuple[str, ...]
    payload: Any = None
    code: str = ""
    description: str = ""
    count: int | None = 1
    until: float | None = None
    cause: str = ""

    def over(self, now: float) -> bool:
        return self.count == 0 or (self.until is not None and now >= self.until)

    def shown(self) -> dict[str, Any]:
        """As users are shown it; `until` is in Unix seconds, None without an end."""
        shown: dict[str, Any] = {"id": self.id, "action": ",".join(self.actions)}
        if self.code:
            shown |= {"code": self.code, "description": self.description}
        else:
            shown["payload"] = self.payload
        return {**shown, "count": self.count, "until": self.until}


def script_of(
    identity: int, now: float, action: str = "", payload: Any = None, code: str = "",
    description: str = "", count: int | None = 1, seconds: float | None = None, cause: str = "",
) -> Script:  # fmt: skip
    """Make one of an operator's arguments; ValueError with a sentence for what makes no sense.
    Raises ValueError."""
    actions = words(action)
    if not actions or len(actions) > 100 or any(len(name) > 60 for name in actions):
        raise ValueError("Name the action whose Call is answered, or several by comma.")
    if (payload is None) == (not code):
        raise ValueError("Give either payload or code.")
    if payload is not None and not isinstance(payload, dict):
        raise ValueError("The payload is an object.")
    if len(orjson.dumps(payload)) > LARGEST:
        raise ValueError(f"The payload is at most {LARGEST} bytes.")
    if count is not None and not 0 < count <= 1_000_000:
        raise ValueError("The count is 1 to 1000000 Calls.")
    if seconds is not None and not 0 < seconds <= 31_536_000:
        raise ValueError("The seconds are above 0 and at most a year; leave them out for no end.")
    until = None if seconds is None else now + seconds
    return Script(identity, actions, payload, code, description[:255], count, until, cause)
