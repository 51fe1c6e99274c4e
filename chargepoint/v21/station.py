"""The 2.1 charging station: what 2.0.1 has, by the schemas of 2.1.

Only the blocks that 2.0.1 has are emulated. 2.1 kept their messages, adding optional fields and
values; what is new in 2.1 answers NotSupported, by its name.
"""

from typing import ClassVar

from chargepoint import rpc
from chargepoint.v21.reservation import Reservation21
from chargepoint.v21.token_types import TokenTypes
from chargepoint.v201.station import Station201

# 2.1 part 4, 4.1.3: message types that 2.0.1 does not know, and that nobody answers.
_CALL_RESULT_ERROR, _SEND = "[5,", "[6,"


class Station21(TokenTypes, Reservation21, Station201):
    __slots__ = ()

    VERSION: ClassVar[str] = "2.1"

    def _take_bad(self, bad: rpc.BadFrame, text: str, now: float) -> None:
        if bad.fault == rpc.UNKNOWN_TYPE:
            start = "".join(text[:8].split())
            if start.startswith((_CALL_RESULT_ERROR, _SEND)):
                what = "CallResultError" if start.startswith(_CALL_RESULT_ERROR) else "Send"
                self._note("Invalid", text, now, f"ignored: a {what}", "", bad.unique_id)
                return
        super()._take_bad(bad, text, now)
