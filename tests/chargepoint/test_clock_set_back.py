"""A station that resumes on a machine whose clock is an hour behind the one it was saved on."""

import pytest

from tests.chargepoint.peer import Peer


@pytest.mark.parametrize("jump", [-3600, -60])
def test_the_meter_goes_on_from_where_it_was(jump):
    peer = Peer("1.6", configuration={"MeterValueSampleInterval": "10"}).connect()
    peer.pass_time(5)
    peer.do("plug", connector=1)
    peer.do("start-transaction", connector=1, id_tag="TAG1")
    peer.pass_time(600)
    before = peer.station.connectors[1].sample(peer.now).energy_wh
    assert before > 0
    peer.now += jump
    peer = peer.crash().connect()
    assert peer.station.connectors[1].sample(peer.now).energy_wh == before
    sent = len(peer.calls("MeterValues"))
    peer.pass_time(50)
    told = peer.station.connectors[1].sample(peer.now).energy_wh
    assert told > before
    readings = [
        float(sampled["value"])
        for payload in peer.calls("MeterValues")[sent:]
        for value in payload["meterValue"]
        for sampled in value["sampledValue"]
        if sampled.get("measurand", "").startswith("Energy.Active.Import.Register")
    ]
    assert len(set(readings)) > 2 and readings == sorted(readings) and readings[0] >= before - 1
