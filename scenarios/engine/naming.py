"""A step in a few words, where its author has none for it: as written, not as it comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.rules.validation import type_of

LONGEST = 120
WAITS = ("expect", "expect_none", "wait_for_message")


def in_words(step: Mapping[str, Any]) -> str:
    """ "sent Authorize (Call)", "the answer to Authorize", "connector 1"; "" for others."""
    params, kind = step.get("params") or {}, type_of(step)
    if not isinstance(params, Mapping):
        return ""
    if kind in WAITS:
        return _message(params)[:LONGEST]
    match kind:
        case "csms":
            found = params.get("call")
        case "message" | "wait_for_held" | "respond":
            found = params.get("action")
        case "wait_condition":
            found = params.get("condition")
        case "wait_for_state":
            outlet = params.get("connectorId", params.get("connector", 1))
            who = "station" if params.get("target") == "station" else f"connector {outlet}"
            return f"{who}: {params.get('state') or params.get('field') or ''}"[:LONGEST]
        case "delay":
            found = params.get("duration")
            return f"{found} ms" if isinstance(found, int) else ""
        case _:
            outlet = params.get("connector")
            found = f"connector {outlet}" if outlet is not None else ""
    return found[:LONGEST] if isinstance(found, str) else ""


def _message(params: Mapping[str, Any]) -> str:
    named = str(params.get("action") or "")
    if params.get("answers"):
        return f"the answer to {named}" if named else "the answer"
    kind = f" ({params['kind']})" if params.get("kind") else ""
    direction = str(params.get("direction") or "")
    return f"{direction} {named or 'frame'}".strip() + kind
