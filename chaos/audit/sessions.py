"""Charging sessions: in the CSMS's record, in `transactions`, and in the station's state."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos.audit.evidence import RESULT, Evidence, Said, Violation, at

REGISTER = "Energy.Active.Import.Register"
NEAR = 1.01  # Wh: registers are rounded on some ways and cut on others


@dataclass
class Session:
    """One transaction as the CSMS knows it. Energies in Wh; `readings`: periodic ones."""

    id: str
    connector: int
    begun: Said
    meter_start: float | None = None
    ended: Said | None = None
    meter_stop: float | None = None
    id_tag: str = ""
    readings: list[float] = field(default_factory=list)


def sessions(evidence: Evidence) -> dict[str, Session]:
    """By the id that station and CSMS use."""
    return _sessions_16(evidence) if evidence.version == "1.6" else _sessions_2(evidence)


def energies(meter_values: list[dict[str, Any]], contexts: tuple[str, ...] = ()) -> list[float]:
    """Registers of the whole outlet in Wh (1.6, 7.28; 2.0.1, 2.46), of all or these contexts."""
    found = []
    for value in meter_values:
        for sampled in value["sampledValue"]:
            if sampled.get("measurand", REGISTER) != REGISTER or "phase" in sampled:
                continue
            if contexts and sampled.get("context", "Sample.Periodic") not in contexts:
                continue
            unit = sampled.get("unit") or sampled.get("unitOfMeasure", {}).get("unit", "Wh")
            found.append(float(sampled["value"]) * (1000 if unit == "kWh" else 1))
    return found


def _sessions_16(evidence: Evidence) -> dict[str, Session]:
    numbers = {
        (one.link, one.uid): one.payload.get("transactionId")
        for one in evidence.said
        if not one.by_station and one.kind == RESULT
    }
    # A start whose answer is not on record was asked again: the payload is the same.
    same = {
        _key(call): numbers[call.link, call.uid]
        for call in evidence.calls
        if call.action == "StartTransaction" and numbers.get((call.link, call.uid)) is not None
    }
    found: dict[str, Session] = {}
    for call in evidence.calls:
        payload = call.payload
        if call.action == "StartTransaction" and _key(call) in same:
            identity = str(same[_key(call)])
            if identity not in found:
                found[identity] = Session(
                    identity, payload["connectorId"], call, payload["meterStart"],
                    id_tag=payload["idTag"],
                )  # fmt: skip
        identity = str(payload.get("transactionId"))
        if identity not in found:
            continue
        if call.action == "MeterValues":
            found[identity].readings += energies(payload["meterValue"], ("Sample.Periodic",))
        elif call.action == "StopTransaction" and found[identity].ended is None:
            found[identity].ended, found[identity].meter_stop = call, payload["meterStop"]
    return found


def _sessions_2(evidence: Evidence) -> dict[str, Session]:
    found: dict[str, Session] = {}
    for call in evidence.calls:
        if call.action != "TransactionEvent":
            continue
        payload = call.payload
        identity = payload["transactionInfo"]["transactionId"]
        evse = payload.get("evse", {}).get("id", 0)
        session = found.setdefault(identity, Session(identity, evse, call))
        registers = energies(payload.get("meterValue", []))
        if payload["eventType"] == "Started":
            session.meter_start = registers[0] if registers else None
        elif payload["eventType"] == "Ended" and session.ended is None:
            session.ended, session.meter_stop = call, registers[-1] if registers else None
        else:
            session.readings += energies(payload.get("meterValue", []), ("Sample.Periodic",))
        session.id_tag = session.id_tag or payload.get("idToken", {}).get("idToken", "")
    return found


def _key(call: Said) -> str:
    return json.dumps(call.payload, sort_keys=True)


def registers_rise(evidence: Evidence) -> Iterator[Violation]:
    """What an outlet's register has shown once, it never falls below."""
    highest: dict[int, float] = defaultdict(float)
    known: set[str] = set()
    connectors = {identity: one.connector for identity, one in sessions(evidence).items()}
    for call in evidence.calls:
        content = call.action + _key(call)
        if content in known:
            continue  # the same message again
        known.add(content)
        payload, shown = call.payload, []
        outlet = payload.get("connectorId") or payload.get("evse", {}).get("id", 0)
        match call.action:
            case "StartTransaction":
                shown = [payload["meterStart"]]
            case "StopTransaction":
                outlet = connectors.get(str(payload["transactionId"]), 0)
                shown = [payload["meterStop"]]
            case "MeterValues" | "TransactionEvent":
                shown = energies(payload.get("meterValue", []))
        if payload.get("eventType") == "Ended":  # its values begin with that of the start
            if any(b < a - NEAR for a, b in zip(shown, shown[1:], strict=False)):
                yield evidence.violation("register fell", f"from value to value: {at(call)}")
            shown = shown[-1:]
        for register in shown:
            if register < highest[outlet] - NEAR:
                what = f"outlet {outlet} shows {register} Wh after {highest[outlet]}: {at(call)}"
                yield evidence.violation("register fell", what)
            highest[outlet] = max(highest[outlet], register)


