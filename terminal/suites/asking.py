"""Step `prompt` at a terminal: one question at a time, whatever runs beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.markup import escape

from terminal.showing import printable

ENDED = "nobody answers any more"


def asking(console: Console) -> Callable[[str, str, float], Awaitable[str]]:
    """For scenarios.engine.strand.Services: an empty line is "done", another says why not."""
    turn = asyncio.Lock()

    async def ask(station: str, text: str, seconds: float) -> str:
        async with asyncio.timeout(seconds), turn:
            console.print(f"[bold]{escape(station)}:[/] {escape(printable(text))}")
            session: PromptSession = PromptSession()
            try:
                with patch_stdout(raw=True):
                    said = await session.prompt_async("Enter when done, or what went wrong: ")
            except (EOFError, KeyboardInterrupt):
                return ENDED
            return said.strip()

    return ask
