"""2.x: whatever our own clock shows, a station says the same: see the test of this name of 1.6."""

import json

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso

from .csms import Csms, config_of
from .profiles import MAX, composite, profile, set_profile

BEGIN = 1e9 + 6000  # by the CSMS's clock: 03:26:40
DAY = 86_400
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}
KEYS = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "AlignedDataCtrlr.Interval": "700",
    "EmulatorCtrlr.SecurityEvents": "false",  # that its clock was set is news by itself
}  # fmt: skip


class Listener(Csms):
    """`heard`: (seconds since the begin, frame or power), in the order in which it came."""

    def __init__(self, version: str, behind: float) -> None:
        """`behind`: seconds that our clock is behind the CSMS's."""
        self.behind, self.begin = behind, BEGIN - behind
        self.heard: list[tuple] = []
        super().__init__(config_of(version, configuration=KEYS), now=self.begin)
        told = {"status": "Accepted", "interval": 300}
        self.answers["BootNotification"] = lambda _: {**told, "currentTime": self.time()}
        self.answers["Heartbeat"] = lambda _: {"currentTime": self.time()}
        self.answers["FirmwareStatusNotification"] = {}

    def time(self) -> str:
        return iso(self.now + self.behind)

    def _take(self, frame: list, noted) -> None:
        self.note(json.loads(noted.text))
        super()._take(frame, noted)

    def note(self, what: object) -> None:
        self.heard.append((round(self.now - self.begin, 2), what))

    def live(self, until: float) -> None:
        """Let time go by to so many seconds after the begin, looking at the power on the way."""
        while (left := self.begin + until - self.now) > 0:
            self.pass_time(min(50.0, left))
            powers = [c.sample(self.now).power_w for c in self.station.connectors.values()]
            self.note([round(power, 3) for power in powers])


def reserve(csms: Csms, evse: int, identity: int, until: float) -> None:
    token = {"idToken": "A", "type": "KeyCode"}
    payload = {"id": identity, "evseId": evse, "idToken": token}
    csms.call("ReserveNow", {**payload, "expiryDateTime": iso(BEGIN + until)})


def set_profiles(csms: Csms) -> None:
    absolute = profile(
        [(0, 20_000), (300, 9000), (900, 15_000)], 1, MAX, kind="Absolute",
        startSchedule=BEGIN + 100, duration=3000,
    )  # fmt: skip
    short = profile(5000, 3, stack=3, validFrom=BEGIN + 1500, validTo=BEGIN + 1600)
    nightly = profile(
        [(0, 6000), (120, 4500)], 4, stack=2, kind="Recurring", recurrencyKind="Daily",
        startSchedule=BEGIN - 10 * DAY + 2000, duration=400,
    )  # fmt: skip
    relative = profile([(0, 11_000), (200, 7000)], 2)
    for evse, made in ((0, absolute), (0, relative), (1, short), (0, nightly)):
        assert set_profile(csms, evse, made) == "Accepted"


def set_tariff(csms: Csms) -> None:
    dear = {"startTimeOfDay": "03:45", "endTimeOfDay": "03:55"}
    prices = [{"priceKwh": 0.9, "conditions": dear}, {"priceKwh": 0.3}]
    tariff = {"tariffId": "T", "currency": "EUR", "energy": {"prices": prices}}
    later = {**tariff, "tariffId": "T2", "validFrom": iso(BEGIN + 5000)}
    csms.call("SetDefaultTariff", {"evseId": 0, "tariff": tariff})
    csms.call("SetDefaultTariff", {"evseId": 0, "tariff": later})


def set_message(csms: Csms) -> None:
    info = {
        "id": 1, "priority": "AlwaysFront", "message": {"format": "UTF8", "content": "Hello"},
        "startDateTime": iso(BEGIN + 500), "endDateTime": iso(BEGIN + 900),
    }  # fmt: skip
    assert csms.call("SetDisplayMessage", {"message": info})["status"] == "Accepted"


def charge_for_a_while(csms: Listener) -> None:
    csms.command("plug", connector=1, ev=CAR)
    csms.command("start-transaction", connector=1)
    composite(csms, 1, 3000)
    csms.live(430)
    csms.restart().connect()
    composite(csms, 1, 3000)
    csms.live(2600)
    firmware = {"location": "http://x/fw", "retrieveDateTime": iso(BEGIN + 3200)}
    csms.call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
    csms.command("stop-transaction", connector=1)
    csms.command("unplug", connector=1)


def presented(csms: Csms, connector: int, tag: str) -> str:
    try:
        return csms.command("authorize", connector=connector, id_tag=tag)["authorization"]
    except CommandRejected as rejection:
        return rejection.message.split()[-1]


def present_known_tokens(csms: Listener) -> None:
    """One by the cache and one by the list, before and after they expire."""
    info = {"status": "Accepted", "cacheExpiryDateTime": iso(BEGIN + 3000)}
    listed = {"idToken": {"idToken": "C", "type": "KeyCode"}, "idTokenInfo": info}
    entries = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [listed]}
    csms.call("SendLocalList", entries)
    csms.answers["Authorize"] = {"idTokenInfo": info}
    csms.command("authorize", connector=1, id_tag="B")
    csms.live(2800)
    csms.disconnect()
    for moment in (2860, 3010):
        csms.live(moment)
        for connector, tag in ((1, "B"), (2, "C")):
            csms.note(presented(csms, connector, tag))
        csms.live(moment + 121)  # nobody plugs in


def life(version: str, behind: float) -> list[tuple]:
    csms = Listener(version, behind)
    csms.connect()
    set_profiles(csms)
    composite(csms, 0, 3600)
    for identity, until in ((1, -10), (1, 0.5), (2, 1000)):
        reserve(csms, 2, identity, until)
    if version == "2.1":
        set_tariff(csms)
    set_message(csms)
    csms.live(7.3)
    charge_for_a_while(csms)
    present_known_tokens(csms)
    csms.connect()
    csms.live(3900)
    return csms.heard


@pytest.fixture(scope="module")
def by_one_clock() -> dict[str, list[tuple]]:
    return {version: life(version, 0.0) for version in ("2.0.1", "2.1")}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("behind", [5000.0, -7777.0, DAY * 3 + 0.25])
def test_what_a_csms_hears_does_not_depend_on_our_clock(version, behind, by_one_clock):
    heard = life(version, behind)
    expected = by_one_clock[version]
    for number, (one, other) in enumerate(zip(expected, heard, strict=False)):
        assert one == other, f"{number}th thing heard"
    assert len(heard) == len(expected)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_the_life_has_all_of_it(version, by_one_clock):
    """What the comparison is worth: each kind of thing that has a time did happen."""
    heard = by_one_clock[version]
    frames = [frame for _, frame in heard if isinstance(frame[0], int)]
    actions = {frame[2] for frame in frames if frame[0] == 2}
    assert {
        "FirmwareStatusNotification", "MeterValues", "ReservationStatusUpdate", "TransactionEvent",
    } <= actions  # fmt: skip
    powers = {what[0] for _, what in heard if isinstance(what[0], float)}
    assert {11_000, 7000, 5000, 6000, 4500} <= powers
    words = [what for _, what in heard if isinstance(what, str)]
    assert words == ["Accepted", "Accepted", "Unknown.", "Expired."]
