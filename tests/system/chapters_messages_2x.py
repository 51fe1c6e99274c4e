"""What a 2.x station shows its driver, what it knows of one, and where it calls: 2.0.1 and 2.1."""

from __future__ import annotations

from .chapters_2x import covers, started, stop
from .conversation import Conversation
from .sessions import STEADY_CAR


@covers(
    "ClearDisplayMessage", "GetDisplayMessages", "NotifyDisplayMessages", "SetDisplayMessage",
)  # fmt: skip
def show(talk: Conversation) -> None:
    text = {"format": "UTF8", "language": "en", "content": "Welcome"}
    message = {"id": 31, "priority": "NormalCycle", "message": text}
    assert talk.call("SetDisplayMessage", message=message)["status"] == "Accepted"
    assert talk.call("GetDisplayMessages", requestId=32) == {"status": "Accepted"}
    [told] = talk.hears("NotifyDisplayMessages", requestId=32)["messageInfo"]
    assert (told["id"], told["message"]["content"]) == (31, "Welcome")
    assert talk.call("ClearDisplayMessage", id=31) == {"status": "Accepted"}
    assert talk.call("ClearDisplayMessage", id=31)["status"] == "Unknown"
    assert talk.call("GetDisplayMessages", requestId=33)["status"] == "Unknown"


@covers("CustomerInformation", "NotifyCustomerInformation")
def tell_of_a_customer(talk: Conversation) -> None:
    """The one who has charged before: the station's cache knows the token."""
    token = {"idToken": "LOCAL", "type": "KeyCode"}
    asked = {"requestId": 34, "idToken": token, "report": True, "clear": True}
    assert talk.call("CustomerInformation", **asked)["status"] == "Accepted"
    told = talk.hears("NotifyCustomerInformation", requestId=34)
    assert "local" in told["data"].lower()
    asked |= {"requestId": 35, "clear": False}
    assert talk.call("CustomerInformation", **asked)["status"] == "Accepted"
    told = talk.hears("NotifyCustomerInformation", requestId=35)
    assert "local" not in told["data"].lower()


@covers("CostUpdated")
def tell_the_cost(talk: Conversation) -> None:
    talk.do("plug", connector=1, ev=STEADY_CAR)
    talk.do("start-transaction", connector=1, id_tag="LOCAL")
    transaction = started(talk)
    assert talk.call("CostUpdated", totalCost=3.5, transactionId=transaction) == {}
    stop(talk)


@covers("SetNetworkProfile")
def call_elsewhere(talk: Conversation) -> None:
    """A second way to the same CSMS; where it is used is for tests/chargepoint to show."""
    data = {
        "ocppVersion": "OCPP20" if talk.version == "2.0.1" else "OCPP21",
        "ocppTransport": "JSON", "ocppCsmsUrl": talk.csms.url, "messageTimeout": 30,
        "securityProfile": 0, "ocppInterface": "Wired0",
    }  # fmt: skip
    answer = talk.call("SetNetworkProfile", configurationSlot=2, connectionData=data)
    assert answer == {"status": "Accepted"}


MESSAGES = (show, tell_of_a_customer, tell_the_cost, call_elsewhere)
