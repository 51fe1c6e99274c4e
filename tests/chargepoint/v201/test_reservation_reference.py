"""Reservations against a model that only counts places: OCPP 2.0.1 part 2, block H.

Each EVSE that is reserved by name is for its token (H01, H03). Those that name none hold as many of
the others as there are of them, so a stranger may start where a place is left over.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso

from .csms import booted

EVSES = (1, 2, 3)
QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
IDS, ANY = st.integers(1, 4), 0
STEPS = st.one_of(
    st.tuples(st.just("reserve"), IDS, st.sampled_from((ANY, *EVSES))),
    st.tuples(st.just("cancel"), IDS, st.none()),
    st.tuples(st.just("start"), st.integers(0, 4), st.sampled_from(EVSES)),  # 0: a stranger
    st.tuples(st.just("stop"), st.none(), st.sampled_from(EVSES)),
    st.tuples(st.just("crash"), st.none(), st.none()),
)


class Places:
    """Which reservations there are, id -> EVSE or ANY, and where somebody charges."""

    def __init__(self) -> None:
        self.reserved: dict[int, int] = {}
        self.busy: set[int] = set()

    def spare(self, leaving_out: int = 0) -> tuple[set[int], int]:
        """(places that nobody has or named, how many of those are for who named none)."""
        others = [evse for one, evse in self.reserved.items() if one != leaving_out]
        return set(EVSES) - self.busy - set(others), others.count(ANY)

    def reserve(self, identity: int, evse: int) -> str:
        places, held = self.spare(identity)
        if not places & ({evse} if evse else places) or held + 1 > len(places):
            return "Occupied"
        self.reserved[identity] = evse
        return "Accepted"

    def start(self, who: int, evse: int) -> bool:
        mine = self.reserved.get(who)
        using = mine in (ANY, evse)
        places, held = self.spare(who if using else 0)
        if evse not in places or (not using and held + 1 > len(places)):
            return False
        self.busy.add(evse)
        if using:
            del self.reserved[who]
        return True

    def statuses(self) -> dict[int, str]:
        """H01.FR.18: what is left over is Reserved where those who named none need all of it."""
        named = set(self.reserved.values()) - {ANY}
        places, held = self.spare()
        rest = "Reserved" if held and len(places) <= held else "Available"
        left = dict.fromkeys(EVSES, rest) | dict.fromkeys(named, "Reserved")
        return left | dict.fromkeys(self.busy, "Occupied")


class Station:
    """The station under test, with the verbs of the model."""

    def __init__(self) -> None:
        outlets = tuple(ConnectorConfig(evse, evse) for evse in EVSES)
        self.csms = booted(configuration=QUIET, connectors=outlets)

    def reserve(self, identity: int, evse: int) -> str:
        token = {"idToken": f"T{identity}", "type": "KeyCode"}
        payload = {"id": identity, "expiryDateTime": iso(self.csms.now + 3600), "idToken": token}
        where = {"evseId": evse} if evse else {}
        return self.csms.call("ReserveNow", {**payload, **where})["status"]

    def start(self, who: int, evse: int) -> bool:
        try:
            self.csms.command("start-transaction", connector=evse, id_tag=f"T{who}")
        except CommandRejected:
            return False
        return True

    def stop(self, evse: int) -> None:
        self.csms.command("stop-transaction", connector=evse)
        self.csms.command("unplug", connector=evse)

    def statuses(self) -> dict[int, str]:
        connectors = self.csms.station.snapshot()["connectors"]
        return {connector["id"]: connector["status"] for connector in connectors}


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_places_are_kept_for_those_who_reserved_them(steps):
    model, station = Places(), Station()
    for verb, who, evse in steps:
        if verb == "reserve":
            assert station.reserve(who, evse) == model.reserve(who, evse)
        elif verb == "cancel":
            status = station.csms.call("CancelReservation", {"reservationId": who})["status"]
            there = model.reserved.pop(who, None) is not None
            assert status == ("Accepted" if there else "Rejected")
        elif verb == "start" and evse not in model.busy:
            assert station.start(who, evse) == model.start(who, evse)
        elif verb == "stop" and evse in model.busy:
            station.stop(evse)
            model.busy.discard(evse)
        elif verb == "crash":
            station.csms.restart().connect()
        assert model.statuses() == station.statuses()
