"""The outbound side: Daphne turned round.

A Dialer connects to the CSMS as a WebSocket client and presents the connection to the consumer as
the ASGI events that a server would have sent: websocket.connect, receive, disconnect. What the
consumer answers (websocket.send, websocket.close) goes out on the socket. A frame's whole way, from
the socket's callback to the reply, is one synchronous call: no queue, no task, no timer handle.
"""

import logging
import random
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from chargepoint.config import StationConfig
from chargepoint.effects import SOON
from chargepoint.timing.backoff import Backoff
from chargepoint.timing.ticks import near_tick, on_tick
from stations.link.bursts import BEHIND, RECEIVE_BUFFER, Burst
from stations.link.deflate import NotAgreed, deflated
from stations.link.dialing import DialQueue, failure_kind, refusal, target_of
from stations.link.fragments import Broken, Fragments, collected
from stations.link.handshake import chosen, compresses
from stations.link.state import (
    ABNORMAL,
    GOING_AWAY,
    INVALID_TEXT,
    NO_CODE,
    NORMAL,
    LinkState,
)
from stations.link.targets import DialTarget, TlsOptions
from stations.worker.consumers import ChargePointConsumer
from stations.worker.gate import PAUSE

log = logging.getLogger(__name__)

PONG_TIMEOUT = 20.0
PING_TICKS = 1  # a second: pings wake a worker for nothing else, and are no frames of OCPP
NO_POWER = "the station has no power"
CLOSE_TIMEOUT = 2.0  # how long the CSMS may take to answer our close
STABLE_AFTER = 30.0  # a connection that lasted this long ends a series of failures

_TEXT = WSMsgType.TEXT
_PING, _PONG, _CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE


