"""Putting the fragments of a WebSocket message together (RFC 6455, 5.4)."""

from picows import WSMsgType


class Fragments:
    """One message that comes in parts; exists only while it is incomplete."""

    __slots__ = ("_parts", "is_text", "size")

    def __init__(self, kind: WSMsgType) -> None:
        self.is_text = kind is WSMsgType.TEXT
        self.size = 0  # bytes so far
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> None:
        self._parts.append(data)
        self.size += len(data)

    def joined(self) -> bytes:
        return b"".join(self._parts)
