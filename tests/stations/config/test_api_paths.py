"""Identities in addresses of the API: one segment, whatever they contain."""

from urllib.parse import quote, unquote

import pytest
from django.urls import resolve

from stations.api.paths import KeepEncoded

IDENTITIES = [
    "CP1", "a b", "site/7", "/", "a/b/start", "DE:1|2", "Säule", "50%", "50%25", "a%2Fb", "%2f",
    "?#&;=+", "充電",
]  # fmt: skip


async def path_of(raw: str) -> str:
    """The path that Django gets of what an ASGI server has read."""
    got = []

    async def app(scope, receive, send):
        got.append(scope["path"])

    scope = {"type": "http", "path": unquote(raw), "raw_path": raw.encode()}
    await KeepEncoded(app)(scope, None, None)
    return got[0]


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("tail", ["", "/start", "/faults/7"])
async def test_an_identity_is_one_segment(identity, tail):
    path = await path_of(f"/api/stations/{quote(identity, safe='')}{tail}")
    assert resolve(path).kwargs["identity"] == identity


async def test_other_addresses_are_as_the_server_gives_them():
    assert await path_of("/static/a%2Fb%25") == "/static/a/b%"
