"""Questions to people: what a run under way asks, and who has answered.

A row stands for as long as the step waits. Writers: the runner that asks inserts it and takes it
away; whoever answers sets the answer, on the condition that it is asked still and nobody has.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from django.db import connection
from django.utils import timezone

from accounts.trail import acts
from messaging.keeping.store import async_database
from messaging.records import when
from runtime import lifetime
from runtime.stores import STORE_ERRORS
from scenarios.models import Question

log = logging.getLogger(__name__)

QUESTION = Question._meta.label_lower  # to the trail
TABLE = Question._meta.db_table
EVERY = 1.0  # seconds between two looks for answers
MOST_TEXT = 2_000
MOST_WHY = 500


class Gone(Exception):
    """It is not asked any more, or somebody has answered; the sentence for people."""


def answer(question: Question, why: str, by: str) -> None:
    """why: what went wrong; "": it is done. Raises Gone."""
    values = {"answered": timezone.now(), "why": why[:MOST_WHY], "by": by}
    asked = {"_id": question.pk, "answered": None}
    if not connection.get_collection(TABLE).update_one(asked, {"$set": values}).modified_count:
        raise Gone("This is not asked any more: the step has ended, or somebody has answered.")
    details = {"run": question.run, "station": question.station, "done": not why}
    acts.note("answered", QUESTION, [str(question.pk)], details=details)


class Asker:
    """`ask` as scenarios.engine.strand.Services has it; one look for all that wait."""

    def __init__(self) -> None:
        self._waiting: dict[ObjectId, asyncio.Future[str]] = {}
        self._looking: asyncio.Task | None = None

    async def ask(self, run: str, station: str, text: str, seconds: float) -> str:
        """ "" where a person has done it, else why not. Raises TimeoutError."""
        question = ObjectId()
        until = time.time() + seconds
        future = self._waiting[question] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await _until_stored(question, run, station, text, until)
                if self._looking is None or self._looking.done():
                    self._looking = asyncio.create_task(self._look(), name="questions")
                return await future
        finally:
            del self._waiting[question]
            await lifetime.within(2.0, take_away([question]), "a question may be shown on")

    async def _look(self) -> None:
        while self._waiting:
            try:
                for identity, why in (await answers(list(self._waiting))).items():
                    if (future := self._waiting.get(identity)) and not future.done():
                        future.set_result(why)
            except STORE_ERRORS as failure:
                log.warning("answers of people are not looked for: %s", failure)
            await asyncio.sleep(EVERY)

    async def close(self) -> None:
        if self._looking is not None:
            await lifetime.end([self._looking])


async def _until_stored(question: ObjectId, *parts: Any) -> None:
    while True:
        try:
            return await insert(question, *parts)
        except STORE_ERRORS as failure:
            log.warning("a question is not stored: %s", failure)
        await asyncio.sleep(EVERY)


async def insert(
    question: ObjectId, run: str, station: str, text: str, until: float, kind: str = "execution"
) -> None:
    """Once, however often. until: unix seconds."""
    row = {
        "kind": kind, "run": run, "station": station, "text": text[:MOST_TEXT],
        "asked": when(time.time()), "until": when(until), "answered": None, "why": "", "by": "",
    }  # fmt: skip
    table = async_database()[TABLE]
    await table.update_one({"_id": question}, {"$setOnInsert": row}, upsert=True)


async def answers(questions: list[ObjectId]) -> Mapping[ObjectId, str]:
    """{question: what went wrong, or ""} of those that are answered."""
    wanted = {"_id": {"$in": questions}, "answered": {"$ne": None}}
    found = async_database()[TABLE].find(wanted, {"why": 1})
    return {row["_id"]: row["why"] async for row in found}


async def take_away(questions: list[ObjectId]) -> None:
    await async_database()[TABLE].delete_many({"_id": {"$in": questions}})
