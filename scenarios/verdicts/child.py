"""The command `runsuite` as a process of its own: what it is asked, and what it leaves.

It gets a folder of its own with the suite, the driver and its options: nothing of these stands in
the list of processes. Of the environment it has what outreach.py allows, and no store.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from runtime import lifetime
from runtime.lifeline import die_with_parent
from scenarios.outreach import PREFIX
from scenarios.verdicts import credentials, questions
from stations.checks import KINDS as EGRESS
from stations.configuration.secrets import SecretUnreadable

FORMATS = {"json": "json", "html": "html", "junit": "xml", "badge": "svg"}  # and their endings
LONGEST = 4 * 3600.0  # seconds of a run
PATIENCE = 10.0  # seconds from SIGTERM to SIGKILL; stations that charge end their sessions
MOST_WORDS = 4_000  # characters of what it says of a failure
MOST_BYTES = 64 << 20  # of a report
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass
class Outcome:
    """code: the exit code; None where it had to be ended. words: of its stderr, the last."""

    code: int | None
    words: str
    files: dict[str, bytes] = field(default_factory=dict)


def options(asked: Mapping[str, Any], seed: int) -> Iterator[str]:
    """The words of the command. asked: as SuitePlan.asked() has it."""
    yield from ("--csms", asked["csms_url"], "--id", asked["stations"], "--seed", str(seed))
    for version in asked["versions"]:
        yield from ("--version", version)
    for pattern in asked["only"]:
        yield f"--only={pattern}"
    if asked["driver_document"]:
        yield from ("--driver", "driver.json")
    for host in settings.HTTP_ALLOW_HOSTS:
        yield from ("--allow-host", host)
    yield "--no-loopback"
    yield from ("--questions", questions.FOLDER)
    # The driver's have been put in already.
    own = set(asked["driver_document"].get("variables") or ())
    for name, value in asked["variables"].items():
        if name not in own:
            yield f"--var={name}={json.dumps(value)}"
    if asked["parallel"]:
        yield from ("--parallel", str(asked["parallel"]))
    yield from (f"--{name}" for name in ("strict", "fast") if asked[name])
    for name, ending in FORMATS.items():
        yield from (f"--{name}", f"report.{ending}")


def environment() -> dict[str, str]:
    """The variables that a run's process gets: those of the driver and of egress, none of the
    platform's secrets."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    driver = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    names = (f"EGRESS_{kind}_{list_}" for kind in EGRESS for list_ in ("ALLOW", "DENY"))
    egress = {name: ",".join(getattr(settings, name)) for name in names}
    ours = {"STATION_DELAYS": str(settings.STATION_DELAYS), "PYTHONUTF8": "1"}
    return {**kept, **driver, **egress, **ours}


class Child:
    """`run` it once; `end` has it leave, with the reports of what it has done."""

    def __init__(
        self, asked: Mapping[str, Any], seed: int, told: Callable[[int, int], None]
    ) -> None:
        """told: how many cases have ended, and of how many."""
        self._asked, self._seed, self._told = asked, seed, told
        self._process: asyncio.subprocess.Process | None = None
        self._ending = asyncio.Event()
        self.folder: Path | None = None  # while it runs

    def end(self) -> None:
        self._ending.set()

    async def run(self) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="suite-") as place:
            self.folder = folder = Path(place)
            try:
                self._fill(folder)
                code, words = await self._carried_out(folder)
            except SecretUnreadable as problem:
                return Outcome(None, str(problem))
            except OSError as problem:
                return Outcome(None, f"runsuite could not be started: {problem}")
            finally:
                self.folder = None
            return Outcome(code, words, _read(folder))

    def _fill(self, folder: Path) -> None:
        (folder / questions.FOLDER).mkdir()
        secret = credentials.options(self._asked, folder)
        suite = self._asked["suite"]
        if not suite:
            suite = "suite.json"
            (folder / suite).write_text(json.dumps(self._asked["document"]))
        if self._asked["driver_document"]:
            (folder / "driver.json").write_text(json.dumps(self._asked["driver_document"]))
        words = [suite, *options(self._asked, self._seed), *secret]
        (folder / "options").write_text("\n".join(words) + "\n", "utf-8")

    async def _carried_out(self, folder: Path) -> tuple[int | None, str]:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, str(settings.BASE_DIR / "manage.py"), "runsuite", "@options",
            cwd=folder, env=environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            preexec_fn=functools.partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )  # fmt: skip
        reading = [asyncio.create_task(self._progress()), asyncio.create_task(self._last_words())]
        waits = [asyncio.create_task(process.wait()), asyncio.create_task(self._ending.wait())]
        try:
            await asyncio.wait(waits, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
            if in_time := waits[0].done():
                code = process.returncode
            else:
                code = None
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await asyncio.wait(waits[:1], timeout=PATIENCE)
            _kill(process)
            await asyncio.wait([waits[0], *reading], timeout=PATIENCE)
        finally:
            _kill(process)  # also where this task is ended
            await lifetime.end([*waits, *reading], 2.0)
        words = "" if reading[1].cancelled() else reading[1].result()
        if not in_time and not self._ending.is_set():
            words = f"It took longer than {LONGEST / 3600:g} hours."
        return code, words

    async def _progress(self) -> None:
        """Its lines begin with "3/17 "; others may be of any length."""
        begin, fresh = b"", True
        while block := await self._process.stdout.read(1 << 16):
            for number, part in enumerate(block.split(b"\n")):
                if number:
                    self._tell(begin)
                    begin, fresh = b"", True
                if fresh:
                    begin = (begin + part)[:40]
                    fresh = len(begin) < 40

    def _tell(self, line: bytes) -> None:
        done, _, of = line.partition(b" ")[0].partition(b"/")
        if done.isdigit() and of.isdigit() and len(line) <= 40:
            self._told(int(done), int(of))

    async def _last_words(self) -> str:
        kept = b""
        while block := await self._process.stderr.read(1 << 16):
            kept = (kept + block)[-MOST_WORDS:]
        text = kept.decode("utf-8", "replace")
        return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()


def _kill(process: asyncio.subprocess.Process) -> None:
    """With what it has started. Once it was waited for the number may be another's."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _read(folder: Path) -> dict[str, bytes]:
    found = {}
    for name, ending in FORMATS.items():
        path = folder / f"report.{ending}"
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            found[name] = path.read_bytes()
    return found
