"""A station follows the clock of its CSMS: whatever our own clock shows, it says the same.

The same life is led by our clock and by one that is hours off. What the CSMS hears, and when after
the begin, must be the same to the letter: its own clock is the same in both.
"""

import json

import pytest

from chargepoint.effects import Send
from chargepoint.timing.times import iso
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v16.charging import composite, profile, set_profile

MAX = "ChargePointMaxProfile"
DAY = 86_400
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}
KEYS = {
    "EmulatorAutoPlug": "false", "ClockAlignedDataInterval": "700", "MeterValueSampleInterval": "0",
}  # fmt: skip


class Listener(Peer):
    """`heard`: (seconds since the begin, frame or power), in the order in which it came."""

    def __init__(self, behind: float) -> None:
        """`behind`: seconds that our clock is behind the CSMS's."""
        self.behind, self.begin = behind, START - behind
        self.heard: list[tuple] = []
        super().__init__(begin=self.begin, configuration=KEYS)
        told = {"status": "Accepted", "interval": 300}
        self.answers["BootNotification"] = lambda _: {**told, "currentTime": self.time()}
        self.answers["Heartbeat"] = lambda _: {"currentTime": self.time()}

    def time(self) -> str:
        return iso(self.now + self.behind)

    def take(self, effects: list, crafted: bool = False) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.note(json.loads(effect.frame.text))
        super().take(effects, crafted)

    def note(self, what: object) -> None:
        self.heard.append((round(self.now - self.begin, 2), what))

    def live(self, until: float) -> None:
        """Let time go by to so many seconds after the begin, looking at the power on the way."""
        while (left := self.begin + until - self.now) > 0:
            self.pass_time(min(50.0, left))
            powers = [c.sample(self.now).power_w for c in self.station.connectors.values()]
            self.note([round(power, 3) for power in powers])


def reserve(peer: Peer, number: int, identity: int, until: float) -> None:
    payload = {"connectorId": number, "reservationId": identity, "idTag": "ANNA"}
    peer.call("ReserveNow", {**payload, "expiryDate": iso(START + until)}, f"r{identity}-{until}")


def life(behind: float) -> list[tuple]:
    peer = Listener(behind)
    peer.connect()
    absolute = profile(
        [(0, 20_000), (300, 9000), (900, 15_000)], 1, MAX, kind="Absolute",
        startSchedule=START + 100, duration=3000,
    )  # fmt: skip
    short = profile(5000, 3, stack=3, validFrom=START + 1500, validTo=START + 1600)
    nightly = profile(
        [(0, 6000), (120, 4500)], 4, stack=2, kind="Recurring", recurrencyKind="Daily",
        startSchedule=START - 10 * DAY + 2000, duration=400,
    )  # fmt: skip
    for number, made in ((0, absolute), (0, profile([(0, 11_000), (200, 7000)], 2)), (1, short)):
        set_profile(peer, number, made)
    set_profile(peer, 0, nightly)
    composite(peer, 0, 3600)
    reserve(peer, 2, 1, -10)
    reserve(peer, 2, 1, 0.5)
    reserve(peer, 2, 2, 1000)
    peer.live(7.3)
    peer.do("plug", connector=1, ev=CAR)
    peer.do("start-transaction", connector=1)
    composite(peer, 1, 3000)
    peer.live(430)
    peer.restart()
    peer.connect()
    composite(peer, 1, 3000)
    peer.live(2600)
    peer.call("UpdateFirmware", {"location": "http://x/fw", "retrieveDate": iso(START + 3200)})
    peer.do("stop-transaction", connector=1)
    peer.do("unplug", connector=1)
    expiry = {"idTagInfo": {"status": "Accepted", "expiryDate": iso(START + 3000)}}
    peer.answers["Authorize"] = expiry
    peer.do("authorize", connector=1, id_tag="BERT")
    peer.live(2700)
    peer.drop()
    for moment in (2990, 3100):
        peer.live(moment)
        peer.note(peer.do("authorize", connector=2, id_tag="BERT")["authorization"])
    peer.connect()
    peer.live(3900)
    return peer.heard


@pytest.fixture(scope="module")
def by_one_clock() -> list[tuple]:
    return life(0.0)


@pytest.mark.parametrize("behind", [5000.0, -7777.0, 86_400.0 * 3 + 0.25])
def test_what_a_csms_hears_does_not_depend_on_our_clock(behind, by_one_clock):
    heard = life(behind)
    for number, (one, other) in enumerate(zip(by_one_clock, heard, strict=False)):
        assert one == other, f"{number}th thing heard"
    assert len(heard) == len(by_one_clock)


def test_the_life_has_all_of_it(by_one_clock):
    """What the comparison is worth: each kind of thing that has a time did happen."""
    frames = [frame for _, frame in by_one_clock if isinstance(frame[0], int)]
    actions = {frame[2] for frame in frames if frame[0] == 2}
    assert {"MeterValues", "StopTransaction", "FirmwareStatusNotification"} <= actions
    powers = {what[0] for _, what in by_one_clock if isinstance(what[0], float)}
    assert {11_000, 7000, 5000, 6000, 4500} <= powers
    words = [what for _, what in by_one_clock if isinstance(what, str)]
    assert words == ["Accepted", "Invalid"]
