"""WebSocket messages of one direction (RFC 6455, 5.2), also compressed ones (RFC 7692)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

LARGEST = 8 << 20  # bytes of a message
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_TAIL = b"\x00\x00\xff\xff"  # RFC 7692, 7.2.2


class Broken(Exception):
    """Bytes that are no frame, or a message that is too large: nothing after them can be read."""


class Message(NamedTuple):
    """time: of the bytes that made it whole."""

    time: float
    opcode: int
    data: bytes


class Frames:
    """Feed it the bytes of a direction after the handshake, in their order.

    masked: of the side that dialled, whose frames must be (5.3).
    """

    def __init__(self, masked: bool, deflated: bool = False, forgets: bool = False) -> None:
        self._masked, self._deflated, self._forgets = masked, deflated, forgets
        self._inflater = zlib.decompressobj(-15)
        self._buffer = bytearray()
        self._parts = bytearray()
        self._opcode = 0
        self._compressed = False

    def feed(self, moment: float, data: bytes) -> Iterator[Message]:
        """Yield the messages that are whole by it. Raises Broken."""
        self._buffer += data
        while (frame := self._frame()) is not None:
            final, compressed, opcode, payload = frame
            if opcode >= CLOSE:  # between the parts of others (5.4)
                yield Message(moment, opcode, payload)
                continue
            if opcode != CONTINUATION:
                self._opcode, self._compressed = opcode, compressed
                self._parts.clear()
            elif not self._opcode:
                raise Broken("a continuation of nothing")
            self._parts += payload
            if len(self._parts) > LARGEST:
                raise Broken("a message that is too large")
            if final:
                whole = self._whole()
                opcode, self._opcode = self._opcode, 0
                yield Message(moment, opcode, whole)

    def _frame(self) -> tuple[bool, bool, int, bytes] | None:
        """(final, compressed, opcode, payload), or None until there is more."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        if first & 0x0F not in _OPCODES or first & 0x30 or bool(second & 0x80) != self._masked:
            raise Broken("bytes that are no frame of a WebSocket")
        if first & 0x40 and not self._deflated:
            raise Broken("a compressed frame, though nothing of that was agreed on")
        size, place = second & 0x7F, 2
        if size == 126:
            size, place = self._long("!H", 4)
        elif size == 127:
            size, place = self._long("!Q", 10)
        if size > LARGEST:
            raise Broken("a frame that is too large")
        end = place + size + (4 if self._masked else 0)
        if place > len(buffer) or end > len(buffer):
            return None
        payload = bytes(buffer[place:end])
        if self._masked:
            payload = _unmasked(payload[:4], payload[4:])
        del buffer[:end]
        return bool(first & 0x80), bool(first & 0x40), first & 0x0F, payload

    def _long(self, form: str, end: int) -> tuple[int, int]:
        if len(self._buffer) < end:
            return 0, len(self._buffer) + 1  # wait for the rest of the head
        return struct.unpack(form, self._buffer[2:end])[0], end

    def _whole(self) -> bytes:
        if not self._compressed:
            return bytes(self._parts)
        if self._forgets:
            self._inflater = zlib.decompressobj(-15)
        try:
            made = self._inflater.decompress(bytes(self._parts) + _TAIL, LARGEST)
        except zlib.error as error:
            raise Broken(f"what cannot be inflated ({error})") from error
        if self._inflater.unconsumed_tail:
            raise Broken("a message that is too large")
        return made


def _unmasked(key: bytes, data: bytes) -> bytes:
    size = len(data)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
