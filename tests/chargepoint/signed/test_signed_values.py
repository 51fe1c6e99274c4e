"""Signed meter values, checked by code of its own: signature, pages, content; AC and DC."""

import json
import re
from base64 import b32encode

import pytest

from chargepoint.common.fiscal import FORMATS
from chargepoint.trust.signed.keys import METHODS
from tests.chargepoint.peer import Peer
from tests.chargepoint.signed.formats import Alfen, Ocmf, key_of
from tests.chargepoint.signed.lives import AC, ALL, DC, LIVES, REGISTER, Life16
from tests.chargepoint.v201.csms import Csms, config_of

VERSIONS = tuple(LIVES)
ENDED = {"1.6": "StopTransaction", "2.0.1": "Ended", "2.1": "Ended"}
STARTED = {"1.6": "MeterValues", "2.0.1": "Started", "2.1": "Started"}


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.mark.proves("EmulatorMeterFormat", "EmulatorCtrlr.MeterFormat")
@pytest.mark.parametrize("outlet", [AC, DC], ids=["AC", "DC"])
def test_every_signed_value_of_a_session_holds(version, outlet):
    life = LIVES[version](**ALL)
    life.charge(outlet)
    told, key = life.told(), key_of(life.public_key(outlet))
    assert {t.context for t in told} == {"Transaction.Begin", "Sample.Periodic", "Transaction.End"}
    for each in told:
        assert each.ocmf.holds(key), each
        assert each.method == "" and each.measurand == REGISTER
        assert abs(each.ocmf.wh - each.raw) <= 0.5
        reading, payload = each.ocmf.reading, each.ocmf.payload
        assert reading["RT"] == ("AC" if outlet == AC else "DC") and reading["ST"] == "G"
        assert payload["ID"] == "04A1B2C3" and payload["IT"] == "ISO14443" and payload["IS"]
        assert payload["CT"] == "CBIDC" and payload["CI"].endswith(f" {outlet}")
    assert told[-1].ocmf.wh > told[0].ocmf.wh
    ends = [t.ocmf.reading["TX"] for t in told if t.where == ENDED[version]]
    assert ends[0] == "B" and ends[-1] == "L"


def test_the_pages_of_a_meter_go_on_by_one(version):
    life = LIVES[version](**ALL)
    for outlet in (AC, DC, AC):
        life.charge(outlet)
    pages: dict[str, list[int]] = {}
    # What is in two messages is one reading.
    for reading in dict.fromkeys(each.ocmf for each in life.told()):
        kind, number = reading.page
        assert kind == "T"
        pages.setdefault(reading.payload["MS"], []).append(number)
    assert len(pages) == 2  # a meter an EVSE
    for numbers in pages.values():
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_value_with_another_digit_does_not_hold(version):
    life = LIVES[version](**ALL)
    life.charge(AC)
    last, key = life.told()[-1].ocmf, key_of(life.public_key(AC))
    _, payload, _ = last.text.split("|")
    places = [m.start() for m in re.finditer(r"\d", payload)]
    assert len(places) > 20
    for place in places:
        digit = str((int(payload[place]) + 1) % 10)
        changed = payload[:place] + digit + payload[place + 1 :]
        assert not Ocmf(last.text.replace(payload, changed)).holds(key)
    assert not last.holds(key_of(life.public_key(DC)))
    assert last.holds(key)


@pytest.mark.proves("EmulatorSigningMethod", "EmulatorCtrlr.SigningMethod")
@pytest.mark.parametrize("method", METHODS)
def test_the_curve_is_the_operators_to_choose(version, method):
    life = LIVES[version](EmulatorSigningMethod=method, **ALL)
    life.charge(AC, 10)
    key = key_of(life.public_key(AC))
    assert all(each.ocmf.holds(key) for each in life.told())
    assert json.loads(life.told()[0].text.split("|")[2])["SA"] == method
    assert life.set("EmulatorSigningMethod", METHODS[0]) == "Rejected"


