"""What is asked for under a number and told in several messages: their sizes and their order."""

import json

import pytest

from chargepoint.config import ConnectorConfig
from tests.chargepoint.v201.csms import Csms, config_of

LIMIT = 16 * 1024  # bytes of a frame that any CSMS's WebSocket takes
MANY = tuple(ConnectorConfig(n, n) for n in range(1, 25))


def frames_of(csms: Csms, action: str) -> list[str]:
    return [text for text in csms.texts if json.loads(text)[2] == action]


class Slow(Csms):
    """Keeps the texts of the station's Calls; answers the pages when told to."""

    def __init__(self, *args, **more):
        self.texts: list[str] = []
        super().__init__(*args, **more)

    def _take(self, frame, noted):
        if frame[0] == 2:
            self.texts.append(noted.text)
        super()._take(frame, noted)

    def answer_last(self) -> None:
        unique_id = json.loads(self.texts[-1])[1]
        self.perform(self.station.received(json.dumps([3, unique_id, {}]), self.now))


def made(version="2.0.1", connectors=MANY, **configuration) -> Slow:
    csms = Slow(config_of(version, connectors=connectors, configuration=configuration))
    csms.answers["NotifyReport"] = csms.answers["NotifyMonitoringReport"] = None
    csms.answers["ReportChargingProfiles"] = csms.answers["NotifyDisplayMessages"] = None
    csms.answers["ReportDERControl"] = None
    return csms.connect()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.proves("EmulatorCtrlr.ReportBytes")
def test_a_report_goes_in_pages_of_16_kb_each_after_the_answer_to_the_one_before(version):
    csms = made(version)
    asked = {"requestId": 7, "reportBase": "FullInventory"}
    assert csms.call("GetBaseReport", asked) == {"status": "Accepted"}
    pages = 1
    while True:
        texts = frames_of(csms, "NotifyReport")
        assert len(texts) == pages  # no other before the answer
        payload = json.loads(texts[-1])[3]
        assert len(texts[-1].encode()) <= LIMIT
        assert (payload["requestId"], payload["seqNo"]) == (7, pages - 1)
        if not payload["tbc"]:
            break
        csms.answer_last()
        pages += 1
    assert pages > 5
    lines = [line for text in texts for line in json.loads(text)[3]["reportData"]]
    seen = {json.dumps([line["component"], line["variable"]]) for line in lines}
    assert len(seen) == len(lines) > 300


def test_the_next_page_waits_no_longer_than_for_the_time_out():
    csms = made()
    csms.call("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    csms.pass_time(29)
    assert len(frames_of(csms, "NotifyReport")) == 1
    csms.pass_time(2)
    assert len(frames_of(csms, "NotifyReport")) == 2
    csms.answers["NotifyReport"] = "InternalError"
    csms.pass_time(30)  # refused ones do not stop the rest either
    assert not json.loads(frames_of(csms, "NotifyReport")[-1])[3]["tbc"]


def test_the_size_is_a_setting():
    sizes = []
    for limit in ("4096", "100000"):
        csms = made(**{"EmulatorCtrlr.ReportBytes": limit})
        csms.answers["NotifyReport"] = {}
        csms.call("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
        texts = frames_of(csms, "NotifyReport")
        assert all(len(text.encode()) <= int(limit) for text in texts)
        sizes.append(len(texts))
    assert sizes[0] > 3 * sizes[1]


def test_pages_end_with_the_link_and_go_while_pending():
    csms = made()
    csms.call("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    csms.disconnect()
    csms.connect()
    csms.pass_time(60)
    assert len(frames_of(csms, "NotifyReport")) == 1
    csms = Slow(config_of(connectors=MANY))
    csms.answers["BootNotification"] = lambda _: {
        "currentTime": "2001-09-09T01:46:40Z", "interval": 1000, "status": "Pending"}  # fmt: skip
    csms.connect().call("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    assert len(frames_of(csms, "NotifyReport")) > 5


def test_none_is_dropped_where_a_thousand_calls_wait():
    csms = made()
    csms.call("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    for _ in range(1100):
        csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    csms.answers["NotifyReport"] = {}
    csms.answer_last()
    pages = [json.loads(text)[3] for text in frames_of(csms, "NotifyReport")]
    assert [page["seqNo"] for page in pages] == list(range(len(pages)))
    assert not pages[-1]["tbc"]


def test_monitors_profiles_and_messages_go_in_pages_too():
    csms = made(**{"EmulatorCtrlr.ReportBytes": "2048"})
    monitors = [
        {"value": 1, "type": "Delta", "severity": 5,
         "component": {"name": "EVSE", "evse": {"id": n}}, "variable": {"name": "Power"}}
        for n in range(1, 25)
    ]  # fmt: skip
    csms.call("SetVariableMonitoring", {"setMonitoringData": monitors})
    assert csms.call("GetMonitoringReport", {"requestId": 1})["status"] == "Accepted"
    for n in range(24):
        csms.call("SetChargingProfile", {"evseId": 3, "chargingProfile": {
            "id": n + 1, "stackLevel": n % 10, "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute", "chargingSchedule": [{
                "id": 1, "chargingRateUnit": "A", "startSchedule": "2001-09-09T00:00:00Z",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]}]}})  # fmt: skip
        csms.call("SetDisplayMessage", {"message": {
            "id": n + 1, "priority": "NormalCycle",
            "message": {"format": "ASCII", "content": "x" * 400}}})  # fmt: skip
    asked = {"requestId": 2, "chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}}
    csms.call("GetChargingProfiles", asked)
    csms.call("GetDisplayMessages", {"requestId": 3})
    fields = {"NotifyMonitoringReport": "monitor", "ReportChargingProfiles": "chargingProfile",
              "NotifyDisplayMessages": "messageInfo"}  # fmt: skip
    for action in fields:  # one by one, also beside one another
        assert len(frames_of(csms, action)) <= 1
    csms.answers |= dict.fromkeys(fields, {})
    csms.answer_last()
    for action, field in fields.items():
        texts = frames_of(csms, action)
        pages = [json.loads(text)[3] for text in texts]
        assert all(len(text.encode()) <= 2048 for text in texts), action
        assert [page["tbc"] for page in pages] == [True] * (len(pages) - 1) + [False], action
        assert len(pages) > 1, action
        assert sum(len(page[field]) for page in pages) >= 10

