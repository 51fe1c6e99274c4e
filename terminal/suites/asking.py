"""Step `prompt`: at a terminal one question at a time, whatever runs beside it; or by files."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.markup import escape

from terminal.showing import printable

ENDED = "nobody answers any more"
QUESTION, ANSWER = ".question.json", ".answer.json"
EVERY = 0.5  # seconds between two looks for an answer

Ask = Callable[[str, str, str, float], Awaitable[str]]  # see scenarios.engine.strand.Services


def by_files(folder: Path) -> Ask:
    """For whoever runs the command: N.question.json, {"station", "text", "seconds"}, stands while
    it is asked; N.answer.json, {"why": ""} where it is done, answers it."""
    numbers = itertools.count(1)

    async def ask(run: str, station: str, text: str, seconds: float) -> str:
        number = next(numbers)
        question, answer = folder / f"{number}{QUESTION}", folder / f"{number}{ANSWER}"
        written = folder / f"{number}.tmp"
        written.write_text(json.dumps({"station": station, "text": text, "seconds": seconds}))
        written.rename(question)
        try:
            async with asyncio.timeout(seconds):
                while not answer.exists():  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(EVERY)
            return str(json.loads(answer.read_text())["why"])
        finally:
            question.unlink(missing_ok=True)
            answer.unlink(missing_ok=True)

    return ask


def asking(console: Console) -> Ask:
    """An empty line is "done", another says why not."""
    turn = asyncio.Lock()

    async def ask(run: str, station: str, text: str, seconds: float) -> str:
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
