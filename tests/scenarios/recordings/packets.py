"""Captures made by hand: a conversation over TCP, in pcap or pcapng, with what goes wrong there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

STATION, CSMS = (b"\x0a\x00\x00\x01", 40000), (b"\x0a\x00\x00\x02", 9000)
SYN, ACK = 0x02, 0x10
MASK = b"\x01\x02\x03\x04"
REQUEST = (
    b"GET /ocpp/CP%201 HTTP/1.1\r\nHost: csms\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
RESPONSE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n%sSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"  # noqa: E501


def frame(text: str | bytes, *, masked: bool, opcode: int = 1, final: bool = True,
          compressed: bool = False) -> bytes:  # fmt: skip
    data = text.encode() if isinstance(text, str) else text
    first = opcode | (0x80 if final else 0) | (0x40 if compressed else 0)
    bit = 0x80 if masked else 0
    if len(data) < 126:
        head = bytes([first, bit | len(data)])
    elif len(data) < 1 << 16:
        head = bytes([first, bit | 126]) + struct.pack("!H", len(data))
    else:
        head = bytes([first, bit | 127]) + struct.pack("!Q", len(data))
    if not masked:
        return head + data
    return head + MASK + bytes(b ^ MASK[n % 4] for n, b in enumerate(data))


class Deflater:
    def __init__(self) -> None:
        self._made = zlib.compressobj(wbits=-15)

    def __call__(self, text: str) -> bytes:
        data = self._made.compress(text.encode()) + self._made.flush(zlib.Z_SYNC_FLUSH)
        return data[:-4]


@dataclass
class Line:
    """A connection: what each side writes becomes IP packets, a tenth of a second apart."""

    ipv6: bool = False
    ports: tuple[int, int] = (STATION[1], CSMS[1])
    time: float = 1769860800.0
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    next: dict[bool, int] = field(default_factory=lambda: {True: 2**32 - 10, False: 1000})

    def open(self, deflate: bool = False) -> Line:
        self.put(True, b"", SYN)
        self.put(False, b"", SYN | ACK)
        self.write(True, REQUEST)
        extension = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else b""
        self.write(False, RESPONSE % extension)
        return self

    def put(self, is_station: bool, data: bytes, flags: int = ACK) -> None:
        """One segment."""
        sequence = self.next[is_station] % 2**32
        self.next[is_station] += len(data) + (1 if flags & SYN else 0)
        self.packets.append((self.time, self.packet(is_station, sequence, data, flags)))
        self.time += 0.1

    def write(self, is_station: bool, data: bytes, size: int = 1000) -> None:
        """As many segments as it takes."""
        for place in range(0, len(data), size):
            self.put(is_station, data[place : place + size])

    def say(self, is_station: bool, text: str, **more: object) -> None:
        self.write(is_station, frame(text, masked=is_station, **more))

    def packet(self, is_station: bool, sequence: int, data: bytes, flags: int = ACK) -> bytes:
        ports = self.ports if is_station else self.ports[::-1]
        tcp = struct.pack("!HHIIBBHHH", *ports, sequence, 0, 0x50, flags, 0, 0, 0) + data
        ends = (STATION[0], CSMS[0]) if is_station else (CSMS[0], STATION[0])
        if self.ipv6:
            head = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64)
            return head + b"".join(end * 4 for end in ends) + tcp
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
        return head + ends[0] + ends[1] + tcp


def ethernet(ip: bytes) -> bytes:
    kind = b"\x86\xdd" if ip[0] >> 4 == 6 else b"\x08\x00"
    return b"\x00" * 12 + b"\x81\x00\x00\x07" + kind + ip + b"\x00" * (60 - len(ip))


def pcap(packets: Iterable[tuple[float, bytes]], *, order: str = "<", nanos: bool = False,
         link: int = 1) -> bytes:  # fmt: skip
    magic = 0xA1B23C4D if nanos else 0xA1B2C3D4
    made = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)]
    for moment, ip in packets:
        data = ethernet(ip) if link == 1 else ip
        seconds, parts = int(moment), (moment % 1) * (1e9 if nanos else 1e6)
        made.append(struct.pack(f"{order}IIII", seconds, round(parts), len(data), len(data)) + data)
    return b"".join(made)


def pcapng(packets: Iterable[tuple[float, bytes]], *, order: str = "<") -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += b"\x00" * (-len(body) % 4)
        size = struct.pack(f"{order}I", len(body) + 12)
        return struct.pack(f"{order}I", kind) + size + body + size

    nano = struct.pack(f"{order}HHB3x", 9, 1, 9) + struct.pack(f"{order}HH", 0, 0)
    made = [
        block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(5, b"\x00" * 12),  # statistics: passed over
        block(1, struct.pack(f"{order}HHI", 101, 0, 0) + nano),
    ]
    for moment, ip in packets:
        units = round(moment * 1e9)
        head = struct.pack(f"{order}IIIII", 0, units >> 32, units & 0xFFFFFFFF, len(ip), len(ip))
        made.append(block(6, head + ip))
    return b"".join(made)
