"""Several versions in one handshake: the order of the operator, the choice of the CSMS."""

import pytest

from stations.link.dialer import LinkState
from stations.link.speaking import NothingChosen, chosen_config
from stations.models import Station
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import back, booted, dialer_of_row
from tests.stations.fleet.secure_csms import SecureCsms

OFFERED = ["2.1", "2.0.1", "1.6"]
HEADER = "ocpp2.1, ocpp2.0.1, ocpp1.6"


def row(url: str, version: str = "2.0.1", offered=OFFERED, **fields) -> Station:
    values = {"identity": "CP-1", "csms_url": url, "ocpp_version": version, "serial": "S-1"}
    return Station(**(values | fields), offered_versions=offered)


@pytest.fixture
async def dialer(sink, queue, kept):
    dialer = dialer_of_row(row(sink.url), queue, kept)
    yield dialer
    dialer.disconnect()
    dialer.drop()


def boot_of(connection) -> dict:
    return next(m[3] for m in connection.received if m[:1] == [2] and m[2] == "BootNotification")


@pytest.mark.parametrize("chosen", ["1.6", "2.0.1", "2.1"])
async def test_the_csms_chooses_the_version(chosen, dialer, sink):
    sink.subprotocol = f"ocpp{chosen}"
    dialer.connect()
    connection = await booted(sink)
    assert connection.headers["Sec-WebSocket-Protocol"] == HEADER
    assert dialer.consumer.station.config.version == chosen
    name = "chargePointSerialNumber" if chosen == "1.6" else "chargingStation"
    assert name in boot_of(connection)


@pytest.mark.parametrize("chosen", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_server_of_another_stack_chooses(chosen, queue, kept):
    async with SecureCsms(subprotocol=chosen) as csms:
        dialer = dialer_of_row(row(csms.url), queue, kept)
        dialer.connect()
        await until(lambda: csms.requests)
        assert csms.links[0].subprotocol == chosen
        assert csms.links[0].request.headers["Sec-WebSocket-Protocol"] == HEADER
        dialer.drop()


async def test_each_connection_has_a_choice_of_its_own(dialer, sink, kept):
    """What a change of version carries over stays; its transactions end in the record."""
    sink.subprotocol = "ocpp1.6"
    dialer.connect()
    connection = await booted(sink)
    station = dialer.consumer.station
    await until(lambda: station.registration == "Accepted")
    dialer.consumer.command("start-transaction", {"connector": 1, "id_tag": "TAG"})
    await until(lambda: "StartTransaction" in connection.actions())
    await until(lambda: dialer.consumer.snapshot()["connectors"][0]["transaction"])
    meter = station.snapshot()["saved"]["connectors"][0]["meter_wh"]
    sink.subprotocol = "ocpp2.1"
    connection.kill()
    second = await back(sink)
    await until(lambda: "BootNotification" in second.actions())
    snapshot = dialer.consumer.snapshot()
    assert snapshot["ocpp"] == "2.1" and "chargingStation" in boot_of(second)
    assert snapshot["saved"]["connectors"][0]["meter_wh"] >= meter
    assert snapshot["connectors"][0]["transaction"] is None
    assert [(s["state"], s["ocpp"]) for s in kept.sessions][-1] == ("ended", "1.6")
    second.kill()
    await until(lambda: len(sink.connections) == 3)
    await until(lambda: dialer.state is LinkState.OPEN)
    assert dialer.consumer.snapshot()["ocpp"] == "2.1"
    assert "BootNotification" not in sink.connections[2].actions()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], f"the CSMS chose no subprotocol; offered: {HEADER}"),
        (["ocpp2.0"], f"the CSMS chose ocpp2.0; offered: {HEADER}"),
        (["OCPP1.6"], f"the CSMS chose OCPP1.6; offered: {HEADER}"),
        (["ocpp1.6, ocpp2.0.1"], f"the CSMS chose ocpp1.6, ocpp2.0.1; offered: {HEADER}"),
        (["ocpp1.6", "ocpp1.6"], f"the CSMS chose ocpp1.6, ocpp1.6; offered: {HEADER}"),
    ],
)
async def test_a_choice_that_is_none_is_refused(answer, words, dialer, sink):
    """RFC 6455, 4.1: one that was not offered, or several, fail the connection; OCPP-J, 3.1.2."""
    sink.subprotocol = None
    sink.more_headers = [("Sec-WebSocket-Protocol", name) for name in answer]
    dialer.connect()
    await until(lambda: sink.connections)
    await until(lambda: sink.connections[0].closed_with == 1002)
    assert dialer.error == words
    assert not sink.connections[0].received
    await until(lambda: len(sink.connections) == 2)  # and it goes on trying


async def test_one_version_is_offered_by_itself(sink, queue, kept):
    dialer = dialer_of_row(row(sink.url, "1.6", []), queue, kept)
    dialer.connect()
    connection = await booted(sink)
    assert connection.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
    dialer.drop()


def test_a_station_of_one_version_takes_no_other():
    config = row("ws://h", "1.6", []).to_core_config()
    with pytest.raises(NothingChosen, match="offered: ocpp1.6"):
        chosen_config(config, (), ["ocpp2.0.1"])


def test_settings_go_to_the_version_that_has_them():
    station = row(
        "ws://h", "2.1", heartbeat_interval=60, measurands=["SoC", "Temperature"],
        configuration={"AlignedDataCtrlr.Interval": "7", "ClockAlignedDataInterval": "5"},
    )  # fmt: skip
    assert station.problems() == {}
    assert station.to_core_config("1.6").configuration == {
        "HeartbeatInterval": "60", "MeterValuesSampledData": "SoC,Temperature",
        "MeterValuesAlignedData": "SoC,Temperature", "ClockAlignedDataInterval": "5",
    }  # fmt: skip
    assert station.to_core_config("2.0.1").configuration == {
        "OCPPCommCtrlr.HeartbeatInterval": "60", "SampledDataCtrlr.TxUpdatedMeasurands": "SoC",
        "AlignedDataCtrlr.Measurands": "SoC", "AlignedDataCtrlr.Interval": "7",
    }  # fmt: skip
