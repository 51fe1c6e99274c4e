"""Putting the fragments of a WebSocket message together (RFC 6455, 5.4; RFC 7692, 6.2)."""

from picows import WSFrame, WSMsgType

from chargepoint.config import MAX_FRAME
from stations.link.deflate import TooLarge, inflated
from stations.link.state import PROTOCOL_ERROR, TOO_BIG

_STARTS = (WSMsgType.TEXT, WSMsgType.BINARY)


class Broken(Exception):
    """A frame fails the connection with this close code, for a reason in words."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Fragments:
    """One message that comes in parts, or compressed; exists only while it is incomplete."""

    __slots__ = ("_is_deflated", "_parts", "_size", "is_text")

    def __init__(self, kind: WSMsgType, is_deflated: bool) -> None:
        self.is_text = kind is WSMsgType.TEXT
        self._is_deflated = is_deflated
        self._size = 0  # bytes so far
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Raises Broken beyond the limit of a frame."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > MAX_FRAME:
            raise Broken(TOO_BIG, "message too big")

    def joined(self) -> bytes:
        """The message. Raises Broken where it came compressed and cannot be inflated."""
        data = b"".join(self._parts)
        if not self._is_deflated:
            return data
        try:
            return inflated(data)
        except TooLarge as why:
            raise Broken(TOO_BIG, str(why)) from why
        except ValueError as why:
            raise Broken(PROTOCOL_ERROR, str(why)) from why


def collected(known: Fragments | None, frame: WSFrame, deflates: bool) -> Fragments:
    """The message so far with this frame: `known`, or a new one. Raises Broken."""
    kind = frame.msg_type
    # RFC 6455, 5.2: no bit that no extension gives a meaning. RFC 7692, 6: the first one, on the
    # first frame of a message, says that the message is compressed.
    if frame.rsv2 or frame.rsv3 or (frame.rsv1 and not (deflates and kind in _STARTS)):
        raise Broken(PROTOCOL_ERROR, "a reserved bit is set")
    if (kind is WSMsgType.CONTINUATION) == (known is None):
        raise Broken(PROTOCOL_ERROR, "fragments out of order")
    fragments = known or Fragments(kind, frame.rsv1)
    fragments.add(frame.get_payload_as_bytes())
    return fragments