@pytest.mark.parametrize("outlet", [AC, DC], ids=["AC", "DC"])
def test_alfens_form_of_it(version, outlet):
    life = LIVES[version](EmulatorMeterFormat="Alfen", **ALL)
    life.charge(outlet)
    told = life.told()
    made = [Alfen(each.text) for each in told]
    assert all(each.holds() for each in made)
    assert {each.kind for each in made} == {"start", "regular", "stop"}
    assert [abs(one.wh - each.raw) <= 0.5 for one, each in zip(made, told, strict=True)]
    once = [each.page for each in dict.fromkeys(made)]
    assert once == list(range(1, len(once) + 1))
    assert all(each.method == "ECDSA-secp192r1-SHA256" for each in told)
    assert all(each.data[54:62] == b"04A1B2C3" for each in made)
    changed = made[-1].data[:46] + bytes([made[-1].data[46] ^ 1]) + made[-1].data[47:]
    assert len(FORMATS) == 2 and not _with_data(made[-1], changed).holds()


def _with_data(made: Alfen, data: bytes) -> Alfen:
    parts = made.text.split(";")
    return Alfen(";".join([*parts[:4], b32encode(data).decode(), *parts[5:]]))


# --- which values, by the note's matrix (5.1) ------------------------------------------------

_FIRST, _PERIODIC, _CLOCK = "Transaction.Begin", "Sample.Periodic", "Sample.Clock"
MATRIX = [
    ((), set()),
    (("SampledDataSignReadings", "AlignedDataSignReadings"), set()),
    (("SampledDataSignReadings", "SampledDataSignStartedReadings"), {_FIRST}),
    (("SampledDataSignReadings", "SampledDataSignUpdatedReadings"), {_PERIODIC}),
    (("AlignedDataSignReadings", "AlignedDataSignUpdatedReadings"), {_CLOCK}),
    (("SampledDataSignStartedReadings", "SampledDataSignUpdatedReadings",
      "AlignedDataSignUpdatedReadings"), set()),
    # Each kind of values by its own two keys.
    (("SampledDataSignReadings", "AlignedDataSignUpdatedReadings"), set()),
    (("AlignedDataSignReadings", "SampledDataSignStartedReadings",
      "SampledDataSignUpdatedReadings"), set()),
]  # fmt: skip


@pytest.mark.proves(
    "SampledDataSignReadings", "SampledDataSignStartedReadings", "SampledDataSignUpdatedReadings",
    "AlignedDataSignReadings", "AlignedDataSignUpdatedReadings",
    "SampledDataCtrlr.SignReadings", "SampledDataCtrlr.SignStartedReadings",
    "SampledDataCtrlr.SignUpdatedReadings", "AlignedDataCtrlr.SignReadings",
    "AlignedDataCtrlr.SignUpdatedReadings",
)  # fmt: skip
@pytest.mark.parametrize(("switches", "between"), MATRIX)
def test_which_values_are_signed(version, switches, between):
    aligned = {"1.6": "ClockAlignedDataInterval"}.get(version, "AlignedDataCtrlr.Interval")
    life = LIVES[version](**{aligned: "60"}, **dict.fromkeys(switches, "true"))
    life.charge(AC, 200)
    told = life.told()
    before = {t.context for t in told if t.where != ENDED[version] and t.ocmf.page[0] == "T"}
    assert before == between
    ended = {t.context for t in told if t.where == ENDED[version]}
    assert {_FIRST, "Transaction.End"} <= ended or "SampledDataSignReadings" not in switches
    assert bool(ended) == ("SampledDataSignReadings" in switches)


def test_outside_of_transactions_pages_are_fiscal(version):
    aligned = {"1.6": "ClockAlignedDataInterval"}.get(version, "AlignedDataCtrlr.Interval")
    life = LIVES[version](**{aligned: "60"}, **ALL)
    life.pass_time(200)
    told = [t.ocmf for t in life.told()]
    assert len(told) >= 4 and all(each.page[0] == "F" for each in told)
    for outlet in (AC, DC):
        mine = [t for t in told if t.payload["CI"].endswith(f" {outlet}")]
        assert [t.page[1] for t in mine] == list(range(1, len(mine) + 1))
        assert all(t.holds(key_of(life.public_key(outlet))) for t in mine)


