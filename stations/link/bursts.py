"""A CSMS that sends more at once than one turn of the loop should take.

The read buffer of a socket that is always full doubles each time, and all that is in it would be
handled in one turn: a second and more in which no other station of the worker is served. So where
many bytes still stand behind a frame, the frames are copied, the socket is not read, and each turn
of the loop takes a few of them, in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from picows import WSFrame, WSMsgType, WSTransport

if TYPE_CHECKING:
    from stations.link.dialer import Dialer

BEHIND = 4096  # bytes in the buffer behind a frame, from which on it has to wait
TURN = 64  # frames of a burst that one turn of the loop takes
RECEIVE_BUFFER = 1 << 17  # bytes that the kernel keeps of one link; so much can be one burst


class Kept:
    """A frame whose bytes are no longer in the read buffer; as picows.WSFrame."""

    __slots__ = ("_payload", "fin", "msg_type", "rsv1", "rsv2", "rsv3")
    tail_size = -1  # it has waited already

    def __init__(self, frame: WSFrame) -> None:
        self.msg_type: WSMsgType = frame.msg_type
        self.fin, self.rsv1, self.rsv2, self.rsv3 = frame.fin, frame.rsv1, frame.rsv2, frame.rsv3
        self._payload = frame.get_payload_as_bytes()

    def get_payload_as_bytes(self) -> bytes:
        return self._payload

    def get_payload_as_utf8_text(self) -> str:
        return self._payload.decode()


class Burst:
    """The frames of one link that wait for their turn; it ends when none is left."""

    __slots__ = ("_dialer", "_frames", "_transport", "ended")

    def __init__(self, dialer: Dialer, transport: WSTransport) -> None:
        self.ended = False  # the connection is gone, which is told after its frames
        self._dialer, self._transport = dialer, transport
        self._frames: deque[Kept] = deque()
        asyncio.get_running_loop().call_soon(self._take)

    def add(self, frame: WSFrame) -> None:
        self._frames.append(Kept(frame))

    def _take(self) -> None:
        for _ in range(min(TURN, len(self._frames))):
            if self._dialer.burst is not self:
                return  # the connection was torn down, and what came by it with it
            self._dialer.on_ws_frame(self._transport, self._frames.popleft())
        if self._frames:
            asyncio.get_running_loop().call_soon(self._take)
        elif self._dialer.burst is self:
            self._dialer.burst_over(self._transport)
