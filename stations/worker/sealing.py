"""A station's secrets leave the worker encrypted: see docs/decisions/0007."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import orjson

from stations.configuration import secrets

log = logging.getLogger(__name__)


def seal(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The snapshot as it may be stored; the same dict, changed."""
    saved = snapshot["saved"]
    if "secrets" in saved:
        text = orjson.dumps(saved["secrets"], option=orjson.OPT_SORT_KEYS).decode()
        saved["secrets"] = _sealed(text)
    return snapshot


@lru_cache(maxsize=1024)  # a station's state is written often, its secrets seldom change
def _sealed(text: str) -> str:
    return secrets.encrypt(text)


def unseal(saved: dict[str, Any]) -> dict[str, Any]:
    """`saved` for the core. What cannot be read (SECRET_KEY has changed) is left out."""
    stored = saved.get("secrets")
    if not isinstance(stored, str):  # a snapshot that never left the worker
        return saved
    rest = {name: value for name, value in saved.items() if name != "secrets"}
    try:
        return rest | {"secrets": orjson.loads(secrets.decrypt(stored))}
    except secrets.SecretUnreadable as problem:
        log.warning("a station goes on without what its CSMS has entrusted it with: %s", problem)
        security = rest.get("security", {})
        # The profile and certificate are of no use without the key to them, a network profile
        # without its password.
        kept = {k: v for k, v in security.items() if k not in ("profile", "certificate")}
        return {k: v for k, v in rest.items() if k != "network"} | {"security": kept}


def shown(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The snapshot as an operator may see it."""
    saved = {name: value for name, value in snapshot["saved"].items() if name != "secrets"}
    return snapshot | {"saved": saved}