@pytest.mark.proves("StartTxnSampledData")
def test_the_values_of_the_begin_come_right_after_the_start():
    life = Life16(SampledDataSignReadings="true")
    life.charge(AC)
    actions = [f[2] for f in life.peer.sent if f and f[0] == 2]
    assert actions[actions.index("StartTransaction") + 1] == "MeterValues"
    begin = life.peer.calls("MeterValues")[0]
    [value] = begin["meterValue"][0]["sampledValue"]  # not signed without its switch
    assert value["context"] == "Transaction.Begin" and value["measurand"] == REGISTER
    assert begin["transactionId"] == life.peer.calls("StopTransaction")[0]["transactionId"]
    life = Life16(StartTxnSampledData="")
    life.charge(AC)
    assert "Transaction.Begin" not in json.dumps(life.peer.calls("MeterValues"))


@pytest.mark.parametrize("after", ["false", "true"])
def test_a_metervalues_of_the_end_is_signed_as_the_stops_value_is(after):
    keys = {"EmulatorEndTxnSampledData": REGISTER, "EmulatorEndTxnSampledAfterStop": after}
    life = Life16(SampledDataSignReadings="true", **keys)
    life.charge(AC)
    ends = [t for t in life.told() if t.context == "Transaction.End"]
    where = [t.where for t in ends]
    assert where == sorted(where, reverse=after == "true")
    assert {*where} == {"MeterValues", "StopTransaction"}
    key = key_of(life.public_key(AC))
    assert all(t.ocmf.holds(key) and t.ocmf.reading["TX"] == "L" for t in ends)
    assert len({t.text for t in ends}) == 1  # one reading, one page
    unsigned = Life16(**keys)
    unsigned.charge(AC)
    assert "SignedData" not in unsigned.frames()


# --- the public key --------------------------------------------------------------------------


@pytest.mark.proves(
    "PublicKeyWithSignedMeterValue", "OCPPCommCtrlr.PublicKeyWithSignedMeterValue",
    "FiscalMetering.PublicKey",
)  # fmt: skip
@pytest.mark.parametrize("policy", ["Never", "OncePerTransaction", "EveryMeterValue"])
def test_when_the_public_key_goes_along(version, policy):
    life = LIVES[version](PublicKeyWithSignedMeterValue=policy, **ALL)
    for _ in range(2):
        life.charge(AC)
    told, key = life.told(), life.public_key(AC)
    with_key = [bool(each.key) for each in told]
    assert {each.key for each in told} <= {"", key}
    assert sum(with_key) == {"Never": 0, "OncePerTransaction": 2, "EveryMeterValue": len(told)}[
        policy
    ]
    if policy == "OncePerTransaction":
        assert with_key[0]


def test_each_evse_has_a_key_of_its_own_and_it_stays(version):
    life = LIVES[version](**ALL)
    first, second = life.public_key(AC), life.public_key(DC)
    assert first and second and first != second
    life.charge(AC)
    page = life.told()[-1].ocmf.page
    again = LIVES[version](saved=life.saved(), **ALL)
    assert (again.public_key(AC), again.public_key(DC)) == (first, second)
    again.charge(AC)
    assert again.told()[0].ocmf.page == ("T", page[1] + 1)
    assert again.told()[0].ocmf.holds(key_of(first))
    assert LIVES[version](**ALL).public_key(AC) != first  # another station has another


def test_a_station_that_does_not_sign_has_no_key(version):
    life = LIVES[version]()
    assert life.public_key(AC) == ""
    life.charge(AC)
    assert not life.told() and "fiscal" not in life.saved() and not life.saved().get("secrets")
    assert life.station.there("fiscal") is None
    assert life.set("SampledDataSignReadings", "true") == "Accepted"
    life.charge(AC)
    assert life.told() and life.public_key(AC)
    assert life.set("SampledDataSignReadings", "false") == "Accepted"
    before = len(life.told())
    life.charge(AC)
    assert len(life.told()) == before and life.public_key(AC) == ""


def test_the_private_key_is_told_to_nobody(version):
    life = LIVES[version](**ALL)
    life.charge(AC)
    saved = life.saved()
    secret = saved.pop("secrets")["fiscal"]["secret"]
    shown = {k: v for k, v in life.station.snapshot().items() if k != "saved"}
    number = life.station.block("fiscal").meters.key(1, *_usual()).private_numbers().private_value
    for text in (life.frames(), json.dumps(saved), json.dumps(shown, default=str)):
        assert secret not in text and f"{number:x}" not in text and str(number) not in text


