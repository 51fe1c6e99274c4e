"""Each make that ships boots, charges and stops against PyPI `ocpp`, which checks every message by
its schema; and each quirk of its document is seen on the wire."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ocpp.messages
import pytest
from ocpp.messages import CallResult, validate_payload

from chargepoint.versions import make_station
from stations.makes import documents, finding
from stations.makes.breaches import breaches
from stations.models import Station
from tests.scenarios.inprocess.running import good
from tests.scenarios.inprocess.shell import NAME, Shell
from tests.scenarios.inprocess.timeless import LoopClock, run
from tests.system import csms, csms_2x

FILES = sorted(documents.SHIPPED.glob("*.json"))
CASES = [
    pytest.param(document, version, id=f"{document['name']}-{version}")
    for document in (json.loads(path.read_text()) for path in FILES)
    for version in document["versions"]
]
CHARGING = 1200.0  # seconds
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CAR = {"battery_kwh": 70, "soc": 20, "max_power_kw": 300}


@dataclass
class Lived:
    """What passed over the link, and when (seconds)."""

    version: str
    calls: list[tuple[float, str, dict]] = field(default_factory=list)
    refused: list[list] = field(default_factory=list)
    answers: dict[str, list] = field(default_factory=dict)  # by what was asked
    warned: list[tuple[str, dict]] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    config: Any = None

    def of(self, *actions: str) -> list[dict]:
        return [payload for _, action, payload in self.calls if action in actions]

    def sampled(self, measurand: str = "") -> list[dict]:
        """Sampled values of MeterValues and TransactionEvent, also of StopTransaction."""
        rows = []
        for payload in self.of("MeterValues", "TransactionEvent", "StopTransaction"):
            for value in payload.get("meterValue", payload.get("transactionData", [])):
                rows += value["sampledValue"]
        usual = "Energy.Active.Import.Register"
        return [row for row in rows if not measurand or row.get("measurand", usual) == measurand]

    def starts_wh(self) -> list[float]:
        return [payload["meterStart"] for payload in self.of("StartTransaction")]


class Made(Shell):
    """A shell around a station of a make, as the platform configures it."""

    def __init__(self, config: Any, clock: Any) -> None:
        super().__init__(config.version, good, clock)
        self.config = config
        self.station = make_station(config, None, clock.time(), next(self.seeds))
        self.numbers = itertools.count(1)

    async def ask(self, action: str, payload: dict) -> list:
        """The station's answer to a Call of the CSMS; it is one by its schema."""
        uid = f"asked-{next(self.numbers)}"
        self.hear(self.link, json.dumps([2, uid, action, payload]))
        await asyncio.sleep(1)
        frames = [json.loads(frame.text) for frame in self.log if frame.text]
        answer = next(each for each in frames if each[0] in (3, 4) and each[1] == uid)
        if answer[0] == 3:
            await validate_payload(CallResult(uid, answer[2], action), self.config.version)
        return answer


def config_of(document: dict, version: str) -> Any:
    """As the worker has it of a row that names the make and no more."""
    row = Station(identity=NAME, csms_url="ws://127.0.0.1:9/ocpp", ocpp_version=version,
                  default_id_tag="TAG-1")  # fmt: skip
    finding.give(row, documents.read(document))
    row.full_clean(exclude=["template"], validate_unique=False, validate_constraints=False)
    return row.to_core_config(version)


def lived(document: dict, version: str) -> Lived:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ocpp.messages, "ASYNC_VALIDATION", False)  # threads know another time
        return run(_live(document, version, patch))


