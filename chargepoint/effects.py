"""What a station asks of the world around it. Values only; the shell performs them in order."""

from typing import Any, NamedTuple

# Makes a tuple of the class given from all of its fields: new(Frame, (...)). A NamedTuple's own
# constructor is a function of Python's and costs thrice as much; each frame is made by one of both.
new = tuple.__new__


class Frame(NamedTuple):
    """One OCPP-J frame as it is on the wire, with what was learned about it.

    direction "sent" | "received"; kind "Call" | "CallResult" | "CallError" | "Invalid", in 2.1
              also "CallResultError" | "Send"; a note on what was done to the station has no
              direction and the kind "Note"
    time      unix seconds; latency seconds since the Call, on a CallResult or CallError
    error     "" or a CallError code, or why the frame was ignored
    mark      "" or what was done to the frame on purpose (see docs/reference/faults.md)
    cause     "" or whose frame this is: a person's, or a script's, that is no station's own
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
    cause: str = ""


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
    """News of a charging session, for the record of transactions."""

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


class Download(NamedTuple):
    """Fetch a file by HTTP(S) or FTP(S). Station.transfer_ended is told how that went.

    id      the transfer's, never used twice; digest  "sha256" | "md5", made of the whole file
    """

    id: str
    url: str
    digest: str = "sha256"


class Upload(NamedTuple):
    """Make the file of a log and send it to a place. Station.transfer_ended is told.

    url       a directory, or the file itself; the URL may hold a user name and a password
    log       "DiagnosticsLog" | "SecurityLog"
    start     unix seconds of the oldest entry asked for, None where that was left open; so stop
    document  what only the station knows, plain values: the file begins with it
    """

    id: str
    url: str
    name: str
    log: str
    start: float | None
    stop: float | None
    document: dict[str, Any]


class StopTransfer(NamedTuple):
    """Give up a transfer; its outcome is of no interest any more."""

    id: str


DONE = "done"
FAILED = "failed"  # no connection, broken off, the server could not, too large, too slow
DENIED = "denied"  # the server wants another user, or lets nobody do it
UNSUPPORTED = "unsupported"  # the server has no such operation
BAD_MESSAGE = "bad message"  # the two sides do not understand each other


class Transferred(NamedTuple):
    """How a transfer went: what the shell tells Station.transfer_ended.

    result  one of the five above; words  why it failed, for people
    size    bytes; digest  as the Download asked; head  the first bytes of what was fetched
    """

    id: str
    result: str
    words: str = ""
    size: int = 0
    digest: bytes = b""
    head: bytes = b""


Effect = (
    Send
    | Received
    | Noted
    | Close
    | Changed
    | Session
    | PingInterval
    | Freeze
    | Cut
    | Dial
    | Download
    | Upload
    | StopTransfer
)


def kept_first(effects: list[Effect]) -> list[Effect]:
    """The state is kept before any frame that tells of it leaves, and after what caused it."""
    rest = [effect for effect in effects if type(effect) is not Changed]
    place = 1 if rest and type(rest[0]) is Received else 0
    rest.insert(place, Changed(URGENT))
    return rest
