"""Suites in a scenario runner: one at a time, each by a process of its own (child.py)."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from bson import ObjectId

from messaging.records import when
from runtime import lifetime
from runtime.stores import STORE_ERRORS
from runtime.words import counted
from scenarios.engine.claims import Backlog
from scenarios.verdicts import claims, questions, starting, telling
from scenarios.verdicts.child import Child, Outcome
from scenarios.verdicts.questions import Questions
from scenarios.verdicts.tables import CANCELLED, FAILED, PASSED, SuiteReport, SuiteRun
from scenarios.web import Web

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0  # seconds without a nudge
STOPPED = "The runner was stopped before it was done. Run it again."
ENDED_BY_SIGNAL = 130
MOST_CASES = 2_000
MOST_SENTENCE = 400  # of a case; the report has it whole
MOST_STORED = 8 << 20  # bytes of a report, compressed
_SHORT = ("id", "version", "variant", "name", "verdict", "bad", "declared")


class Suites:
    """`look` at times, `leave` at the end. `web`: for webhooks."""

    def __init__(self, runner: str, web: Web) -> None:
        self._runner, self._web = runner, web
        self._task: asyncio.Task | None = None
        self._next = self._next_backlog = 0.0
        self._child: Child | None = None
        self._questions: Questions | None = None
        self._run: ObjectId | None = None
        self._why = ""  # it is to end; "" goes on
        self._progress: tuple[int, int] | None = None
        self.backlog = Backlog()

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def soon(self) -> None:
        """The next `look` looks."""
        self._next = self._next_backlog = 0.0

    async def look(self) -> None:
        """Take up a run that waits, or see to the one under way. Raises STORE_ERRORS."""
        if self.busy:
            await self._attend()
        if time.monotonic() >= self._next_backlog:
            self._next_backlog = time.monotonic() + LOOK_EVERY
            self.backlog.look(await claims.waiting(), time.monotonic())
        if not self.busy and time.monotonic() >= self._next:
            self._next = time.monotonic() + LOOK_EVERY
            await sync_to_async(claims.reap)()
            if (made := await claims.claim_next(self._runner)) is not None:
                self._run, self._why, self._progress = made["_id"], "", None
                self.backlog.taken(made["_id"])
                work = self._carry_out(made)
                self._task = asyncio.create_task(work, name=f"suite-{made['_id']}")

    async def leave(self, patience: float) -> None:
        """End what runs; a run that is not written within so many seconds is marked by others."""
        if self.busy:
            self._end(STOPPED)
            await asyncio.wait([self._task], timeout=patience)
            await lifetime.end([self._task], 2.0)

    def _end(self, why: str) -> None:
        if not self._why:
            self._why = why
            if self._child is not None:
                self._child.end()

    async def _attend(self) -> None:
        run = self._run
        if self._child is not None and self._child.folder is not None:
            await self._questions.look(self._child.folder / questions.FOLDER)
        if why := await claims.cancel_asked(run):
            self._end(why)
        if (progress := self._progress) is not None and self._child is not None:
            self._progress = None
            done, planned = progress
            if not await claims.report(self._runner, run, {"done": done, "planned": planned}):
                self._end("The runner lost this run.")

    def _told(self, done: int, planned: int) -> None:
        self._progress = done, planned

    async def _carry_out(self, made: dict[str, Any]) -> None:
        run = made["_id"]
        log.info("suite run %s: %s", run, made["suite_name"])
        self._child = child = Child(made["asked"], made["seed"], self._told)
        self._questions = Questions(run)
        try:
            outcome = await child.run()
        except Exception as fault:
            log.exception("suite run %s could not be carried out", run)
            outcome = Outcome(None, f"It could not be carried out: {fault}")
        finally:
            self._child = None
        values, files = await asyncio.to_thread(settled, outcome, self._why)
        await self._until_stored(self._questions.end)
        mine = await self._until_stored(lambda: self._store(run, values, files))
        self._next = 0.0  # another may wait
        if mine and self._why != STOPPED:
            await self._tell(run)

    async def _store(self, run: ObjectId, values: dict[str, Any], files: dict[str, bytes]) -> bool:
        for name, data in files.items():
            await sync_to_async(_keep)(str(run), name, data)
        stored = {"reports": {name: len(data) for name, data in files.items()}, "turn": str(run)}
        return await claims.report(self._runner, run, values | stored)

    async def _until_stored(self, store: Any) -> bool:
        """Without it the run would seem to go on for ever."""
        while True:
            try:
                return await store()
            except STORE_ERRORS as failure:
                log.warning("a suite's run is not stored: %s", failure)
            await asyncio.sleep(1)

    async def _tell(self, run: ObjectId) -> None:
        """A webhook that fails is noted on the run, and fails nothing."""
        try:
            url, body = await sync_to_async(_notice_of)(run)
            if url and (problem := await telling.send(self._web, url, body)):
                log.warning("suite run %s: %s", run, problem)
                noted = SuiteRun.objects.filter(pk=run)
                await sync_to_async(noted.update)(notice=problem)
        except STORE_ERRORS as failure:
            log.warning("the webhook of suite run %s was not called: %s", run, failure)


def _notice_of(run: ObjectId) -> tuple[str, dict[str, Any]]:
    row = SuiteRun.objects.filter(pk=run).first()
    url = telling.addressed(row) if row is not None else ""
    return (url, telling.payload(row, starting.before(row))) if url else ("", {})


def _keep(run: str, name: str, data: bytes) -> None:
    SuiteReport.objects.update_or_create(id=f"{run}:{name}", defaults={"run": run, "data": data})


def settled(outcome: Outcome, why: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What is written of the run, and its reports compressed. why: it was ended; "" it was not."""
    values: dict[str, Any] = {
        "state": FAILED, "message": outcome.words, "ended": when(time.time()),
        "interrupted": why == STOPPED,
    }  # fmt: skip
    report = _report(outcome.files.get("json"))
    if report is not None:
        values |= _figures(report)
    if why:
        values["message"] = why
        values["state"] = FAILED if why == STOPPED else CANCELLED
    elif report is not None and outcome.code in (0, 1):
        values["state"] = PASSED if outcome.code == 0 else FAILED
        values["message"] = _sentence(report, values["bad"])
    elif not values["message"]:
        values["message"] = f"runsuite ended with {outcome.code}, and said nothing."
    packed = {name: zlib.compress(data, 6) for name, data in outcome.files.items()}
    files = {name: data for name, data in packed.items() if len(data) <= MOST_STORED}
    if too_large := sorted(set(packed) - set(files)):
        values["message"] += f" Too large to be kept: the report as {', '.join(too_large)}."
    return values, files


def _report(data: bytes | None) -> dict[str, Any] | None:
    try:
        found = orjson.loads(data or b"")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("results"), list) else None


def _figures(report: dict[str, Any]) -> dict[str, Any]:
    cases = [_short(result) for result in report["results"]]
    return {
        "suite_name": str(report["name"])[:120], "counts": report["counts"],
        "bad": sum(case["bad"] for case in cases), "cases": cases[:MOST_CASES],
        "done": len(cases), "planned": len(cases),
    }  # fmt: skip


def _short(result: dict[str, Any]) -> dict[str, Any]:
    made = {name: result.get(name, "") for name in _SHORT}
    made["message"] = result["message"][:MOST_SENTENCE]
    return made | {"warnings": len(result["warnings"]), "seconds": round(result["seconds"], 2)}


def _sentence(report: dict[str, Any], bad: int) -> str:
    of = len(report["results"])
    if bad:
        return f"{bad} of {counted(of, 'case')} failed."
    return "" if report["passed"] else "Nothing was judged."
