"""Signed values of stations of a make: they tell the reading of the plain value beside them,
however the make's meter and clock tell it, and hold by the tests' own check and by the platform's.
"""

import json
from base64 import b64decode
from itertools import pairwise
from typing import NamedTuple

import pytest

from chargepoint.timing.times import seconds_of
from chargepoint.trust.signed.checking import VALID, check, read_key, signed_in
from tests.chargepoint.make.life import VERSIONS, Life
from tests.chargepoint.signed.formats import Alfen, Ocmf, key_of
from tests.chargepoint.signed.lives import AC, ALL, DC, OF_2, OUTLETS, REGISTER

every_version = pytest.mark.parametrize("version", VERSIONS)
HABITS = {
    "none": {},
    "register of a session": {"meter__register_per_session": True},
    "kWh": {"meter__energy_unit": "kWh"},
    "kWh with a digit": {"meter__energy_unit": "kWh", "meter__decimals": 1},
    "Wh with digits": {"meter__values": {REGISTER: {"decimals": 2}}},
    "roll-over": {"meter__roll_over_wh": 1000, "meter__start_wh": 900},
    "roll-over in kWh": {"meter__roll_over_wh": 1000, "meter__start_wh": 900.7,
                         "meter__energy_unit": "kWh"},  # fmt: skip
    "roll-over of a session": {"meter__roll_over_wh": 1000, "meter__register_per_session": True},
    "start": {"meter__start_wh": 1_204_560.5},
    "efficiency": {"meter__dc_efficiency": 0.9, "meter__start_wh": 1_204_560},
    "efficiency of a session": {"meter__dc_efficiency": 0.9, "meter__register_per_session": True,
                                "meter__energy_unit": "kWh"},  # fmt: skip
    "offset": {"time": {"zone": "+02:00", "fractions": 0}},
    "offset to the west": {"time": {"zone": "-05:30", "fractions": 6}},
    "no zone": {"time": {"zone": "", "fractions": 3}},
    "measurands fixed": {
        "meter__measurands": [REGISTER, "Voltage", "Power.Active.Import"],
        "meter__values": {"Voltage": {"fixed": 230}, "Power.Active.Import": {"noise_pct": 5}},
        "meter__noise_pct": 5,
    },
}  # fmt: skip
KEYS = {
    "1.6": {"StartTxnSampledData": REGISTER, "StopTxnSampledData": REGISTER,
            "EmulatorEndTxnSampledData": REGISTER, "MeterValueSampleInterval": "47",
            "ClockAlignedDataInterval": "60", "StopTxnAlignedData": REGISTER, **ALL},
    "2.x": {"SampledDataCtrlr.TxUpdatedInterval": "47", "AlignedDataCtrlr.Interval": "60",
            **{OF_2[name]: value for name, value in ALL.items()}},
}  # fmt: skip


class Pair(NamedTuple):
    """A plain value and the signed one of it. wh: of the plain one; half: of its last digit."""

    where: str
    context: str
    stamp: str
    wh: float
    half: float
    text: str

    @property
    def ocmf(self) -> Ocmf:
        return Ocmf(self.text)


def living(version, config=None, **habits):
    keys = KEYS["1.6" if version == "1.6" else "2.x"]
    life = Life(version, {"connectors": OUTLETS, "configuration": {**keys, **(config or {})}},
                **habits)  # fmt: skip
    return life


def two_sessions(life, outlet):
    """At times that are no whole Wh; a minute in between."""
    for seconds in (97.3, 130.9):
        life.charge(seconds, connector=outlet, max_power_kw=21.7)
        life.stop(connector=outlet)
        life.pass_time(61.1)
    return pairs(life, outlet)


def messages(life):
    """(where, payload) of what has values."""
    if life.version == "1.6":
        return [(f[2], f[3]) for f in life.csms.sent if f and f[0] == 2]
    return [(payload.get("eventType", action), payload) for action, payload in life.csms.calls]


def pairs(life, outlet):
    found = []
    for where, payload in messages(life):
        for value in payload.get("meterValue", payload.get("transactionData", ())):
            plain = None
            for one in value["sampledValue"]:
                signed = one.get("format") == "SignedData"
                if one["measurand"] != REGISTER:
                    continue
                if not signed:
                    plain = one
                text = text_of(one, signed)
                if text is not None:
                    found.append(pair(where, one["context"], value["timestamp"], plain, text))
    return [each for each in found if each.ocmf.payload["CI"].endswith(f" {outlet}")]


def text_of(one, signed):
    """What is signed; None of a plain value."""
    inner = json.loads(one["value"]) if signed else one.get("signedMeterValue")
    return b64decode(inner["signedMeterData"]).decode() if inner else None


def pair(where, context, stamp, plain, text):
    unit = plain.get("unit") or plain.get("unitOfMeasure", {}).get("unit", "Wh")
    factor = {"Wh": 1, "kWh": 1000}[unit]
    digits = len(str(plain["value"]).partition(".")[2])
    return Pair(where, context, stamp, float(plain["value"]) * factor, factor / 2 / 10**digits,
                text)  # fmt: skip


def public_key(life, outlet):
    if life.version == "1.6":
        told = life.ask("GetConfiguration", {"key": [f"MeterPublicKey{outlet}"]})
        return told["configurationKey"][0]["value"]
    place = {"component": {"name": "FiscalMetering", "evse": {"id": outlet}},
             "variable": {"name": "PublicKey"}}  # fmt: skip
    told = life.ask("GetVariables", {"getVariableData": [place]})
    return told["getVariableResult"][0]["attributeValue"]


