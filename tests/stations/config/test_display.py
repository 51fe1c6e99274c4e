"""What a station's displays show: in the state by the API, and on its page in the admin."""

from django.test import Client
from django.urls import reverse

from stations.models import Station
from stations.state import keys
from stations.state.stamps import make_stamp, pack_state
from stations.worker.sealing import seal
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.test_display_messages import put

PAGE = "admin:stations_station_life"


def charging(hot):
    """A 2.0.1 station with a message and a cost, its snapshot stored as a worker would."""
    csms = booted()
    put(csms, 1, "<b>Sale</b>", form="HTML")
    csms.command("start-transaction", connector=2)
    running = csms.station.outlets[2].transaction.id
    csms.call("CostUpdated", {"totalCost": 7.25, "transactionId": running})
    snapshot = seal(csms.station.snapshot())
    hot.set(keys.state_key("CP1"), pack_state(make_stamp(1, 1), snapshot))
    return csms


def test_the_state_tells_what_drivers_read(api, make_station, hot):
    make_station("CP1", ocpp_version="2.0.1", running=True)
    charging(hot)
    status, state = api("GET", "stations/CP1/state")
    assert status == 200
    sale = {
        "kind": "message", "id": 1, "priority": "NormalCycle", "text": "<b>Sale</b>",
        "format": "HTML",
    }  # fmt: skip
    cost = {"kind": "cost", "text": "Cost: 7.25 EUR", "amount": 7.25, "currency": "EUR"}
    assert state["display"] == [{"evse": 1, "lines": [sale]}, {"evse": 2, "lines": [cost, sale]}]
    Station.objects.update(running=False)
    assert api("GET", "stations/CP1/state")[1]["display"] is None  # it is off


def test_a_station_of_1_6_has_no_display(api, make_station, set_state):
    make_station("CP1", running=True)
    set_state("CP1")
    assert api("GET", "stations/CP1/state")[1]["display"] is None


def test_the_page_has_it_and_takes_no_text_for_its_own(user, make_station, hot):
    station = make_station("CP1", ocpp_version="2.0.1", running=True)
    charging(hot)
    browser = Client()
    browser.force_login(user)
    page = browser.get(reverse(PAGE, args=[station.pk])).content.decode()
    assert "data-display" in page
    assert "Cost: 7.25 EUR" in page
    assert "<b>Sale" not in page
    told = browser.get(reverse("admin:stations_station_live"), {"ids": "CP1"}).json()
    lines = told["stations"]["CP1"]["display"][1]["lines"]
    assert [line["text"] for line in lines] == ["Cost: 7.25 EUR", "<b>Sale</b>"]
