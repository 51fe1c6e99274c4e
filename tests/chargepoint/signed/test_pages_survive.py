"""A worker dies, and another resumes from a state that is older than what the CSMS has seen."""

import json

import pytest

from chargepoint.versions import make_station
from chargepoint.wire.said import Said
from tests.chargepoint.signed.formats import Alfen
from tests.chargepoint.signed.lives import AC, ALL, DC, LIVES


def said_by(life) -> Said:
    """What the journal of the life knows."""
    said = Said()
    effects = life.peer.sent if hasattr(life, "peer") else _frames(life.csms.calls)
    for number, frame in enumerate((f for f in effects if f and f[0] == 2), 1):
        text = json.dumps([2, f"0123456789-{number}", *frame[2:]])
        said.take(number, "sent", "Call", frame[2], f"0123456789-{number}", text)
    return said


def _frames(calls):
    return [[2, "", action, payload] for action, payload in calls]


def _resume(life, saved, said):
    peer = getattr(life, "peer", None) or life.csms
    peer.station = make_station(peer.config, saved, peer.now, rng_seed=7)
    effects = peer.station.recall(said, None, peer.now)
    peer.take(effects) if hasattr(peer, "take") else peer.perform(effects)
    peer.connect()


def _page(told):
    made = told.text
    return Alfen(made).page if made.startswith("AP;") else told.ocmf.page[1]


@pytest.mark.parametrize("form", ["OCMF", "Alfen"])
@pytest.mark.parametrize("version", LIVES)
def test_no_page_is_given_twice(version, form):
    life = LIVES[version](EmulatorMeterFormat=form, **ALL)
    life.charge(DC, 70)
    saved = life.saved()
    life.charge(AC, 200)  # of this the state knows nothing
    seen = max(_page(told) for told in life.told())
    before = len(life.told())
    assert seen > max(saved["fiscal"]["pages"].get("1", {"T": 0}).values())
    _resume(life, saved, said_by(life))
    life.charge(AC, 70)
    assert _page(life.told()[before]) == seen + 1


@pytest.mark.parametrize("version", LIVES)
def test_pages_outside_of_transactions_and_of_another_meter_are_their_own(version):
    aligned = {"1.6": "ClockAlignedDataInterval"}.get(version, "AlignedDataCtrlr.Interval")
    life = LIVES[version](**{aligned: "60"}, **ALL)
    saved = life.saved()
    life.pass_time(130)
    life.charge(AC, 10)
    seen = [told.ocmf for told in life.told()]
    _resume(life, saved, said_by(life))
    pages = life.station.block("fiscal").meters.pages
    for evse in (AC, DC):
        mine = [told.page for told in seen if told.payload["CI"].endswith(f" {evse}")]
        highest = {kind: max(n for k, n in mine if k == kind) for kind in {k for k, _ in mine}}
        assert pages[evse] == highest
    assert "T" not in pages[DC]


def test_spoilt_data_in_a_frame_raise_nothing():
    said = Said()
    for number, data in enumerate(("", "{", "{}", "OCMF|x|y", "AP;1", "OCMF|[]|", "AP;0;3;A;B;C;")):
        value = {"value": data, "format": "SignedData"}
        meter = [{"timestamp": "2026-09-21T13:33:50.000Z", "sampledValue": [value]}]
        payload = {"connectorId": 1, "meterValue": meter}
        text = json.dumps([2, "0123456789-1", "MeterValues", payload])
        said.take(number, "sent", "Call", "MeterValues", "0123456789-1", text)
    assert said.pages == {}