@every_version
@pytest.mark.parametrize("outlet", [AC, DC], ids=["AC", "DC"])
@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_it_tells_what_the_plain_value_tells_and_holds(version, outlet, habits):
    life = living(version, **habits)
    told = two_sessions(life, outlet)
    key = key_of(public_key(life, outlet))
    roll = habits.get("meter__roll_over_wh", 1e9)
    assert {each.context for each in told} == {
        "Transaction.Begin", "Sample.Periodic", "Sample.Clock", "Transaction.End",
    }  # fmt: skip
    assert all(Ocmf(text).holds(key) for text in {each.text for each in told})
    for each in told:
        apart = abs(each.ocmf.wh - each.wh)
        assert min(apart, abs(roll - apart)) <= max(each.half, 0.5) + 1e-6, each
        assert 0 <= each.wh < roll and 0 <= each.ocmf.wh < roll
        moment = each.ocmf.reading["TM"]
        assert moment.endswith("+0000 S")
        signed_at = seconds_of(moment[:-7].replace(",", ".") + "Z")
        fractions = habits.get("time", {}).get("fractions", 3)
        assert 0 <= signed_at - seconds_of(each.stamp) < 10.0**-min(fractions, 3) - 1e-4, each
    own = read_key(public_key(life, outlet))
    seen = [signed for _, payload in messages(life) for signed in signed_in(payload)]
    mine = [signed for signed in seen if signed.text in {each.text for each in told}]
    assert len(mine) == len(told) and {check(signed, own).check for signed in mine} == {VALID}


@every_version
@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_begin_and_end_of_a_session_are_those_of_its_start_and_stop(version, habits):
    life = living(version, **habits)
    told = two_sessions(life, AC)
    begins = list(dict.fromkeys(e.ocmf.wh for e in told if e.ocmf.reading.get("TX") == "B"))
    ends = list(dict.fromkeys(
        e.ocmf.wh for e in told if e.ocmf.reading.get("TX") in ("L", "R", "E", "A")
    ))  # fmt: skip
    flowed = [record["energy_wh"] for record in life.csms.sessions if record["state"] == "ended"]
    roll = habits.get("meter__roll_over_wh", 10**9)
    if habits.get("meter__register_per_session"):
        begins = [0, 0]
    assert len(begins) == len(ends) == len(flowed) == 2
    for begin, end, wh in zip(begins, ends, flowed, strict=True):
        assert (end - begin) % roll == pytest.approx(wh, abs=1)
    if version == "1.6":
        assert [p["meterStart"] for p in life.said("StartTransaction")] == begins
        assert [p["meterStop"] for p in life.said("StopTransaction")] == ends


@every_version
def test_a_register_of_a_session_is_called_so(version):
    """OCMF 1.4, table 25: B2 and B3 are of a transaction."""
    for habits, wanted in (({}, {"B0", "B1"}), (HABITS["register of a session"], {"B2", "B3"})):
        life = living(version, **habits)
        for outlet, name in zip((AC, DC), sorted(wanted), strict=True):
            told = two_sessions(life, outlet)
            assert {each.ocmf.reading["RI"] for each in told} == {f"01-00:{name}.08.00*FF"}


@every_version
def test_a_meter_before_the_rectifier_signs_alternating_current_and_knows_no_cable(version):
    life = living(version, **HABITS["efficiency"])
    told = two_sessions(life, DC)
    assert {each.ocmf.reading["RT"] for each in told} == {"AC"}
    assert {each.ocmf.reading["RI"] for each in told} == {"01-00:B0.08.00*FF"}
    assert not any("CL" in each.ocmf.reading or "LC" in each.ocmf.payload for each in told)
    behind = two_sessions(living(version), DC)
    assert {each.ocmf.reading["RT"] for each in behind} == {"DC"}
    assert all("LC" in each.ocmf.payload for each in behind)


@every_version
def test_pages_go_on_though_the_register_begins_anew(version):
    life = living(version, **HABITS["roll-over of a session"])
    told = two_sessions(life, AC)
    for kind in "TF":
        numbers = sorted({each.ocmf.page[1] for each in told if each.ocmf.page[0] == kind})
        assert len(numbers) > 1 and all(after == one + 1 for one, after in pairwise(numbers))


@every_version
@pytest.mark.parametrize("name", ["register of a session", "kWh", "roll-over", "no zone"])
def test_alfens_form_tells_it_too(version, name):
    form = "EmulatorMeterFormat" if version == "1.6" else "EmulatorCtrlr.MeterFormat"
    life = living(version, {form: "Alfen"}, **HABITS[name])
    life.charge(97.3, max_power_kw=21.7)
    life.stop()
    found = []
    for _, payload in messages(life):
        for value in payload.get("meterValue", payload.get("transactionData", ())):
            plain = None
            for one in value["sampledValue"]:
                signed = one.get("format") == "SignedData"
                plain = plain if signed else one
                if (text := text_of(one, signed)) is not None:
                    found.append(pair("", one["context"], value["timestamp"], plain, text))
    assert len(found) > 4
    for each in found:
        made = Alfen(each.text)
        assert made.holds() and abs(made.wh - each.wh) <= max(each.half, 0.5) + 1e-6
    assert len({Alfen(each.text).wh for each in found}) > 2
