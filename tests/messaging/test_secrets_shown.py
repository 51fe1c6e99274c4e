"""Secrets of the log, in the API, the download and the live stream: who may see them does."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from accounts.models import ApiToken
from messaging.live.hub import hub
from messaging.live.viewer import Viewer
from messaging.masking import MASK
from messaging.rows import LiveFilter, Row
from stations.models import Station
from tests.messaging.conftest import make_record
from tests.messaging.test_api import caller, ids, log, record  # noqa: F401
from tests.messaging.test_masking import CARRIERS, SECRET
from tests.messaging.test_stream import next_of, opened, published, token  # noqa: F401

PLAIN = record(1, uid="plain", text='[2,"plain","Heartbeat",{}]')
KEY = record(2, uid="key", action="ChangeConfiguration", text=CARRIERS["1.6 key"])
REFUSED = record(
    3, uid="key", action="ChangeConfiguration", kind="CallError", direction="received",
    text=json.dumps([4, "1", "TypeConstraintViolation", f'value: "{SECRET}" is bad', {}]),
    error=f'value: "{SECRET}" is bad',
)  # fmt: skip
PROFILE = record(4, uid="profile", action="SetNetworkProfile", text=CARRIERS["profile"])
ALL = [PLAIN, KEY, REFUSED, PROFILE]


@pytest.fixture
def users(log, django_user_model):  # noqa: F811
    """Callers: one with every right but the one to see secrets, one with that too."""
    log(ALL)
    seen, blind = (django_user_model.objects.create_user(name, is_staff=True) for name in "sb")
    content = ContentType.objects.get_for_model(Station)
    right, _ = Permission.objects.get_or_create(
        codename="see_secrets", content_type=content, defaults={"name": "Can see secrets"}
    )
    rights = Permission.objects.exclude(codename="see_secrets")
    blind.user_permissions.set(rights)
    seen.user_permissions.set([*rights, right])
    return caller(seen), caller(blind)


READS = [
    ("messages", {}),
    ("messages", {"order": "oldest"}),
    ("messages/search", {"q": "value"}),
    ("messages/export", {}),
    ("messages/export", {"format": "csv"}),
    (f"messages/{KEY.id}", {}),
    (f"messages/{REFUSED.id}", {}),
    (f"messages/{PROFILE.id}", {}),
    ("analytics/errors", {}),
]


def test_a_secret_is_shown_to_who_may_see_it_and_to_nobody_else(users):
    def said(ask, path, query) -> str:
        status, body = ask("GET", path, **query)
        assert status == 200, body
        return body.decode() if isinstance(body, bytes) else json.dumps(body)

    seeing, blind = users
    for read in READS:
        assert SECRET in said(seeing, *read), read
        masked = said(blind, *read)
        assert SECRET not in masked and MASK in masked, read


def test_a_secret_is_not_found_letter_by_letter(users):
    seeing, blind = users

    def answer(ask, path: str, text: str):
        status, body = ask("GET", path, text=text)
        assert status == 200
        return body

    for path in ("messages", "messages/export"):
        assert SECRET in str(answer(seeing, path, SECRET[:4]))
        assert answer(blind, path, SECRET[:4]) == answer(blind, path, "never there")
        assert "plain" in str(answer(blind, path, "PLAIN"))
        assert "SetNetworkProfile" in str(answer(blind, path, "configurationSlot"))
    first = blind("GET", "messages", text=SECRET[:4], limit=1)[1]
    second = blind("GET", "messages", text="never there", limit=1)[1]
    assert first == second


def test_pages_go_on_over_what_is_not_shown(users):
    _, blind = users
    got, cursor = [], ""
    while cursor is not None:
        status, body = blind("GET", "messages", text="heartbeat", limit=1, cursor=cursor)
        assert status == 200
        got += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert got == [PLAIN.id] == ids(blind("GET", "messages", text="heartbeat"))


@pytest.mark.django_db
async def test_the_live_stream_masks_for_each_viewer(django_user_model):
    def token_of_a_blind_one() -> str:
        user = django_user_model.objects.create_user("blind")
        user.user_permissions.set(Permission.objects.filter(codename="view_message"))
        return ApiToken.objects.issue(user)[1]

    seeing, blind = await opened(), await opened(token=await sync_to_async(token_of_a_blind_one)())
    hub().spread(published(ALL))
    seen, masked = [(await next_of(each, "messages"))["items"] for each in (seeing, blind)]
    assert SECRET in json.dumps(seen) and SECRET not in json.dumps(masked)
    assert [item["id"] for item in seen] == [item["id"] for item in masked]
    assert masked[0] == seen[0]
    await seeing.disconnect()
    await blind.disconnect()


def test_a_filter_of_the_stream_looks_at_what_is_shown():
    rows = [Row(made) for made in ALL]
    wanted = LiveFilter({"text": SECRET[:4]})
    assert Viewer(wanted).offer(rows) == [] != Viewer(wanted, masks=False).offer(rows)
    assert Viewer(LiveFilter({"text": "plain"})).offer(rows)


def test_a_long_frame_is_masked_before_it_is_cut():
    long = make_record(text=json.dumps([2, "1", "X", {"a": "x" * 4080, "password": SECRET}]))
    assert SECRET[:3] not in Row(long).masked.json


def test_what_has_no_secret_is_made_once_for_all():
    row = Row(PLAIN)
    assert row.masked is row


def test_what_is_deleted_by_a_text_is_what_the_caller_sees(users):
    """Else the count of what went would tell a secret letter by letter, and take it away too."""
    seeing, blind = users

    def deleted(ask, text: str) -> int:
        status, body = ask("DELETE", "messages", text=text)
        assert status == 200 and body["done"], body
        return body["deleted"]

    assert deleted(blind, SECRET[:4]) == deleted(blind, "never there") == 0
    assert deleted(blind, "configurationSlot") == 1
    assert ids(blind("GET", "messages", order="oldest")) == [PLAIN.id, KEY.id, REFUSED.id]
    assert deleted(seeing, SECRET[:4]) == 2
    assert ids(seeing("GET", "messages")) == [PLAIN.id]