def _usual() -> tuple[str, str]:
    return FORMATS[0], METHODS[0]


# --- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "letter"), [("Local", "L"), ("Remote", "R")])
def test_how_it_ended_is_signed_too(version, reason, letter):
    life = LIVES[version](**ALL)
    life.charge(AC, reason=reason)
    assert life.told()[-1].ocmf.reading["TX"] == letter


@pytest.mark.parametrize(("reason", "letter"), [
    ("PowerLoss", "P"), ("EmergencyStop", "A"), ("EVDisconnected", "E"),
])  # fmt: skip
def test_other_ends(reason, letter):
    life = Life16(**ALL)
    life.charge(AC, reason=reason)
    assert life.told()[-1].ocmf.reading["TX"] == letter


def test_what_the_cable_of_a_dc_outlet_takes_is_told(version):
    life = LIVES[version](**ALL)
    life.charge(DC, 600)
    # The readings in their order; those of the begin are told again at the end.
    told = list(dict.fromkeys(each.ocmf for each in life.told()))
    losses = [each.reading["CL"] for each in told]
    assert losses[0] == 0 and losses == sorted(losses) and losses[-1] > 0
    cable = told[0].payload["LC"]
    assert cable["LU"] == "mOhm" and cable["LR"] > 0
    # At the outlet's 375 A through 4 mOhm: 1.5 V of 400 V.
    taken = told[-1].wh - told[0].wh
    assert float(losses[-1]) * 1000 == pytest.approx(taken * 1.5 / 400, abs=1)
    life.charge(AC)
    payload = life.told()[-1].ocmf.payload
    assert "LC" not in payload and "CL" not in payload["RD"][0]


def test_text_that_would_part_a_record_is_written_otherwise():
    life = Life16(**ALL)
    peer = Peer(vendor="A|B", configuration={**ALL, "StopTxnSampledData": REGISTER}).connect()
    life.peer = peer
    life.charge(AC)
    told = life.told()[-1]
    assert told.ocmf.payload["MV"] == "A|B" and told.ocmf.holds(key_of(life.public_key(AC)))


@pytest.mark.proves("EmulatorSignedValue")
def test_as_makes_send_it_the_value_is_the_text_itself():
    life = Life16(EmulatorSignedValue="Plain", **ALL)
    life.charge(AC)
    values = [
        value["value"] for call in life.peer.calls("MeterValues")
        for value in call["meterValue"][0]["sampledValue"] if value.get("format") == "SignedData"
    ]  # fmt: skip
    key = key_of(life.public_key(AC))
    assert values and all(Ocmf(value).holds(key) for value in values)


def test_the_longest_names_fit_into_2_0_1():
    long = "\U0001f50c" * 50
    configuration = {"SampledDataCtrlr.SignReadings": "true"}
    csms = Csms(config_of(
        identity="I" * 48, vendor=long[:20], model=long[:20], serial=long[:25], firmware=long,
        meter_type=long[:25], meter_serial=long[:25], configuration=configuration,
    )).connect()  # fmt: skip
    csms.command("plug", connector=2)
    csms.command("authorize", connector=2, id_tag="T" * 36)
    csms.pass_time(60)
    csms.command("authorize", connector=2, id_tag="T" * 36)  # every Call is checked by its schema
    assert "signedMeterData" in json.dumps(csms.events[-1])


def test_the_last_message_of_a_long_transaction_stays_small(version):
    interval = {"1.6": "MeterValueSampleInterval"}.get(version, "SampledDataCtrlr.TxEndedInterval")
    life = LIVES[version](**{interval: "10"}, SampledDataSignReadings="true")
    life.charge(AC, 4000)
    kept = {told.text for told in life.told() if told.where == ENDED[version]}
    # Of 400 readings; a frame of more than about 64 kB is refused by some CSMSs.
    assert 20 < len(kept) < 60 and life.told()[0].context == "Transaction.Begin"
    assert {"B", "L"} <= {told.ocmf.reading["TX"] for told in life.told()}