class Dialer(WSListener):
    """One station's link. `wanted` is what the operator wants, `state` is what there is."""

    __slots__ = (
        "consumer", "target", "queue", "wanted", "state", "armed", "error", "backoff", "transport",
        "burst", "closed", "_at", "_opened", "_ping_interval", "_next_ping", "_pong_by",
        "_deflates", "_fragments", "_frozen",
    )  # fmt: skip

    def __init__(self, consumer: ChargePointConsumer, target: DialTarget, queue: DialQueue) -> None:
        self.consumer = consumer
        self.target = target
        self.queue = queue
        self.wanted = False
        self.state = LinkState.OFF
        self.armed: float | None = None
        self.error = ""
        self.backoff = Backoff(self._delay)
        self.transport: WSTransport | None = None
        # (how often, when last, in what words) the other side has ended an open link
        self.closed: tuple[int, float, str] = (0, 0.0, "")
        self._at: float | None = None  # next dial, next ping, or end of patience while closing
        self._opened = 0.0
        self._ping_interval = 0.0
        self._next_ping = 0.0
        self._pong_by: float | None = None  # of the oldest ping that is not answered
        self._fragments: Fragments | None = None
        self._frozen = False  # half-open: nothing is read or written
        self._deflates = False  # agreed for this connection
        self.burst: Burst | None = None  # while frames wait for their turn nothing is read
        consumer.link = self
        if consumer.station.dark:
            self.error = NO_POWER

    # --- what the fleet asks -----------------------------------------------------------------

    def connect(self, pause: float = 0.0) -> None:
        """Bring the link up and keep it up; a waiting back-off is cut short.

        `pause`: seconds before the first dial (a station that boots slowly).
        """
        self.wanted = True
        if self.state is LinkState.CLOSING:
            self.consumer.reconnect_after = pause  # in place of a back-off
        if self.state not in (LinkState.OFF, LinkState.WAITING):
            return
        if pause > 0:
            self._after_loss(pause)
        else:
            self._enqueue()

    def disconnect(self, code: int = NORMAL, reason: str = "") -> None:
        """Take the link down and keep it down."""
        self.wanted = False
        self._let_go(code, reason)

    def drop(self) -> None:
        """Be done with the connection at once and without a word: the consumer hears no more of it.

        A close frame would be one more frame of a station that speaks elsewhere by now.
        """
        self.wanted = False
        transport, self.transport = self.transport, None
        self.state, self.burst = LinkState.OFF, None
        self.consumer.host.deadlines.disarm(self)
        if transport is not None:
            transport.disconnect(False)

    def cut(self) -> None:
        """Tear the connection down as a power cut does: no close frame, and no dial after it."""
        self.wanted = False
        if self.state in (LinkState.OPEN, LinkState.CLOSING):
            self._abort()
        elif self.state is LinkState.WAITING:
            self._after_loss(None)
        self.error = NO_POWER

    def freeze(self, on: bool) -> None:
        """Make the connection half-open, or go on with it; a new one is whole."""
        if self.state is not LinkState.OPEN:
            return
        self._frozen = on
        below = self.transport.underlying_transport
        if on:
            below.pause_reading()
        elif self.burst is None:
            below.resume_reading()

    def pause(self, on: bool) -> None:
        """Read nothing while it is not known whether the station is ours; the socket stays open."""
        if self.state is not LinkState.OPEN:
            return
        below = self.transport.underlying_transport
        if on:
            below.pause_reading()
        elif not self._frozen and self.burst is None:
            below.resume_reading()

    def redirect(self, target: DialTarget) -> None:
        """Use another address or other credentials from now on."""
        self.target = target
        self.backoff.reset()
        if self.state is LinkState.WAITING:
            self._enqueue()
        else:
            self.consumer.reconnect_after = 0.0
            self._let_go(NORMAL, "address changed")

    def tls(self) -> TlsOptions | None:
        return self.target.tls

    def offered(self) -> tuple[StationConfig, ...]:
        return self.target.options.configs

    def _delay(self, attempt: int) -> float:
        # The station is another object once it speaks another version.
        return self.consumer.station.reconnect_delay(attempt)

    def describe(self) -> dict[str, Any]:
        """What an operator wants to know of the link; `next`: unix seconds of the next dial.

        closed: {"times", "last": unix seconds, "why"}, once the other side has ended an open link.
        """
        waits = self.state is LinkState.WAITING
        told = {
            "state": self.state.value,
            "error": self.error,
            "attempt": self.backoff.attempt,
            "next": self._at if waits else None,
        }
        times, last, why = self.closed
        return told | {"closed": {"times": times, "last": last, "why": why}} if times else told

    # --- dialing -----------------------------------------------------------------------------

    def _enqueue(self) -> None:
        self.state = LinkState.DIALING
        self._at = None
        self.queue.submit(self)

    def failed(self, failure: BaseException) -> None:
        """The dial came to nothing (called by the DialQueue)."""
        self.error = refusal(failure, self.target.options.proxy)
        log.info("%s: %s not reached: %s", self.consumer.identity, target_of(self).url, self.error)
        self._after_loss(None)
        if self.wanted:
            self.consumer.dial_failed(failure_kind(failure), self.error)

    def _after_loss(self, pause: float | None) -> None:
        """Nothing is open any more: dial again after `pause` seconds (None: by the back-off)."""
        self.transport = None
        self._fragments = self._pong_by = self.burst = None
        self._frozen = self._deflates = False
        host = self.consumer.host
        if self.wanted:
            pause = self.backoff.next_delay() if pause is None else pause
            self.state = LinkState.WAITING
            self._at = host.clock.now() + pause
            host.deadlines.arm(self, self._at)
        else:
            self.state = LinkState.OFF
            self._at = None
            host.deadlines.disarm(self)
        host.snapshots.changed(self.consumer, SOON)

    # --- the socket (picows callbacks) -------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade was answered 101: the link is open, and the station hears of it.

        It is closed again where it is not wanted any more; refused where compression was not agreed
        on as offered.
        """
        asked = self.consumer.host.gate.asked()
        if asked is None:
            self._open(transport)
        else:
            transport.underlying_transport.pause_reading()
            asked.add_done_callback(lambda _: self._open_late(transport))

    def _open_late(self, transport: WSTransport) -> None:
        below = transport.underlying_transport
        if below.is_closing():
            self._after_loss(None)
        else:
            below.resume_reading()
            self._open(transport)

    def _open(self, transport: WSTransport) -> None:
        if not self.wanted or self.consumer.host.gate.shut():
            if not (self.consumer.gone or self.consumer.host.gate.shut()):
                transport.send_close(GOING_AWAY)
            transport.disconnect(False)
            self._after_loss(None)
            return
        self.transport = transport
        self.state = LinkState.OPEN
        self.error = ""
        self._at = None
        self._opened = self.consumer.host.clock.now()
        below = transport.underlying_transport
        below.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER)
        headers = transport.response.headers
        try:
            self._deflates = compresses(headers, self.target)
        except NotAgreed as why:
            self.consumer.refuse(str(why))
            return
        scope = {"type": "websocket", "subprotocols": chosen(headers)}
        self.consumer.handle({"type": "websocket.connect"}, scope)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one frame of the CSMS: deliver text, answer a ping, collect fragments.

        Those that come while too much is behind wait.
        """
        if transport is not self.transport:
            return
        if transport.is_close_frame_sent and self.state is LinkState.OPEN:
            return  # picows refused an earlier frame, and ends the connection in a moment
        if frame.tail_size > BEHIND or (self.burst is not None and frame.tail_size >= 0):
            self._postpone(transport, frame)
            return
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._collect(frame)
        elif kind is _TEXT and frame.fin and self._fragments is None:
            try:
                text = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                self._not_utf8(frame.get_payload_as_bytes())
                return
            self._deliver({"type": "websocket.receive", "text": text})
        elif kind is _PONG:
            self._pong_by = None
        elif kind is _PING:
            if not self.consumer.host.gate.shut():
                transport.send_pong(frame.get_payload_as_bytes())
        elif kind is _CLOSE:
            self._answer_close(transport)
        else:
            self._collect(frame)

    def _postpone(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.burst is None:
            transport.underlying_transport.pause_reading()
            self.burst = Burst(self, transport)
        self.burst.add(frame)

    def burst_over(self, transport: WSTransport) -> None:
        """All frames that waited were taken (called by the Burst)."""
        ended, self.burst = self.burst.ended, None
        if ended:
            self.on_ws_disconnected(transport)
        elif not (self._frozen or self.consumer.host.gate.closed):
            transport.underlying_transport.resume_reading()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The link has ended: the station hears the close code and reason (1006 where there was
        no close frame), and the next attempt is planned."""
        if transport is not self.transport:
            return
        if self.burst is not None:
            self.burst.ended = True
            return
        shake = transport.close_handshake
        self._note_violation(transport)
        last = shake and (shake.recv or shake.sent)
        code, reason = (int(last.code) or NO_CODE, last.reason or "") if last else (ABNORMAL, "")
        words = f"closed with {code} {reason}".rstrip()
        refused = shake and shake.sent and not shake.recv_then_sent  # by picows, what it sent
        if self.state is LinkState.OPEN and not refused:
            self.closed = (self.closed[0] + 1, self.consumer.host.clock.now(), words)
        if self.state is LinkState.OPEN or not self.error:
            self.error = words
        if self.consumer.host.clock.now() - self._opened >= STABLE_AFTER:
            self.backoff.reset()
        self.transport = None
        self.state = LinkState.OFF
        self.consumer.handle({"type": "websocket.disconnect", "code": code, "reason": reason})
        pause, self.consumer.reconnect_after = self.consumer.reconnect_after, None
        self._after_loss(pause)

    def pause_writing(self) -> None:
        """The CSMS reads slowly. A charge point has one Call out, so little can pile up."""

    def resume_writing(self) -> None:
        pass

    # --- receiving ---------------------------------------------------------------------------

    def _deliver(self, event: dict[str, Any]) -> None:
        try:
            self.consumer.handle(event)
        except Exception:
            # A fault of ours must not cost the station its connection.
            log.exception("%s: frame not handled", self.consumer.identity)

    def _collect(self, frame: WSFrame) -> None:
        """A fragment, a binary or compressed message, or a frame that none may send."""
        try:
            fragments = self._fragments = collected(self._fragments, frame, self._deflates)
            if not frame.fin:
                return
            self._fragments = None
            data = fragments.joined()
        except Broken as why:
            self._fail(why.code, str(why))
        else:
            self._deliver_joined(data, fragments.is_text)

    def _deliver_joined(self, data: bytes, is_text: bool) -> None:
        if not is_text:
            self._deliver({"type": "websocket.receive", "bytes": data})
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._not_utf8(data)
            return
        self._deliver({"type": "websocket.receive", "text": text})

    def _not_utf8(self, data: bytes) -> None:
        # RFC 6455, 8.1: text that is not UTF-8 fails the connection.
        self.consumer.unreadable(data.decode(errors="backslashreplace"), "not UTF-8")
        self._close(INVALID_TEXT, "text is not UTF-8")

    def _fail(self, code: int, reason: str) -> None:
        self._fragments = None
        self.consumer.unreadable("", reason)
        self._close(code, reason)

    def _note_violation(self, transport: WSTransport) -> None:
        """Log a frame that picows itself refused; it has sent the close already."""
        shake = transport.close_handshake
        if self.state is LinkState.OPEN and shake and shake.sent and not shake.recv_then_sent:
            self.error = f"{shake.sent.reason or 'protocol error'} ({int(shake.sent.code)})"
            self.consumer.unreadable("", self.error)
            self.queue.swallow(transport.wait_disconnected())

    # --- sending -----------------------------------------------------------------------------

    def carry(self, event: dict[str, Any]) -> None:
        """Take an ASGI event of the consumer."""
        kind = event["type"]
        if kind == "websocket.send":
            if self.state is LinkState.OPEN:
                data = event["text"].encode(errors="surrogatepass")
                packed = deflated(data) if self._deflates else None
                if packed is None:
                    self.transport.send(_TEXT, data)
                else:
                    self.transport.send(_TEXT, packed, rsv1=True)
        elif kind == "websocket.close":
            self.error = event.get("reason") or ""
            self._close(event.get("code") or NORMAL, event.get("reason") or "")

    def _let_go(self, code: int, reason: str) -> None:
        if self.state is LinkState.OPEN:
            self._close(code, reason)
        elif self.state is LinkState.WAITING:
            self._after_loss(None)

    def _close(self, code: int, reason: str) -> None:
        if self.state is not LinkState.OPEN:
            return
        if self._frozen:  # nothing can be said to the other side
            self._abort()
            return
        self.state = LinkState.CLOSING
        # A close frame has room for 123 bytes of reason (RFC 6455, 5.5).
        self.transport.send_close(code, reason.encode()[:123].decode(errors="ignore").encode())
        host = self.consumer.host
        self._at = host.clock.now() + CLOSE_TIMEOUT
        host.deadlines.arm(self, self._at)

    def _abort(self) -> None:
        self.state, self.burst = LinkState.CLOSING, None
        self.transport.disconnect(False)

    def _answer_close(self, transport: WSTransport) -> None:
        received = transport.close_handshake.recv
        if self.consumer.host.gate.shut():
            transport.disconnect(False)
            return
        if not transport.is_close_frame_sent:
            # RFC 6455, 7.4.1: 1005 stands for "no code" and is never sent.
            transport.send_close(int(received.code) or NORMAL)
        transport.disconnect()

    # --- waiting -----------------------------------------------------------------------------

    def ping_every(self, seconds: float) -> None:
        """WebSocketPingInterval; the first ping falls anywhere within it, to spread the load."""
        self._ping_interval = seconds
        self._pong_by = None
        if self.state is not LinkState.OPEN:
            return
        self._at = None
        if seconds > 0:
            host = self.consumer.host
            first = host.clock.now() + seconds * random.uniform(0.5, 1)
            self._next_ping = self._at = on_tick(first, self._ping_ticks)
            host.deadlines.arm(self, self._at)

    @property
    def _ping_ticks(self) -> int:
        return PING_TICKS if self._ping_interval >= 1 else 0

    def due(self, now: float) -> float | None:
        """The next dial, ping, missing pong or end of a close came up (called by Deadlines)."""
        if self._at is None or self._at > now:
            return self._at
        if self.consumer.host.gate.shut():
            return now + PAUSE
        match self.state:
            case LinkState.WAITING:
                self._enqueue()
            case LinkState.CLOSING:
                self._at = None
                self.transport.disconnect(False)
            case LinkState.OPEN:
                self._ping(now)
        return self._at

    def _ping(self, now: float) -> None:
        if self._pong_by is not None and self._pong_by <= now:
            self.error = "no pong"
            self._close(GOING_AWAY, "no pong")
            self.transport.disconnect(False)
            return
        if self._next_ping <= now:
            if not self._frozen:
                self.transport.send_ping()
            self._next_ping = near_tick(now + self._ping_interval, self._ping_ticks)
            self._pong_by = self._pong_by or now + PONG_TIMEOUT
        self._at = min(self._next_ping, self._pong_by or self._next_ping)
