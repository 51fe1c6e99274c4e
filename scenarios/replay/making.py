"""A conversation made into a scenario, as a document that an import takes."""

from __future__ import annotations

from typing import Any

from scenarios.documents import slug_of
from scenarios.replay.acts_2 import Acts2
from scenarios.replay.acts_16 import PLUG_AND_CHARGE, SAMPLING_OFF, Acts16
from scenarios.replay.conversation import Conversation, Exchange
from scenarios.replay.names import Names
from scenarios.replay.script import SKIP, Script, Wishes
from scenarios.replay.verbatim import Verbatim
from scenarios.rules.validation import MOST_STEPS, each_step

ROOM = 12  # steps that one Call takes at most
FOLDED = 3  # Heartbeats one after another become one step
MOST_CONNECTORS = 100


def scenario_of(
    conversation: Conversation, wishes: Wishes | None = None, name: str = ""
) -> dict[str, Any]:
    """The document. What of the recording did not become steps stands in its description."""
    wishes = wishes or Wishes()
    exchanges = conversation.exchanges
    if wishes.calls == SKIP:
        exchanges = [each for each in exchanges if each.is_sent]
    names = Names(conversation.station)
    begin = exchanges[0].time if exchanges else 0.0
    script = Script(conversation.version, names, wishes, begin)
    player = _player(conversation.version, wishes, script, exchanges)
    if not exchanges or exchanges[0].action != "BootNotification":
        script.begins_in_the_midst()
    off = dict(SAMPLING_OFF) if player.samples and conversation.version == "1.6" else {}
    if player.contracts:
        off |= PLUG_AND_CHARGE
    if off:
        why = "The recorded values are sent" if player.samples else "Plug & Charge is on"
        script.act(begin, "set_configuration", why, configuration=off)
    left = _play(script, player, exchanges)
    name = name or f"Recording of {conversation.station or 'a station'}"
    notes = [f"Recorded in OCPP {conversation.version}.", *conversation.notes]
    if left:
        last = "The last Call was" if left == 1 else f"The last {left} Calls were"
        notes.append(f"{last} left out: a scenario has {MOST_STEPS} steps.")
    made: dict[str, Any] = {
        "scenarioId": slug_of(name) or "recording",
        "name": name[:100],
        "description": " ".join(notes),
        "tags": ["recording", f"ocpp{conversation.version}"],
        "steps": script.steps,
    }
    if off:
        undone = {"configuration": dict.fromkeys(off)}
        made["cleanup"] = [{"type": "set_configuration", "params": undone, "optional": True}]
    if names.variables:
        made["variables"] = names.variables
    if script.allow:
        made["watch"] = {"allow": script.allow}
    return made


def _player(
    version: str, wishes: Wishes, script: Script, exchanges: list[Exchange]
) -> Acts16 | Acts2 | Verbatim:
    if wishes.verbatim:
        return Verbatim(script, exchanges)
    return (Acts16 if version == "1.6" else Acts2)(script, exchanges)


def _play(script: Script, player: Acts16 | Acts2 | Verbatim, exchanges: list[Exchange]) -> int:
    """How many exchanges there was no room for."""
    place = 0
    while place < len(exchanges):
        if sum(1 for _ in each_step(script.steps)) > MOST_STEPS - ROOM:
            return len(exchanges) - place
        each = exchanges[place]
        beats = _beats(exchanges, place)
        if len(beats) >= FOLDED:
            script.repeat(beats)
            place += len(beats)
            continue
        if not each.is_sent:
            script.csms_call(each)
        elif not each.action:
            script.text(each)
        else:
            player.sent(place, each)
        place += 1
    return 0


def _beats(exchanges: list[Exchange], place: int) -> list[Exchange]:
    found = []
    for each in exchanges[place:]:
        if not (each.is_sent and each.action == "Heartbeat" and each.kind == "CallResult"):
            break
        found.append(each)
    return found


def suite_of(conversation: Conversation, scenario: dict[str, Any]) -> dict[str, Any]:
    """A suite of the one scenario, on a station like the recorded one, in its version."""
    return {
        "suite": scenario["name"],
        "versions": [conversation.version],
        "station": station_of(conversation),
        "cases": [{"id": scenario["scenarioId"], "scenario": scenario}],
    }


def station_of(conversation: Conversation) -> dict[str, Any]:
    """Settings as a template has them: maker, model, firmware, and as many outlets as were told."""
    made: dict[str, Any] = {}
    boots = [e for e in conversation.exchanges if e.action == "BootNotification" and e.is_sent]
    said = (boots[0].payload if boots else None) or {}
    inner = said.get("chargingStation", said)
    names = {"vendor": ("chargePointVendor", "vendorName"), "model": ("chargePointModel", "model"),
             "firmware": ("firmwareVersion",)}  # fmt: skip
    for ours, theirs in names.items():
        value = next((inner[name] for name in theirs if isinstance(inner.get(name), str)), None)
        if value:
            made[ours] = value
    numbers = [
        number for each in conversation.exchanges if each.is_sent
        for number in (each.said("connectorId"), each.said("evseId"), each.said("evse", "id"))
        if isinstance(number, int) and 0 < number <= MOST_CONNECTORS
    ]  # fmt: skip
    kind = {"kind": "Type2", "phases": 3, "max_power_w": 22_000}
    if numbers:
        most = max(numbers)
        made["connectors"] = [{"id": n, "evse": n, **kind} for n in range(1, most + 1)]
    return made
