"""A machine of its own for one worker: `python -m chaos.host FOLDER NAME PORT... -- COMMAND...`.

The command runs with a network and a host name of its own. Its loopback has these PORTs and
nothing else; behind each is the Unix socket FOLDER/PORT, which the test opens, holds or closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path

from runtime.lifeline import die_with_parent

CLONE_NEWUTS, CLONE_NEWNET = 0x04000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
CHUNK = 1 << 16


def separate(name: str) -> None:
    """Raises OSError where we may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUTS | CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    socket.sethostname(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))


def impossible() -> str:
    """Why there can be no such machine here; "" where there can."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        number = os.waitstatus_to_exitcode(status)
        return f"a network of its own cannot be made: {os.strerror(number)}" if number else ""
    try:
        separate("probe")
        os._exit(0)
    except OSError as refused:
        os._exit(refused.errno or 1)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    raise ConnectionAbortedError  # ends the other direction too


async def relay(folder: Path, ports: list[int], listening: int) -> None:
    """Carry each connection to the socket of its port. Closes `listening` once all are open."""

    async def carry(port: int, reader, writer) -> None:
        ends = [writer]
        try:
            there, onwards = await asyncio.open_unix_connection(folder / str(port))
            ends.append(onwards)
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, onwards))
                group.create_task(_copy(there, writer))
        except* OSError:
            pass
        finally:
            for end in ends:
                with contextlib.suppress(OSError):
                    end.transport.abort()

    for port in ports:
        await asyncio.start_server(
            lambda reader, writer, port=port: carry(port, reader, writer),
            "127.0.0.1", port, backlog=1024,
        )  # fmt: skip
    os.close(listening)
    await asyncio.Event().wait()


def main() -> None:
    words = sys.argv[1:]
    end = words.index("--")
    (folder, name, *ports), command = words[:end], words[end + 1 :]
    separate(name)
    ready, listening = os.pipe()
    parent = os.getpid()
    if os.fork() == 0:
        die_with_parent(signal.SIGKILL, parent)
        os.close(ready)
        asyncio.run(relay(Path(folder), [int(port) for port in ports], listening))
    os.close(listening)
    os.read(ready, 1)
    os.close(ready)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
