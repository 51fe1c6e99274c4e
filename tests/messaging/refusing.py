"""A MongoDB that refuses writes by code, or is gone before it answers: a proxy on the wire before
the real server.

A real server refuses like this only when its disk is full or somebody took a right away. The
proxy passes on the writes that are not refused and puts the refusals into the server's answer
(`writeErrors` of the commands `insert` and `update`), so all of the client is real.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import bson
from pymongo import MongoClient
from pymongo.database import Database

OUT_OF_DISK, NOT_ALLOWED, UNFIT = 14031, 13, 2
HEADER = struct.Struct("<iiii")  # length, request, what it answers, kind of message
OP_MSG = 2013
WRITES = {"insert": "documents", "update": "updates"}

# (the documents of an insert, or the {"q", "u"} of an update) -> {index of a write: code}
Refuse = Callable[[list[dict]], dict[int, int]]


def first(code: int) -> Refuse:
    """Refuses the first of the writes, each time."""
    return lambda writes: {0: code}


@contextlib.contextmanager
def refusing(real: Database, name: str, refuse: Refuse) -> Iterator[Database]:
    """The database through a server that refuses writes to the collection of that name."""
    proxy = _Proxy(real.client.address, f"{real.name}.{name}", refuse)
    options = real.client.options.codec_options
    client: MongoClient = MongoClient(
        "127.0.0.1", proxy.port, directConnection=True, tz_aware=options.tz_aware
    )
    try:
        yield client.get_database(real.name, codec_options=real.codec_options)
    finally:
        client.close()
        proxy.close()


@contextlib.contextmanager
def losing(real: Database, verb: str, **options: Any) -> Iterator[Database]:
    """The database through a server that does what this command says, and then the link ends
    before its answer. options: of the client."""
    proxy = _Proxy(real.client.address, "", first(0), verb)
    client: MongoClient = MongoClient(
        "127.0.0.1", proxy.port, directConnection=True, retryWrites=False, **options
    )
    try:
        yield client.get_database(real.name)
    finally:
        client.close()
        proxy.close()


class _Proxy:
    """loses: the command whose answers do not come."""

    def __init__(
        self, server: tuple[str, int], namespace: str, refuse: Refuse, loses: str = ""
    ) -> None:
        self.namespace, self.refuse, self.loses = namespace, refuse, loses
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                _Link(self, self._listener.accept()[0], socket.create_connection(self._server))


class _Link:
    """One connection: a thread each way. Ends with either side."""

    def __init__(self, proxy: _Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._waiting: dict[int, _Refused] = {}  # by the number of the request
        self._lost: set[int] = set()
        for copy in (self._up, self._down):
            threading.Thread(target=self._run, args=(copy,), daemon=True).start()

    def _run(self, copy: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            copy()
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _up(self) -> None:
        while message := _read(self._client):
            number, command = message[1], _command(message)
            if self._proxy.loses in command:
                self._lost.add(number)
            refused = command and self._look(command)
            if not refused:
                self._server.sendall(_packed(*message))
            elif not command[refused.field]:
                self._client.sendall(_packed(0, 0, number, OP_MSG, refused.answer({"ok": 1.0})))
            else:
                self._waiting[number] = refused
                self._server.sendall(_packed(*message[:4], _body(command)))

    def _down(self) -> None:
        while message := _read(self._server):
            if message[2] in self._lost:
                return
            refused = self._waiting.pop(message[2], None)
            if refused:
                message = (*message[:4], refused.answer(_command(message)))
            self._client.sendall(_packed(*message))

    def _look(self, command: dict) -> _Refused | None:
        """Take the refused writes out of the command."""
        verb = next(iter(command))
        if verb not in WRITES or f"{command['$db']}.{command[verb]}" != self._proxy.namespace:
            return None
        field = WRITES[verb]
        writes = command[field]
        codes = self._proxy.refuse(writes)
        if not codes:
            return None
        if command.get("ordered", True):  # nothing after the first refusal is tried
            codes = {min(codes): codes[min(codes)]}
            writes = writes[: min(codes) + 1]
        kept = [index for index in range(len(writes)) if index not in codes]
        command[field] = [writes[index] for index in kept]
        return _Refused(field, codes, kept)


class _Refused:
    """`codes` by index; `kept`: the indexes of the writes that were passed on, in order."""

    def __init__(self, field: str, codes: dict[int, int], kept: list[int]) -> None:
        self.field, self.codes, self.kept = field, codes, kept

    def answer(self, real: dict) -> bytes:
        errors = [{"index": n, "code": code, "errmsg": "no"} for n, code in self.codes.items()]
        for name in ("writeErrors", "upserted"):
            for entry in real.get(name, ()):
                entry["index"] = self.kept[entry["index"]]
        errors += real.get("writeErrors", [])
        errors.sort(key=lambda error: error["index"])
        return _body({"n": 0, "nModified": 0, **real, "writeErrors": errors})


Message = tuple[int, int, int, int, bytes]


def _read(link: socket.socket) -> Message | None:
    head = _exactly(link, HEADER.size)
    if head is None:
        return None
    length, *rest = HEADER.unpack(head)
    body = _exactly(link, length - HEADER.size)
    return None if body is None else (length, *rest, body)


def _exactly(link: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(min(size - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def _packed(_length: int, request: int, answers: int, kind: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), request, answers, kind) + body


def _body(command: dict) -> bytes:
    return struct.pack("<IB", 0, 0) + bson.encode(command)


def _command(message: Message) -> dict[str, Any]:
    """A message's document, with its sequences in it; {} where it is of another kind."""
    kind, body = message[3], message[4]
    if kind != OP_MSG:
        return {}
    command: dict[str, Any] = {}
    place = 4
    while place < len(body):
        size = struct.unpack_from("<i", body, place + 1)[0]
        section = body[place + 1 : place + 1 + size]
        if body[place] == 0:
            command = {**bson.decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        place += 1 + size
    return command
