"""A step that changes by what the station of this run is linked to its CSMS, and links it anew."""

from __future__ import annotations

from typing import Any

from scenarios.engine.searching import captured
from scenarios.engine.strand import Order, StepErred, StepFailed, Strand
from stations.orders.commands import CommandFailed

WORDS = {"open": "The link was not open", "refused": "The CSMS did not refuse the link"}


async def link(strand: Strand, order: Order) -> tuple[str, str]:
    """`expect`: open (the usual), refused, or any, which does not wait. Captures from the link's
    state: state, error, attempt.

    Raises StepErred where this runner cannot change links or the change is refused, StepFailed
    where the link does not come to what is expected in time.
    """
    changes = {k: v for k, v in order.params.items() if k not in ("expect", "capture")}
    wanted = order.params.get("expect", "open")
    relink = getattr(strand.services.commander, "relink", None)
    if relink is None:
        raise StepErred("The link of a station is changed by runscenario and runsuite only.")
    began = strand.here()
    try:
        await relink(strand.identity, changes)
    except CommandFailed as failure:
        raise StepErred(f"The link was not changed: {failure.message}") from None
    strand.inbox.cut()
    strand.acted(began)
    state = await _came(strand, order, wanted)
    _speaks(strand, (state or {}).get("ocpp"))
    captured(strand, order, (state or {}).get("link") or {})
    return (state or {}).get("link", {}).get("error", "") if wanted == "refused" else "", ""


async def _came(strand: Strand, order: Order, wanted: str) -> dict[str, Any] | None:
    states = strand.services.states
    if wanted == "any":
        return (await states.read([strand.identity]))[strand.identity]
    # The link of before is closed by now: one that is open is the new one, and was not refused.
    fits = _is_settled if wanted == "refused" else _is_open
    state = await states.wait(strand.identity, fits, order.timeout)
    strand.inbox.cut()
    if state is not None:
        if wanted == "refused" and _is_open(state):
            raise StepFailed(f"{WORDS[wanted]}: it is open.")
        return state
    told = (states.last(strand.identity) or {}).get("link") or {}
    why = f" ({told['error']})" if told.get("error") else ""
    now = told.get("state") or "unknown"
    raise StepFailed(f"{WORDS[wanted]} within {order.patience}: it is {now}{why}.")


def _speaks(strand: Strand, version: str | None) -> None:
    """The CSMS may have chosen another version than before."""
    if not version or version == strand.subject.version:
        return
    strand.subject.version = strand.variables["version"] = version
    if strand.inbox.watch is not None:
        strand.inbox.watch.version = version


def _is_open(state: dict[str, Any]) -> bool:
    told = state.get("link") or {}
    return bool(state.get("connected")) and told.get("state") == "open"


def _is_settled(state: dict[str, Any]) -> bool:
    return _is_refused(state) or _is_open(state)


def _is_refused(state: dict[str, Any]) -> bool:
    told = state.get("link") or {}
    return not state.get("connected") and bool(told.get("attempt")) and bool(told.get("error"))
