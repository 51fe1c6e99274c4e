"""The live stream: who is let in by a token, and what the filters of one viewer let through."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import ApiToken
from accounts.passes import NOT_LOGGED_IN
from messaging.live.consumers import MessagesConsumer
from messaging.live.hub import hub
from messaging.rows import LiveFilter, Row
from tests.messaging.conftest import make_record
from tests.messaging.test_stream import next_of, published

RECORDS = [
    make_record(text='[2,"1","Authorize",{"idTag":"NEEDLE"}]', action="Authorize"),
    make_record(station="CP2", direction="received", kind="CallResult"),
    make_record(station="CP2", kind="CallError", error="GenericError", mark="by hand"),
    make_record(station="CP3", kind="Invalid", text="not a frame"),
]


def asking(authorization: str, query: str = "") -> WebsocketCommunicator:
    headers = [(b"authorization", authorization.encode())]
    return WebsocketCommunicator(MessagesConsumer.as_asgi(), f"/ws/messages?{query}", headers)


@pytest.mark.parametrize(
    ("wishes", "wanted"),
    [
        ({}, [0, 1, 2, 3]),
        ({"text": "needle"}, [0]),
        ({"text": "NeEdLe"}, [0]),
        ({"text": "nowhere"}, []),
        ({"text": "frame", "stationId": "CP1"}, []),
        ({"stationId": "CP2, CP3"}, [1, 2, 3]),
        ({"direction": "received"}, [1]),
        ({"messageType": "CallError,CallResult"}, [1, 2]),
        ({"action": "Authorize"}, [0]),
        ({"errorsOnly": "true"}, [2, 3]),
        ({"errorsOnly": "no"}, [0, 1, 2, 3]),
        ({"marked": "1"}, [2]),
        ({"stationId": "CP2", "errorsOnly": "yes"}, [2]),
    ],
)
def test_what_a_viewer_asked_for_is_what_it_sees(wishes, wanted):
    rows = [Row(record) for record in RECORDS]
    assert LiveFilter(wishes).select(rows) == [rows[number] for number in wanted]


@pytest.mark.django_db(transaction=True)
async def test_a_token_opens_the_stream(django_user_model):
    user = await sync_to_async(django_user_model.objects.create_superuser)("ada", password=None)
    _, token = await sync_to_async(ApiToken.objects.issue)(user, "live")
    for scheme in ("Bearer", "token"):
        viewer = asking(f"{scheme} {token}", "text=needle")
        await viewer.connect()
        assert (await viewer.receive_json_from(timeout=30))["type"] == "hello"
        hub().spread(published(RECORDS))
        [item] = (await next_of(viewer, "messages"))["items"]
        assert item["id"] == RECORDS[0].id
        await viewer.disconnect()


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer of nobody", "Basic YTpi", "Bearer ", "Bearer"])
async def test_what_is_no_token_of_ours_opens_nothing(header):
    viewer = asking(header)
    await viewer.connect()
    closing = await viewer.receive_output(timeout=30)
    assert (closing["type"], closing["code"]) == ("websocket.close", NOT_LOGGED_IN)
    await viewer.wait()