def alike(evidence: Evidence) -> Iterator[Violation]:
    """Begun, metered and ended alike in the record and in `transactions`."""
    kept: dict[str, list[dict]] = defaultdict(list)
    for row in evidence.sessions:
        kept[str(row.get("transaction_id"))].append(row)
    ours = sessions(evidence)
    for identity, session in ours.items():
        rows = kept.pop(identity, [])
        if len(rows) != 1:
            what = f"transaction {identity} is {len(rows)} documents; begun on {at(session.begun)}"
            yield evidence.violation("session missing" if not rows else "session doubled", what)
            continue
        yield from _differences(evidence, session, rows[0])
    for identity, rows in kept.items():
        for row in rows:
            what = f"the CSMS never heard of transaction {identity!r} ({_shown(row)})"
            yield evidence.violation("session unknown to the CSMS", what)


def _differences(evidence: Evidence, session: Session, row: dict) -> Iterator[Violation]:
    if session.ended is None:
        what = f"transaction {session.id} never ended at the CSMS ({_shown(row)})"
        yield evidence.violation("session without end", what)
        return
    if row.get("state") != "ended":
        what = f"transaction {session.id} is {row.get('state')!r} ({_shown(row)}); it ended on "
        yield evidence.violation("session left active", what + at(session.ended))
        return
    for name in ("meter_start", "meter_stop"):
        told = getattr(session, name)
        if told is not None and abs(row[name] - told) > NEAR:
            what = f"{name} of {session.id} is {row[name]}, the CSMS was told {told}"
            yield evidence.violation("energy differs", what)
    if row["id_tag"] != session.id_tag:
        what = f"id_tag of {session.id} is {row['id_tag']!r}, the CSMS was told {session.id_tag!r}"
        yield evidence.violation("energy differs", what)
    samples = {round(sample["energy_wh"]) for sample in evidence.samples.get(row["_id"], ())}
    lacking = [
        wh for wh in session.readings
        if samples.isdisjoint((round(wh) - 1, round(wh), round(wh) + 1))
    ]  # fmt: skip
    if lacking:
        what = f"{session.id} lacks {len(lacking)} of {len(session.readings)} readings: "
        yield evidence.violation("meter values differ", what + f"{lacking[:5]} Wh")


def in_state(evidence: Evidence) -> Iterator[Violation]:
    """The station's state agrees: nothing is open, and the registers stand where they were left."""
    if evidence.state is None:
        if evidence.calls:
            yield evidence.violation("state differs", "there is no state of it")
        return
    stops: dict[int, float] = {}
    for session in sessions(evidence).values():
        if session.meter_stop is not None:
            stops[session.connector] = max(stops.get(session.connector, 0.0), session.meter_stop)
    for outlet in evidence.state["connectors"]:
        if outlet["transaction"] is not None:
            what = f"outlet {outlet['id']} has transaction {outlet['transaction']} open"
            yield evidence.violation("state differs", what)
        shown = stops.get(outlet["id"])
        if shown is not None and abs(outlet["energy_wh"] - shown) > NEAR:
            what = (
                f"outlet {outlet['id']} shows {outlet['energy_wh']} Wh, its last stop was {shown}"
            )
            yield evidence.violation("state differs", what)


def kept_promises(evidence: Evidence) -> Iterator[Violation]:
    """Reservations, configuration and profiles that were accepted are there."""
    for what in evidence.lost:
        yield evidence.violation("accepted and lost", what)


def _shown(row: dict) -> str:
    parts = ("_id", "rev", "state", "started", "ended", "meter_start", "meter_stop")
    return ", ".join(f"{name} {row.get(name)}" for name in parts)
