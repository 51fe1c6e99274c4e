"""A station that changes its OCPP version: what goes with it, and what ends.

Meters, plugged cars, faults, the grid, the local authorization list and the cache mean the same in
every version; display messages go from one 2.x to the other. Transactions, queued messages,
profiles and reservations belong to the old one: open transactions end in the record of
transactions; there is no link any more to tell the CSMS by.
"""

from typing import Any

from chargepoint.hardware.states import FAULTED_STATES, INOPERATIVE_STATES, State
from chargepoint.timing.times import iso, seconds_of

LONGEST_TAG = 20  # 1.6, CiString20Type
LONGEST_CONTENT_201 = 512  # 2.0.1, MessageContentType
ONLY_IN_21 = ("Discharging", "QRCODE", "Suspended")  # of MessageInfoType
_STATUSES_16 = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
_UID_LENGTHS = (8, 14, 20)


def carried_over(snapshot: dict[str, Any], version: str) -> tuple[dict, list[dict]]:
    """(saved state for a station of `version`, [last update of each open transaction]).

    `snapshot`: as Station.snapshot() gives it. The updates are as effects.Session has them.
    """
    old = snapshot["saved"]
    saved: dict[str, Any] = {"connectors": [_connector(entry) for entry in old["connectors"]]}
    if old.get("mains"):
        saved["mains"] = old["mains"]
    if old.get("list_version"):
        saved["list_version"] = old["list_version"]
        saved["local_list"] = _tokens(old.get("local_list") or {}, snapshot["ocpp"], version)
        saved["local_list"] = saved["local_list"] or None
    if old.get("cache"):
        saved["cache"] = _tokens(old["cache"], snapshot["ocpp"], version)
    if "1.6" not in (snapshot["ocpp"], version):
        if old.get("monitors"):
            saved["monitors"] = [{**monitor} for monitor in old["monitors"]]
        if messages := _messages(old.get("messages") or {}, version):
            saved["messages"] = messages
    return saved, ended(snapshot, "Other")


def _connector(entry: dict[str, Any]) -> dict[str, Any]:
    """The hardware without the limits and the transaction that the old version gave it."""
    kept = {k: v for k, v in entry.items() if k not in ("limit_w", "limit_phases", "discharge_w")}
    state, plugged = State(entry["state"]), bool(entry.get("ev"))
    words = "Unavailable" if state in INOPERATIVE_STATES else ""
    if state in FAULTED_STATES:
        words = "Faulted" + words
    if not words:
        words = "Connected" if plugged else "Available"
    elif plugged:
        words += "Connected"
    return {**kept, "state": str(State(words))}


# --- display messages ------------------------------------------------------------------------


def _messages(known: dict[str, dict], version: str) -> dict[str, dict]:
    """Those that outlive their transaction, and that the version can say."""
    kept = {}
    for identity, entry in known.items():
        info, content = entry["info"], entry["info"]["message"]
        if "transactionId" in info:
            continue
        if version == "2.0.1":
            new = info.get("state") in ONLY_IN_21 or content["format"] in ONLY_IN_21
            if new or len(content["content"]) > LONGEST_CONTENT_201:
                continue
            info = {name: value for name, value in info.items() if name != "messageExtra"}
        kept[identity] = {**entry, "info": info}
    return kept


# --- tokens --------------------------------------------------------------------------------------


def _tokens(known: dict[str, list], before: str, after: str) -> dict[str, list]:
    """1.6: idTag -> [status, expiryDate, parentIdTag]; 2.x: "type:token" -> [status, expires,
    group]. expires: unix seconds or None."""
    if (before == "1.6") == (after == "1.6"):
        return {token: [*entry] for token, entry in known.items()}
    if after == "1.6":
        return _as_tags(known)
    return {
        _key(tag): [status, seconds_of(expiry) if expiry else None, parent and _key(parent)]
        for tag, (status, expiry, parent) in known.items()
    }


def _as_tags(known: dict[str, list]) -> dict[str, list]:
    tags = {}
    for token, (status, expires, group, *_) in known.items():
        tag, parent = token.partition(":")[2], group.partition(":")[2]
        if not 0 < len(tag) <= LONGEST_TAG:
            continue  # 1.6 cannot name it
        status = status if status in _STATUSES_16 else "Invalid"
        expiry = "" if expires is None else iso(expires)
        tags[tag] = [status, expiry, parent if len(parent) <= LONGEST_TAG else ""]
    return tags


def _key(tag: str) -> str:
    """The token by the type that a 2.x station takes a card with that text for."""
    hexadecimal = all(c in "0123456789abcdef" for c in tag.lower())
    kind = "iso14443" if hexadecimal and len(tag) in _UID_LENGTHS else "keycode"
    return f"{kind}:{tag.lower()}"


# --- open transactions ---------------------------------------------------------------------------


def ended(snapshot: dict[str, Any], reason: str) -> list[dict]:
    """The last update of each open transaction of a station that will not go on with it."""
    old = snapshot["saved"]
    meters = {entry["id"]: entry for entry in old["connectors"]}
    open_ones: list[tuple[int, dict, str, str]] = []
    for session in old.get("sessions", ()):  # 1.6
        known = session["transaction_id"]
        known = "" if known is None else str(known)
        open_ones.append((session["connector"], session, known, session["id_tag"]))
    for number, outlet in old.get("outlets", {}).items():  # 2.x
        if transaction := outlet.get("transaction"):
            token = (transaction["id_token"] or {}).get("idToken", "")
            entry = {**transaction, "id": transaction["session"]}
            open_ones.append((int(number), entry, transaction["id"], token))
    places = {outlet["id"]: outlet["evse"] for outlet in snapshot["connectors"]}
    return [
        _update(snapshot, reason, places.get(number, number), number, meters[number], *rest)
        for number, *rest in open_ones
        if number in meters
    ]


def _update(
    snapshot: dict, reason: str, evse: int, number: int, meter: dict, session: dict, known: str,
    tag: str,
) -> dict[str, Any]:
    start, stop = int(session["meter_start"]), int(meter["meter_wh"])
    return {
        "id": session["id"], "rev": session["rev"] + 1, "station": snapshot["identity"],
        "connector": number, "evse": evse, "ocpp": snapshot["ocpp"], "transaction_id": known,
        "id_tag": tag, "started": session["started"], "meter_start": start,
        # It was off since: what the meter saw last is the end.
        "ended": max(session["started"], meter["at"]), "meter_stop": stop, "reason": reason,
        "energy_wh": stop - start, "state": "ended", "sample": None,
    }  # fmt: skip
