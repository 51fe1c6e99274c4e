"""Packets of a pcap or a pcapng file, and the TCP segments in them.

pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. Both byte orders, micro- and
nanoseconds. What is no TCP over IP is passed over; what is cut off ends the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from scenarios.replay.conversation import Unreadable

MOST_BYTES = 512 << 20  # of a file
LARGEST_BLOCK = 16 << 20
MAGICS = {  # of pcap: (byte order, parts of a second)
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000), b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000), b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}  # fmt: skip
NG_MAGIC = b"\x0a\x0d\x0d\x0a"
_IDB, _SPB, _EPB = 1, 3, 6  # blocks of pcapng: interface, simple packet, enhanced packet
_TSRESOL = 9
# Link types (www.tcpdump.org/linktypes.html): the IP packet is all there is.
_RAW = frozenset({12, 14, 101, 228, 229})
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLANS = frozenset({0x8100, 0x88A8, 0x9100})
_TCP = 6
SYN, ACK = 0x02, 0x10


class Segment(NamedTuple):
    """source and target: (address, port)."""

    time: float
    source: tuple[bytes, int]
    target: tuple[bytes, int]
    sequence: int
    flags: int
    data: bytes


def is_capture(head: bytes) -> bool:
    """Whether a file that begins so is one."""
    return head[:4] in MAGICS or head[:4] == NG_MAGIC


def segments(file: BinaryIO) -> Iterator[Segment]:
    """Raises Unreadable where the file is none or larger than MOST_BYTES."""
    head = file.read(4)
    if head in MAGICS:
        packets = _pcap(file, *MAGICS[head])
    elif head == NG_MAGIC:
        packets = _pcapng(file)
    else:
        raise Unreadable("It is no pcap or pcapng file.")
    total = 0
    for moment, link, data in packets:
        total += len(data)
        if total > MOST_BYTES:
            raise Unreadable(f"It has more than {MOST_BYTES >> 20} MiB of packets: cut it.")
        if (found := _segment(moment, _ip(link, data))) is not None:
            yield found


def _pcap(file: BinaryIO, order: str, parts: int) -> Iterator[tuple[float, int, bytes]]:
    rest = file.read(20)
    if len(rest) < 20:
        return
    (link,) = struct.unpack(f"{order}I", rest[16:20])
    while len(head := file.read(16)) == 16:
        seconds, fraction, size, _ = struct.unpack(f"{order}IIII", head)
        if size > LARGEST_BLOCK:
            raise Unreadable("A packet of it is too large to be one: the file is damaged.")
        data = file.read(size)
        if len(data) < size:
            return
        yield seconds + fraction / parts, link & 0xFFFF, data


def _pcapng(file: BinaryIO) -> Iterator[tuple[float, int, bytes]]:
    order, links = "<", []
    kind, last = NG_MAGIC, 0.0
    while len(kind) == 4:
        if kind == NG_MAGIC:
            size, magic = file.read(4), file.read(4)
            order = ">" if magic == b"\x1a\x2b\x3c\x4d" else "<"
            links = []
            body = _body(file, order, size, 12)
        else:
            body = _body(file, order, file.read(4), 8)
        if body is None:
            return
        (number,) = struct.unpack(f"{order}I", kind)
        if number == _IDB and len(body) >= 8:
            (link,) = struct.unpack(f"{order}H", body[:2])
            links.append((link, _resolution(order, body[8:])))
        elif number == _EPB and len(body) >= 20:
            which, high, low, size, _ = struct.unpack(f"{order}IIIII", body[:20])
            if which < len(links):
                link, unit = links[which]
                last = ((high << 32) + low) * unit
                yield last, link, body[20 : 20 + size]
        elif number == _SPB and len(body) >= 4 and links:
            yield last, links[0][0], body[4:]  # it has no time of its own
        kind = file.read(4)


def _body(file: BinaryIO, order: str, size: bytes, taken: int) -> bytes | None:
    """What a block has besides its head, which was `taken` bytes; None at the end of the file."""
    if len(size) < 4:
        return None
    (total,) = struct.unpack(f"{order}I", size)
    if total < taken + 4 or total > LARGEST_BLOCK:
        raise Unreadable("A block of it has an impossible length: the file is damaged.")
    body = file.read(total - taken)
    return body[:-4] if len(body) == total - taken else None


def _resolution(order: str, options: bytes) -> float:
    """Seconds of a unit of time, by the option if_tsresol."""
    place = 0
    while place + 4 <= len(options):
        code, size = struct.unpack_from(f"{order}HH", options, place)
        if code == _TSRESOL and size >= 1 and place + 4 < len(options):
            power = options[place + 4]
            return 2.0 ** -(power & 0x7F) if power & 0x80 else 10.0**-power
        if code == 0:
            break
        place += 4 + (size + 3) // 4 * 4
    return 1e-6


def _ip(link: int, data: bytes) -> bytes:
    """The IP packet in a frame of the link; b"" where there is none."""
    match link:
        case 1:  # Ethernet
            place = 12
        case 113:  # Linux, of "any"
            place = 14
        case 276:  # the same, second version
            return data[20:] if _number(data, 0) in (_IPV4, _IPV6) else b""
        case 0 | 108:  # loopback of BSD
            return data[4:]
        case _:
            return data if link in _RAW else b""
    kind = _number(data, place)
    while kind in _VLANS:
        place += 4
        kind = _number(data, place)
    return data[place + 2 :] if kind in (_IPV4, _IPV6) else b""


def _number(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")


def _segment(moment: float, ip: bytes) -> Segment | None:
    if len(ip) < 20:
        return None
    if ip[0] >> 4 == 4:
        begin, total = (ip[0] & 0x0F) * 4, _number(ip, 2)
        if ip[9] != _TCP or _number(ip, 6) & 0x1FFF:  # a later fragment has no ports
            return None
        source, target = ip[12:16], ip[16:20]
        ip = ip[: total or len(ip)]  # what pads a short Ethernet frame is no data; 0: offloaded
    elif ip[0] >> 4 == 6 and len(ip) >= 40 and ip[6] == _TCP:
        begin, source, target = 40, ip[8:24], ip[24:40]
        ip = ip[: 40 + _number(ip, 4)] if _number(ip, 4) else ip
    else:
        return None
    tcp = ip[begin:]
    if len(tcp) < 20:
        return None
    data = tcp[(tcp[12] >> 4) * 4 :]
    (sequence,) = struct.unpack("!I", tcp[4:8])
    ends = (source, _number(tcp, 0)), (target, _number(tcp, 2))
    return Segment(moment, *ends, sequence, tcp[13], data)
