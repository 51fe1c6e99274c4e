"""Where the lines come from: a terminal with history and completion, or a stream."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.patch_stdout import patch_stdout

WAITING = 100  # lines that are read ahead


async def typed(identity: str, names: Iterable[str]) -> AsyncIterator[str]:
    """Lines that a person types, until Ctrl-D or Ctrl-C."""
    session: PromptSession = PromptSession(completer=WordCompleter(list(names)))
    while True:
        try:
            yield await session.prompt_async(f"{identity}> ")
        except (EOFError, KeyboardInterrupt):
            return


def above_the_prompt():
    """What is printed meanwhile stands above the line that is being typed."""
    return patch_stdout(raw=True)


async def streamed(file: TextIO) -> AsyncIterator[str]:
    """Lines of a file or a pipe, as they come."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(WAITING)

    def pump() -> None:
        try:
            for line in file:
                room.acquire()
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)
        except (RuntimeError, ValueError, OSError):
            return  # the loop or the file was closed first

    # A daemon, since nothing ends a read of a pipe in which nothing comes.
    threading.Thread(target=pump, daemon=True, name="lines").start()
    while (line := await lines.get()) is not None:
        room.release()
        yield line


def is_a_person() -> bool:
    """Whether somebody types at a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
