"""What a station asks of the world around it. Values only; the shell performs them in order."""

from typing import Any, NamedTuple


class Frame(NamedTuple):
    """One OCPP-J frame as it is on the wire, with what was learned about it.

    direction "sent" | "received"; kind "Call" | "CallResult" | "CallError" | "Invalid"; a note on
              what was done to the station has no direction and the kind "Note"
    time      unix seconds; latency seconds since the Call, on a CallResult or CallError
    error     "" or a CallError code, or why the frame was ignored
    mark      "" or what was done to the frame on purpose (see docs/faults.md)
    """

    direction: str
    kind: str
    action: str
    unique_id: str
    text: str
    time: float
    latency: float | None = None
    error: str = ""
    mark: str = ""


class Send(NamedTuple):
    """Write frame.text to the socket, and log the frame."""

    frame: Frame


class Received(NamedTuple):
    """Log the frame. Each incoming frame yields exactly one, before what it causes."""

    frame: Frame


class Noted(NamedTuple):
    """Log what was never on the wire, or never reached the station: a fault's or an operator's."""

    frame: Frame


class Close(NamedTuple):
    """Close the socket. reconnect_after: seconds, or None to leave it to the back-off policy."""

    code: int
    reason: str
    reconnect_after: float | None = None


URGENT = "urgent"  # a transaction's start or end, configuration
SOON = "soon"  # within a second
TOUCH = "touch"  # activity only


class Changed(NamedTuple):
    """The station's state has a new version."""

    urgency: str


class Session(NamedTuple):
    """News of a charging session, for the record of transactions. See docs/architecture.md."""

    update: dict[str, Any]


class PingInterval(NamedTuple):
    """WebSocket pings from now on; 0 turns them off."""

    seconds: float


class Freeze(NamedTuple):
    """Read and write nothing on the socket, which stays open; or go on with it."""

    on: bool


class Cut(NamedTuple):
    """Tear the socket down without a close frame, and dial no more until Dial."""


class Dial(NamedTuple):
    """Dial after `pause` seconds."""

    pause: float


Effect = (
    Send | Received | Noted | Close | Changed | Session | PingInterval | Freeze | Cut | Dial
)
