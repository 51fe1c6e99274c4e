"""What `record` and `replay` share: their options, and a recording made into a document."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from scenarios.replay import making, sources
from scenarios.replay.conversation import Conversation, Unreadable
from scenarios.replay.script import CALLS, Wishes
from scenarios.rules.measures import time_of
from terminal.rows import Unusable


def add_options(parser: argparse.ArgumentParser) -> None:
    """How a recording is read, and what is made of it."""
    parser.add_argument(
        "--of", metavar="IDENTITY", default="", help="the station, where the file has several"
    )
    parser.add_argument(
        "--mask", action="store_true",
        help="put words in place of tags, tokens, serial numbers, certificates and secrets",
    )  # fmt: skip
    parser.add_argument(
        "--verbatim",
        action="store_true",
        help="every Call as it was, in place of acts (plug, start-transaction, ...) of the station",
    )
    parser.add_argument(
        "--calls",
        choices=CALLS,
        default=CALLS[0],
        help="what the CSMS called: expect it again (default), skip it, or have a driver make it",
    )
    parser.add_argument(
        "--most-pause", type=float, metavar="S", help="cut pauses between messages to S seconds"
    )
    parser.add_argument(
        "--flip", action="store_true", help="the file's directions are as the CSMS sees them"
    )


def wishes_of(chosen: argparse.Namespace) -> Wishes:
    """The options of `record` as wishes. Raises Unusable for a longest pause below 0 seconds."""
    if chosen.most_pause is not None and chosen.most_pause < 0:
        raise Unusable("--most-pause takes a number of seconds, 0 or more.")
    return Wishes(chosen.verbatim, chosen.calls, chosen.most_pause)


def of_file(chosen: argparse.Namespace) -> Conversation:
    """Raises Unusable."""
    try:
        return sources.read(chosen.file, chosen.of, chosen.mask, chosen.flip)
    except Unreadable as problem:
        raise Unusable(f"{chosen.file}: {problem}") from problem


def of_log(chosen: argparse.Namespace) -> Conversation:
    """Raises Unusable."""
    from messaging.keeping.store import async_database

    async def read() -> Conversation:
        begin, end = _moment("--from", chosen.begin), _moment("--to", chosen.end)
        return await sources.from_log(
            async_database(), chosen.station, begin, end, mask=chosen.mask
        )

    try:
        return asyncio.run(read())
    except Unreadable as problem:
        raise Unusable(str(problem)) from problem


def _moment(option: str, text: str | None) -> datetime | None:
    """A time of a person: without a zone it is UTC."""
    if not text:
        return None
    try:
        moment = time_of(text) or datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{option} takes a time such as 2026-01-31T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def document_of(heard: Conversation, chosen: argparse.Namespace, suite: bool) -> dict[str, Any]:
    """The scenario made of what was heard, or a suite with it as its only case."""
    made = making.scenario_of(heard, wishes_of(chosen))
    return making.suite_of(heard, made) if suite else made


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
