"""What a station asks of the world around it. Values only; the shell performs them in order."""

from typing import Any, NamedTuple


class Frame(NamedTuple):
    """One OCPP-J frame as it is on the wire, with what was learned about it.

    direction "sent" | "received"; kind "Call" | "CallResult" | "CallError" | "Invalid"
    time      unix seconds; latency seconds since the Call, on a CallResult or CallError
    error     "" or a CallError code, or why the frame was ignored
    """

    direction: str
    kind: str
    action: str
    unique_id: str
    text: str
    time: float
    latency: float | None = None
    error: str = ""


class Send(NamedTuple):
    """Write frame.text to the socket, and log the frame."""

    frame: Frame


class Received(NamedTuple):
    """Log the frame. Each incoming frame yields exactly one, before what it causes."""

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


Effect = Send | Received | Close | Changed | Session | PingInterval
