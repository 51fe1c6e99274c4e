"""Whether a MongoDB-wire server answers, asked without a driver and its threads.

MongoDB's wire protocol: an OP_MSG is a header of four int32 (length, id, id it answers, opcode),
int32 flags, and a section of kind 0: one document.
"""

from __future__ import annotations

import socket
import struct

import bson

OP_MSG = 2013
HEADER = struct.Struct("<iiii")
BEFORE = HEADER.size + 5  # flags and the section's kind
MOST = 65536  # bytes of an answer


def says_hello(port: int, timeout: float) -> bool:
    """One `hello` to a server on loopback; raises OSError or ValueError where it is not up yet."""
    body = bson.encode({"hello": 1, "$db": "admin"})
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        head = HEADER.pack(BEFORE + len(body), 1, 0, OP_MSG)
        link.sendall(head + b"\0\0\0\0\0" + body)
        length, _, _, opcode = HEADER.unpack(_read(link, HEADER.size))
        if opcode != OP_MSG or not BEFORE < length < MOST:
            raise ValueError(f"no answer to hello: opcode {opcode}, {length} bytes")
        rest = _read(link, length - HEADER.size)
        return bson.decode(rest[5:])["ok"] == 1.0


def _read(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := link.recv(size - len(data))):
            raise ConnectionError("the server has closed the connection")
        data += more
    return data
