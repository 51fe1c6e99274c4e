"""TCP put together: the bytes of each direction in their order, once each (RFC 9293, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scenarios.replay.capture.files import SYN, Segment

WRAP = 1 << 32
MOST_WAITING = 4 << 20  # bytes of a direction that wait for what is missing before them
FARTHEST = 1 << 30  # what lies further ahead is no part of this connection


class Piece(NamedTuple):
    """Bytes in their order. time: when they could be read, which what is missing before them
    delays; missing: bytes before them that the capture does not have."""

    time: float
    data: bytes
    missing: int = 0


class Way:
    """One direction of a connection."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, Piece] = {}
        self._held = 0

    def take(self, segment: Segment) -> Iterator[Piece]:
        """Take a segment and yield what is whole by it."""
        sequence = segment.sequence
        if segment.flags & SYN:
            self._next = (sequence + 1) % WRAP
            sequence = self._next
        if not segment.data:
            return
        if self._next is None:  # the capture begins in the midst of it
            self._next = sequence
        ahead = (sequence - self._next) % WRAP
        if ahead > FARTHEST:  # seen before, at least its beginning
            behind = WRAP - ahead
            if behind >= len(segment.data):
                return
            yield from self._whole(Piece(segment.time, segment.data[behind:]))
        elif ahead == 0:
            yield from self._whole(Piece(segment.time, segment.data))
        else:
            self._keep(sequence, Piece(segment.time, segment.data))
            if self._held > MOST_WAITING:
                yield from self._skip()

    def end(self) -> Iterator[Piece]:
        """What is left, with what is missing before it."""
        while self._waiting:
            yield from self._skip()

    def _keep(self, sequence: int, piece: Piece) -> None:
        before = self._waiting.get(sequence)
        if before is None or len(before.data) < len(piece.data):
            self._held += len(piece.data) - (len(before.data) if before else 0)
            self._waiting[sequence] = piece

    def _whole(self, piece: Piece) -> Iterator[Piece]:
        yield piece
        self._next = (self._next + len(piece.data)) % WRAP
        while self._waiting:
            near = min(self._waiting, key=self._distance)
            gap = self._distance(near)
            if gap > 0:
                return
            kept = self._waiting.pop(near)
            self._held -= len(kept.data)
            if -gap < len(kept.data):
                rest = Piece(max(kept.time, piece.time), kept.data[-gap:])
                yield rest
                self._next = (self._next + len(rest.data)) % WRAP

    def _distance(self, sequence: int) -> int:
        """How far ahead of what comes next; below zero: behind."""
        ahead = (sequence - self._next) % WRAP
        return ahead - WRAP if ahead > FARTHEST else ahead

    def _skip(self) -> Iterator[Piece]:
        """Go on behind what the capture has lost."""
        near = min(self._waiting, key=self._distance)
        missing = self._distance(near)
        kept = self._waiting.pop(near)
        self._held -= len(kept.data)
        self._next = near
        yield from self._whole(Piece(kept.time, kept.data, max(0, missing)))
