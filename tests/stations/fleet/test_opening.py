"""Opening a link: URLs taken apart, and addresses that were judged once."""

from __future__ import annotations

import pytest
from picows.url import WSInvalidURL, parse_url

from stations.link.egress import Policy, Refused
from stations.link.opening import taken_apart
from stations.link.reaching import Reach

URLS = [
    "ws://csms/ocpp/CP-1",
    "ws://csms",
    "wss://csms?id=CP-1",
    "wss://CSMS.example:8443/ocpp/CP%201?a=b/c:d",
    "ws://[::1]:9000/CP-1",
    "ws://user:word@csms/CP-1",
    "ws://127.0.0.1:80/a//b/",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_taken_apart_as_picows_does_it(url):
    place, resource = taken_apart(url)
    whole = parse_url(url)
    same = ("host", "port", "netloc", "is_secure", "scheme")
    assert [getattr(place, name) for name in same] == [getattr(whole, name) for name in same]
    assert resource == whole.resource_name


@pytest.mark.parametrize("url", ["http://csms/CP-1", "ws:///CP-1", "ws://csms/CP-1#there", "csms"])
def test_what_is_no_address_of_a_csms_is_refused(url):
    with pytest.raises(WSInvalidURL):
        taken_apart(url)


class Place:
    def __init__(self, host: str) -> None:
        self.host, self.port = host, 9000


async def test_an_address_is_judged_once_and_a_name_each_time():
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) < 3 else ["10.0.0.1"]

    reach = Reach(Policy.parse("EGRESS_CSMS", [], ["private"]), resolve)
    for _ in range(2):
        assert await reach.socket_to(Place("192.0.2.1")) is None
        with pytest.raises(Refused):
            await reach.socket_to(Place("10.0.0.1"))
    assert asked == []
    for _ in range(2):
        with pytest.raises(OSError, match=r"."):  # nobody listens there
            await reach.socket_to(Place("csms"))
    with pytest.raises(Refused):
        await reach.socket_to(Place("csms"))
