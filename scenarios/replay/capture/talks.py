"""Stations in a capture: each connection's handshake, and what was said on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from scenarios.replay.capture.files import ACK, SYN, Segment
from scenarios.replay.capture.streams import Piece, Way
from scenarios.replay.capture.websocket import TEXT, Broken, Frames
from scenarios.replay.conversation import MOST_FRAMES, RECEIVED, SENT, Said, Unreadable

MOST_CONNECTIONS = 5000
LONGEST_HEAD = 64 << 10  # bytes of a handshake
_END = b"\r\n\r\n"
_HTTP = (b"GET ", b"HTTP/")

End = tuple[bytes, int]


@dataclass
class Talk:
    """station: the last part of the address that was dialled, "" where the capture has no
    handshake; said: frames, oldest first; notes: what is missing."""

    station: str = ""
    subprotocol: str = ""
    said: list[Said] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Side:
    """One direction: `head` until the handshake is over, then `frames`."""

    direction: str = ""  # of its frames; "" as long as nobody knows who dialled
    head: bytearray = field(default_factory=bytearray)
    frames: Frames | None = None
    broken: bool = False
    way: Way = field(default_factory=Way)


class _Connection:
    def __init__(self) -> None:
        self.talk = Talk()
        self.sides: dict[End, _Side] = defaultdict(_Side)

    def take(self, segment: Segment) -> None:
        side = self.sides[segment.source]
        for piece in side.way.take(segment):
            self._piece(side, piece)

    def end(self) -> None:
        for side in self.sides.values():
            for piece in side.way.end():
                self._piece(side, piece)
        self.talk.said.sort(key=lambda said: said.time)

    def _piece(self, side: _Side, piece: Piece) -> None:
        if side.broken:
            return
        if piece.missing:
            self._give_up(side, f"{piece.missing} bytes that the capture does not have")
            return
        data = piece.data
        if side.frames is None:
            data = self._head(side, data)
            if side.frames is None:
                return
        try:
            for message in side.frames.feed(piece.time, data):
                if message.opcode == TEXT:
                    text = message.data.decode("utf-8", "replace")
                    self.talk.said.append(Said(message.time, side.direction, text))
        except Broken as problem:
            self._give_up(side, str(problem))

    def _give_up(self, side: _Side, why: str) -> None:
        side.broken = True
        if side.direction:
            whose = "the station" if side.direction == SENT else "the CSMS"
            self.talk.notes.append(f"What {whose} said is known only up to {why}.")

    def _head(self, side: _Side, data: bytes) -> bytes:
        """Read the handshake (RFC 6455, 4); what comes behind it."""
        side.head += data
        head = bytes(side.head[: LONGEST_HEAD + 4])
        if not any(head[: len(word)] == word[: len(head)] for word in _HTTP):
            return self._in_the_midst(side, head)
        place = head.find(_END)
        if place < 0:
            side.broken = len(head) > LONGEST_HEAD
            return b""
        lines = head[:place].decode("latin-1").split("\r\n")
        fields = _fields(lines[1:])
        if lines[0].startswith("GET "):
            side.direction = SENT
            path = lines[0].split(" ")[1].partition("?")[0]
            self.talk.station = unquote(path.rstrip("/").rpartition("/")[2])[:200]
            side.broken = fields.get("upgrade", "").lower() != "websocket"
            side.frames = Frames(masked=True)
        else:
            side.direction = RECEIVED
            side.broken = " 101" not in lines[0][:13]
            self.talk.subprotocol = fields.get("sec-websocket-protocol", "")
            self._agree(side, fields.get("sec-websocket-extensions", ""))
        rest = bytes(side.head[place + len(_END) :])
        side.head.clear()
        return rest

    def _agree(self, server: _Side, extensions: str) -> None:
        words = [word.strip().lower() for word in extensions.split(";")]
        deflated = words[0] == "permessage-deflate"
        server.frames = Frames(False, deflated, "server_no_context_takeover" in words)
        for other in self.sides.values():
            if other is not server and other.direction == SENT and deflated:
                other.frames = Frames(True, True, "client_no_context_takeover" in words)

    def _in_the_midst(self, side: _Side, head: bytes) -> bytes:
        """The handshake is not in the capture: who masks is the station (5.1)."""
        if len(head) < 2:
            return b""
        masks = bool(head[1] & 0x80)
        side.direction = SENT if masks else RECEIVED
        side.frames = Frames(masks)
        side.head.clear()
        return head


def _fields(lines: list[str]) -> dict[str, str]:
    made = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            made[name.strip().lower()] = value.strip()
    return made


def talks(segments: Iterable[Segment]) -> list[Talk]:
    """Those connections of a capture on which something was said. Raises Unreadable."""
    now: dict[frozenset[End], _Connection] = {}
    every: list[_Connection] = []
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        if ends not in now or segment.flags & (SYN | ACK) == SYN:  # the first of a connection
            if len(every) >= MOST_CONNECTIONS:
                raise Unreadable(f"It has more than {MOST_CONNECTIONS} connections: filter it.")
            now[ends] = _Connection()
            every.append(now[ends])
        now[ends].take(segment)
    for connection in every:
        connection.end()
    found = [each.talk for each in every if each.talk.said]
    if not found:
        raise Unreadable("It has no WebSocket with messages in it that can be read; is it TLS?")
    if sum(len(talk.said) for talk in found) > MOST_FRAMES:
        raise Unreadable(f"It has more than {MOST_FRAMES} messages: cut it.")
    return found
