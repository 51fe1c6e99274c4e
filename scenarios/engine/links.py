"""What a station knows of its link: whether it is down, and whether the CSMS has ended it."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple

from messaging.records import time_of
from runtime.stores import STORE_ERRORS
from scenarios.engine.strand import Strand


class Closed(NamedTuple):
    """moment: unix seconds of the worker's clock; why: the close code and reason."""

    moment: float
    why: str


async def state_of(strand: Strand) -> dict[str, Any] | None:
    """The station's snapshot; None where there is none, or the store is away."""
    with contextlib.suppress(*STORE_ERRORS):
        return (await strand.services.states.read([strand.identity]))[strand.identity]
    return None


async def is_down(strand: Strand) -> bool:
    state = await state_of(strand)
    return state is not None and not state.get("connected")


async def closed_by_csms(strand: Strand) -> Closed | None:
    """The last time that the CSMS has ended a link that was open, in this run and where no step
    had a hand in it."""
    told = ((await state_of(strand) or {}).get("link") or {}).get("closed")
    if not told or told["last"] < time_of(strand.begin or "0" * 14):
        return None
    watch = strand.inbox.watch
    if watch is not None and watch.was_cut(told["last"], told["last"]):
        return None
    return Closed(told["last"], told["why"])
