"""Frames by which a CSMS tells a station where to send its secrets.

A person who edits what the CSMS has sent speaks in its place. Whoever may drive a station, but not
see its secrets, could so have its password sent to a host of his own.
"""

from typing import Any

# SetNetworkProfile: 2.0.1 B09; InstallCertificate: M05, 1.6 by the security whitepaper.
_ALWAYS = frozenset({"SetNetworkProfile", "InstallCertificate"})
_SECURE_URL = "emulatorsecureurl"  # 1.6: where the station goes for TLS
_NETWORK = "networkconfiguration"  # 2.1: a component with an instance for each slot


def leads_elsewhere(action: str, payload: Any) -> bool:
    """Whether a Call of the CSMS may change where the station connects to, or whom it trusts."""
    if action in _ALWAYS:
        return True
    if not isinstance(payload, dict):
        return False
    if action == "ChangeConfiguration":
        return _lower(payload.get("key")) == _SECURE_URL
    if action == "SetVariables":
        rows = payload.get("setVariableData")
        return isinstance(rows, list) and any(_is_network(row) for row in rows)
    return False


def _is_network(row: Any) -> bool:
    component = row.get("component") if isinstance(row, dict) else None
    return isinstance(component, dict) and _lower(component.get("name")) == _NETWORK


def _lower(text: Any) -> str:
    return text.lower() if isinstance(text, str) else ""