async def _live(document: dict, version: str, patch: pytest.MonkeyPatch) -> Lived:
    clock = LoopClock(asyncio.get_running_loop())

    def now() -> str:
        return datetime.fromtimestamp(clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    for module in (csms, csms_2x):
        patch.setattr(module, "now", now)
    made = Lived(version, config=config_of(document, version))
    shell = Made(made.config, clock)
    shell.switch(True)
    await asyncio.sleep(5)
    outlets = [each["id"] for each in document["outlets"]]
    for _ in range(2):
        for number in outlets:
            shell.command("plug", {"connector": number, "ev": CAR})
            shell.command("start-transaction", {"connector": number})
        await asyncio.sleep(CHARGING)
        for number in outlets:
            shell.command("stop-transaction", {"connector": number})
            shell.command("unplug", {"connector": number})
        await asyncio.sleep(60)
    for code in document.get("faults", {}).get("warnings", []):
        before = len(shell.log)
        shell.command("fault", {"connector": outlets[0], "error_code": code})
        await asyncio.sleep(5)
        frames = [json.loads(frame.text) for frame in shell.log[before:] if frame.text]
        made.warned += [(code, each[3]) for each in frames
                        if each[0] == 2 and each[2] == "StatusNotification"]  # fmt: skip
        shell.command("fault", {"connector": outlets[0], "error_code": "NoError"})
        await asyncio.sleep(5)
    for name, action, payload in questions(document, version):
        made.answers[name] = await shell.ask(action, payload)
    await asyncio.sleep(1.5 * document.get("status", {}).get("repeat_s", 0))
    for frame in (each for each in shell.log if each.text):  # without notes
        message = json.loads(frame.text)
        if message[0] == 2 and frame.direction == "sent":
            made.calls.append((frame.time, message[2], message[3]))
        elif message[0] == 4 and frame.direction != "sent":
            made.refused.append(message)
    shell.end()
    return made


def questions(document: dict, version: str) -> Iterator[tuple[str, str, dict]]:
    """(name, action, payload) of what the CSMS asks at the end."""
    for action in document.get("features", {}).get("off", []):
        yield f"off {action}", action, {}
    if version == "1.6":
        yield "keys", "GetConfiguration", {}
        for name, key in document.get("keys", {}).items():
            for what, value in tries(key):
                yield f"{what} {name}", "ChangeConfiguration", {"key": name, "value": value}
        for rule in document.get("rules", []):
            yield f"rule {rule['name']}", rule["action"], rule["match"]
        return
    for name, key in document.get("variables", {}).items():
        place = placed(name)
        yield f"read {name}", "GetVariables", {"getVariableData": [place]}
        for what, value in tries(key):
            data = {"setVariableData": [{"attributeValue": value, **place}]}
            yield f"{what} {name}", "SetVariables", data


def placed(name: str) -> dict:
    component, _, variable = name.partition(".")
    return {"component": {"name": component}, "variable": {"name": variable}}


def tries(key: dict) -> Iterator[tuple[str, str]]:
    """(what it is to show, a value to set)."""
    kept = key.get("value", "0000")
    if key.get("absent") or key.get("effect") == "MeterValueSampleInterval":
        return
    if key.get("read_only"):
        yield "read-only", kept
    if "low" in key:
        yield "low", f"{key['low'] - 1:g}"
    if "high" in key:
        yield "high", f"{key['high'] + 1:g}"
    if "values" in key:
        yield "values", "nothing of these"
    if key.get("reboot"):
        yield "reboot", another(key)


def another(key: dict) -> str:
    """A value that may be set and is not the one that it has."""
    if key["type"] == "boolean":
        return "false" if key["value"] == "true" else "true"
    if "values" in key:
        return next(each for each in key["values"] if each != key["value"])
    return f"{key['low']:g}" if "low" in key else "1234"


# --- looks: path of a quirk -> what is seen of it, None where all is as it says


def look_at_features_off(document, lived, value):
    code = document["features"].get("answer", "NotSupported")
    wrong = [a for a in value if lived.answers[f"off {a}"][:1] + lived.answers[f"off {a}"][2:3]
             != [4, code]]  # fmt: skip
    sent = {action for _, action, _ in lived.calls} & set(value)
    return wrong or sent


def look_at_features_profiles(document, lived, value):
    if lived.version == "1.6":
        listed = keys(lived)["SupportedFeatureProfiles"]["value"]
        return {each.strip() for each in listed.split(",")} != {"Core", *value} and listed
    return None


def keys(lived: Lived) -> dict[str, dict]:
    return {each["key"]: each for each in lived.answers["keys"][2]["configurationKey"]}


def look_at_keys(document, lived, value):
    if lived.version != "1.6":
        return None
    faults = [fault for name, key in value.items() for fault in faults_of_key(lived, name, key)]
    return faults + [*faults_of_ends(lived, value)]


def faults_of_ends(lived: Lived, value: dict) -> Iterator[str]:
    """The values of a begin stand behind its start, those of an end beside its stop."""
    told = []
    for _, action, payload in lived.calls:
        values = payload.get("meterValue", [{"sampledValue": [{}]}])[0]["sampledValue"]
        if action in ("StartTransaction", "StopTransaction", "MeterValues"):
            told.append((action, values[0].get("context", "")))
    begin, end = ("MeterValues", "Transaction.Begin"), ("MeterValues", "Transaction.End")
    after = value.get("EmulatorEndTxnSampledAfterStop", {}).get("value") == "true"
    wanted = {
        "StartTxnSampledData": [("StartTransaction", ""), begin],
        "EmulatorEndTxnSampledData": [("StopTransaction", ""), end][:: 1 if after else -1],
    }
    pairs = [[*pair] for pair in itertools.pairwise(told)]
    for name, pair in wanted.items():
        if value.get(name, {}).get("value") and pairs.count(pair) != 2:
            yield f"{name} is not seen twice"


def faults_of_key(lived: Lived, name: str, key: dict) -> Iterator[str]:
    there = keys(lived).get(name)
    if key.get("absent") or key.get("hidden"):
        if there is not None and there.get("value"):
            yield f"{name} can be read"
    elif there is None:
        yield f"{name} is not told"
    else:
        if "value" in key and there["value"] != key["value"]:
            yield f"{name} is {there['value']}"
        if there["readonly"] != key.get("read_only", there["readonly"]):
            yield f"{name} can be set"
    for what, _ in tries(key):
        wanted = "RebootRequired" if what == "reboot" else "Rejected"
        answer = lived.answers[f"{what} {name}"]
        if answer[0] != 3 or answer[2]["status"] != wanted:
            yield f"{what} of {name} is answered {answer}"


def look_at_variables(document, lived, value):
    if lived.version == "1.6":
        return None
    return [f for name, key in value.items() for f in faults_of_variable(lived, name, key)]


def faults_of_variable(lived: Lived, name: str, key: dict) -> Iterator[str]:
    [read] = lived.answers[f"read {name}"][2]["getVariableResult"]
    if key.get("hidden"):
        if read["attributeStatus"] == "Accepted":
            yield f"{name} can be read"
    elif read.get("attributeValue") != key.get("value", read.get("attributeValue")):
        yield f"{name} is {read}"
    for what, _ in tries(key):
        [told] = lived.answers[f"{what} {name}"][2]["setVariableResult"]
        wanted = "RebootRequired" if what == "reboot" else "Rejected"
        if told["attributeStatus"] != wanted:
            yield f"{what} of {name} is answered {told['attributeStatus']}"


def look_at_meter_measurands(document, lived, value):
    usual = "Energy.Active.Import.Register"
    told = {row.get("measurand", usual) for row in lived.sampled()}
    return told - set(value) or (not told and "no values")


def look_at_meter_energy_unit(document, lived, value):
    rows = lived.sampled("Energy.Active.Import.Register")
    return {unit_of(row) for row in rows} != {value} and rows[:1]


def look_at_meter_power_unit(document, lived, value):
    rows = lived.sampled("Power.Active.Import")
    return {unit_of(row) for row in rows} != {value} and rows[:1]


def unit_of(row: dict) -> str:
    return row.get("unit") or row.get("unitOfMeasure", {}).get("unit", "Wh")


def look_at_meter_decimals(document, lived, value):
    own = document["meter"].get("values", {})
    rows = [r for r in lived.sampled() if "decimals" not in own.get(r.get("measurand"), {})]
    return [row for row in rows if digits(row) > value] or (not rows and "no values")


def digits(row: dict) -> int:
    text = row["value"] if isinstance(row["value"], str) else repr(row["value"])
    return len(text.partition(".")[2].rstrip("0"))


def look_at_meter_values(document, lived, value):
    faults = []
    for measurand, habit in value.items():
        rows = lived.sampled(measurand)
        if "fixed" in habit:
            faults += [row for row in rows if float(row["value"]) != habit["fixed"]]
        if "decimals" in habit:
            faults += [row for row in rows if digits(row) > habit["decimals"]]
        if "minimum" in habit:
            faults += [row for row in rows if 0 < float(row["value"]) < habit["minimum"]]
    return faults


def look_at_meter_voltage_phases(document, lived, value):
    wanted = {"L1": r"L\d$", "L1-N": r"L\d-N$", "L1-L2": r"L\d-L\d$"}[value]
    rows = [row for row in lived.sampled("Voltage") if "phase" in row]
    return [row for row in rows if not re.match(wanted, row["phase"])] or (not rows and "none")


def look_at_meter_line_phases(document, lived, value):
    wanted = {"L1": r"L\d$", "L1-N": r"L\d-N$"}[value]
    rows = [row for row in lived.sampled("Current.Import") if "phase" in row]
    return [row for row in rows if not re.match(wanted, row["phase"])] or (not rows and "none")


def look_at_meter_noise_pct(document, lived, value):
    return lived.config.meter_variance != value / 100 and lived.config.meter_variance


def look_at_meter_register_per_session(document, lived, value):
    return lived.starts_wh() != [0, 0] and lived.starts_wh()


def first_wh(lived: Lived) -> float:
    if lived.version == "1.6":
        return lived.starts_wh()[0]
    row = lived.sampled("Energy.Active.Import.Register")[0]
    return float(row["value"]) * (1000 if unit_of(row) == "kWh" else 1)


def look_at_meter_start_wh(document, lived, value):
    return not value <= first_wh(lived) < value + 2000 and first_wh(lived)


def look_at_meter_roll_over_wh(document, lived, value):
    ends = [payload["meterStop"] for payload in lived.of("StopTransaction")]
    return not (max(ends + lived.starts_wh()) <= value and ends[-1] < lived.starts_wh()[0]) and ends


def look_at_meter_dc_efficiency(document, lived, value):
    plain = {name: each for name, each in document["meter"].items() if name != "dc_efficiency"}
    energy = delivered(lived)
    other = delivered(_plain(json.dumps(document | {"meter": plain}), lived.version))
    return abs(energy / other * value - 1) > 0.02 and (energy, other)


def _plain(text: str, version: str) -> Lived:
    return lived(json.loads(text), version)


def delivered(lived: Lived) -> float:
    """Wh by the meter of the first outlet's first session."""
    if lived.version == "1.6":
        number = lived.of("StartTransaction")[0]
        ends = {each["transactionId"]: each["meterStop"] for each in lived.of("StopTransaction")}
        return min(ends.items())[1] - number["meterStart"]
    first = lived.of("TransactionEvent")[0]["transactionInfo"]["transactionId"]
    rows = []
    for payload in lived.of("TransactionEvent"):
        if payload["transactionInfo"]["transactionId"] == first:
            rows += [row for value in payload.get("meterValue", [])
                     for row in value["sampledValue"]
                     if row["measurand"] == "Energy.Active.Import.Register"]  # fmt: skip
    factor = 1000 if unit_of(rows[0]) == "kWh" else 1
    return (float(rows[-1]["value"]) - float(rows[0]["value"])) * factor


def look_at_time_zone(document, lived, value):
    ends = {"Z": r"Z$", "": r":\d\d(\.\d+)?$"}.get(value, re.escape(value) + "$")
    stamps = list(timestamps(lived))
    if value == "":
        assert "time.zone" in breaches(documents.read(document))
    return [each for each in stamps if not re.search(ends, each)] or (not stamps and "none")


def look_at_time_fractions(document, lived, value):
    shape = re.compile(r":\d\d:\d\d" + (rf"\.\d{{{value}}}" if value else "") + r"(Z|[+-]|$)")
    return [each for each in timestamps(lived) if not shape.search(each)]


def timestamps(lived: Lived) -> Iterator[str]:
    for _, _, payload in lived.calls:
        yield from re.findall(r'"timestamp": "([^"]+)"', json.dumps(payload))


def look_at_status_connector_0(document, lived, value):
    if lived.version != "1.6":
        return None
    told = {payload["connectorId"] for payload in lived.of("StatusNotification")}
    return (0 in told) != value and told


def look_at_status_told_as(document, lived, value):
    told = {payload["status"] for payload in lived.of("StatusNotification")}
    return told & (set(value) - set(value.values()))


def look_at_status_charging_states(document, lived, value):
    told = {p["transactionInfo"].get("chargingState") for p in lived.of("TransactionEvent")}
    return told & (set(value) - set(value.values()))


def look_at_status_repeat_s(document, lived, value):
    last = max(time for time, action, _ in lived.calls if action == "StatusNotification")
    others = [time for time, action, _ in lived.calls if action == "StatusNotification"]
    return not any(abs(last - time - value) < 5 for time in others) and others


def look_at_power_shared_w(document, lived, value):
    """Of all outlets at a time, by the meter, a minute after all had begun to charge."""
    efficiency = document["meter"].get("dc_efficiency", 1)
    powers: dict[int, dict[int, float]] = {}
    for time, action, payload in lived.calls:
        if action not in ("MeterValues", "TransactionEvent"):
            continue
        outlet = payload.get("connectorId") or payload.get("evse", {}).get("id")
        for each in payload.get("meterValue", []):
            rows = [r for r in each["sampledValue"] if r.get("measurand") == "Power.Active.Import"]
            sums = [r for r in rows if "phase" not in r] or rows
            if sums and outlet:
                factor = 1000 if unit_of(sums[0]) == "kW" else 1
                moment = powers.setdefault(round(time / 30), {})
                moment[outlet] = sum(float(r["value"]) for r in sums) * factor
    together = [sum(each.values()) for each in powers.values() if len(each) > 1]
    most = value / efficiency * 1.05
    return [power for power in together if power > most] or (not together and "not together")


def look_at_faults_warnings(document, lived, value):
    seen = {code for code, payload in lived.warned if payload.get("errorCode") == code}
    faulted = [payload for _, payload in lived.warned if payload["status"] == "Faulted"]
    return set(value) - seen or faulted


def look_at_faults_codes(document, lived, value):
    """Of those that it warns of; the others: tests/chargepoint/make."""
    wrong = []
    names = {"vendor_error_code": "vendorErrorCode", "vendor_id": "vendorId", "info": "info"}
    for code, payload in lived.warned:
        own = value.get(code, {})
        told = {ours: payload[name] for ours, name in names.items() if name in payload}
        wrong += [(code, told)] if told != own else []
    return wrong or (not {code for code, _ in lived.warned} & set(value) and "none was told")


def look_at_faults_connector_0(document, lived, value):
    return None  # tests/chargepoint/make: a fault that is no warning


def look_at_delays(document, lived, value):
    told = {name: tuple(span) for name, span in value.items() if name != "boot"}
    wrong = {name for name, span in told.items() if lived.config.delays[name] != span}
    return wrong or (lived.config.boot_delay != value.get("boot", 0) and lived.config.boot_delay)


def look_at_serial(document, lived, value):
    boot = lived.of("BootNotification")[0]
    told = boot.get("chargePointSerialNumber") or boot.get("chargingStation", {}).get(
        "serialNumber"
    )
    return not fits(value, told) and told


def look_at_meter_serial(document, lived, value):
    told = lived.of("BootNotification")[0].get("meterSerialNumber")
    return not fits(value, told) and told


def look_at_meter_type(document, lived, value):
    return lived.of("BootNotification")[0].get("meterType") != value


def fits(pattern: str, told: str | None) -> bool:
    shape = re.escape(pattern).replace(r"\#", r"\d").replace(r"\?", "[A-Z]")
    return re.fullmatch(shape.replace(r"\{identity\}", NAME), told or "") is not None


def look_at_rules(document, lived, value):
    if lived.version != "1.6":
        return None
    return [rule["name"] for rule in value
            if lived.answers[f"rule {rule['name']}"][0] != 3
            or lived.answers[f"rule {rule['name']}"][2]["status"]
            != rule.get("status", rule.get("payload", {}).get("status"))]  # fmt: skip


# --- the tests

HEAD = {"name", "description", "vendor", "model", "firmware", "versions", "outlets"}
FLAT = {"keys", "variables", "rules", "serial", "meter_serial", "meter_type", "delays"}


def quirks(document: dict) -> dict[str, Any]:
    """{path: value} of what a make has of its own."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in FLAT:
            found[name] = value
        elif name not in HEAD:
            found |= {f"{name}.{inner}": each for inner, each in value.items()}
    found.pop("features.answer", None)  # looked at with features.off
    return found


def look_of(path: str) -> Any:
    return globals()[f"look_at_{path.replace('.', '_')}"]


@pytest.mark.parametrize(("document", "version"), CASES)
def test_it_boots_charges_stops_and_does_what_its_document_says(document, version, settings):
    settings.STATION_DELAYS = 1.0
    made = lived(document, version)
    assert not made.refused, "the library found a message that is none"
    boot = made.of("BootNotification")[0]
    said = boot.get("chargingStation", boot)
    assert said.get("model", said.get("chargePointModel")) == document["model"]
    assert said.get("vendorName", said.get("chargePointVendor")) == document["vendor"]
    if version == "1.6":
        assert len(made.of("StopTransaction")) == 2 * len(document["outlets"])
    else:
        ended = [p for p in made.of("TransactionEvent") if p["eventType"] == "Ended"]
        assert len(ended) == 2 * len(document["outlets"])
    assert delivered(made) > 200 or "roll_over_wh" in document["meter"]
    unseen = {
        path: seen for path, value in quirks(document).items()
        if (seen := look_of(path)(document, made, value))
    }  # fmt: skip
    assert not unseen
    if not breaches(documents.read(document)):
        broken = [stamp for stamp in timestamps(made) if not RFC3339.fullmatch(stamp)]
        assert not broken


def test_there_are_a_dozen_of_both_currents_and_all_versions():
    assert len(FILES) >= 12
    whole = [json.loads(path.read_text()) for path in FILES]
    assert {v for each in whole for v in each["versions"]} == {"1.6", "2.0.1", "2.1"}
    currents = {outlet["phases"] == 0 for each in whole for outlet in each["outlets"]}
    assert currents == {True, False}
