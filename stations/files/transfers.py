"""Carries out the Download and Upload effects of a worker's stations, in the background.

Nothing is kept of a file that comes but its size, digest and first bytes. One that goes is made on
disk by threads of its own. At most `Limits.at_once` are under way, whatever the number of stations;
the others wait for their turn, which a real fleet's CSMS has to expect as well.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import urlsplit

from chargepoint.common.files import locations
from chargepoint.effects import DONE, FAILED, Download, Transferred, Upload
from runtime import lifetime
from stations.files import ftp
from stations.files.http import HttpTransfers
from stations.files.station_logs import write_log
from stations.files.transferring import Limits, TransferFailed
from stations.link.reaching import Reach
from stations.link.targets import TlsOptions

log = logging.getLogger(__name__)


class Owner(Protocol):
    """A consumer, as far as transfers know it."""

    identity: str

    def transfer_ended(self, outcome: Transferred) -> None:
        """Called once, unless the transfer was stopped."""


@dataclass(slots=True)
class Transfers:
    """write_log(upload, path): makes the file of a log; called in a thread."""

    limits: Limits = field(default_factory=Limits)
    write_log: Callable[[Upload, Path], None] = write_log
    reach: Reach = field(default_factory=Reach)
    _tasks: dict[Any, dict[str, asyncio.Task]] = field(default_factory=dict)
    _waiting: dict[asyncio.Task, float] = field(default_factory=dict)  # since when, monotonic
    _places: asyncio.Semaphore | None = None
    _threads: ThreadPoolExecutor | None = None
    _http: HttpTransfers | None = None

    def __len__(self) -> int:
        return sum(len(tasks) for tasks in self._tasks.values())

    def backlog(self) -> tuple[int, float]:
        """How many wait for their turn, and for how many seconds the first of them has."""
        first = next(iter(self._waiting.values()), None)
        return len(self._waiting), 0.0 if first is None else time.monotonic() - first

    def start(self, owner: Owner, effect: Download | Upload, tls: TlsOptions | None) -> None:
        """`tls`: by which the station knows its CSMS; the servers of files are known so too."""
        task = asyncio.get_running_loop().create_task(self._carry_out(owner, effect, tls))
        self._tasks.setdefault(owner, {})[effect.id] = task
        self._waiting[task] = time.monotonic()
        task.add_done_callback(lambda done: self._waiting.pop(done, None))

    def stop(self, owner: Owner, transfer: str) -> None:
        """Give a transfer up; its owner hears no more of it."""
        task = self._forget(owner, transfer)
        if task is not None:
            task.cancel()

    def stop_all(self, owner: Owner) -> None:
        for task in self._tasks.pop(owner, {}).values():
            task.cancel()

    async def close(self) -> None:
        """Stop everything, and let go of threads and connections."""
        tasks = [task for owned in self._tasks.values() for task in owned.values()]
        self._tasks.clear()
        await lifetime.end(tasks)
        if self._http is not None:
            await self._http.close()
            self._http = None
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def _forget(self, owner: Owner, transfer: str) -> asyncio.Task | None:
        owned = self._tasks.get(owner, {})
        task = owned.pop(transfer, None)
        if not owned:
            self._tasks.pop(owner, None)
        return task

    async def _carry_out(
        self, owner: Owner, effect: Download | Upload, tls: TlsOptions | None
    ) -> None:
        if self._places is None:
            self._places = asyncio.Semaphore(self.limits.at_once)
        async with self._places:
            self._waiting.pop(asyncio.current_task(), None)
            try:
                async with asyncio.timeout(self.limits.seconds):
                    outcome = await self._transfer(effect, tls)
            except TransferFailed as failure:
                outcome = Transferred(effect.id, failure.result, str(failure))
            except TimeoutError:
                outcome = Transferred(effect.id, FAILED, "it took too long")
            except Exception as fault:
                log.exception("%s: a transfer failed for a fault of ours", owner.identity)
                outcome = Transferred(effect.id, FAILED, str(fault))
        # Another of the same name may have begun since this one was stopped.
        if self._tasks.get(owner, {}).get(effect.id) is asyncio.current_task():
            self._forget(owner, effect.id)
            if outcome.words:
                log.info("%s: a file was not transferred: %s", owner.identity, outcome.words)
            owner.transfer_ended(outcome)

    async def _transfer(self, effect: Download | Upload, tls: TlsOptions | None) -> Transferred:
        why = locations.refusal(effect.url)
        if why:
            raise TransferFailed(FAILED, why)
        by_ftp = urlsplit(effect.url).scheme.lower() in ("ftp", "ftps")
        if not by_ftp and self._http is None:
            self._http = HttpTransfers(self.limits, self.reach)
        if type(effect) is Download:
            if by_ftp:
                return await ftp.download(effect, tls, self.limits, self.reach)
            return await self._http.download(effect, tls)
        async with self._made(effect) as path:
            if by_ftp:
                await ftp.upload(effect, path, tls, self.limits, self.reach)
            else:
                await self._http.upload(effect, path, tls)
            return Transferred(effect.id, DONE, size=path.stat().st_size)

    @contextlib.asynccontextmanager
    async def _made(self, effect: Upload) -> AsyncIterator[Path]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(2, thread_name_prefix="station-logs")
        loop = asyncio.get_running_loop()
        with TemporaryDirectory(prefix="station-log-", ignore_cleanup_errors=True) as directory:
            path = Path(directory, "log")
            await loop.run_in_executor(self._threads, self.write_log, effect, path)
            yield path
