"""Blocking clients of Redis, by its address: of a server, or of the Sentinels that know the master.

    redis://[user:password@]host:port/db           rediss:// with TLS
    redis+sentinel://[user:password@]host[:port],host[:port]/service[/db]
                                                    rediss+sentinel:// with TLS to the master

User and password are the master's; the Sentinels' own stand in the query (`sentinel_username`,
`sentinel_password`), beside what redis-py takes there. The Sentinels are asked without TLS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

SENTINEL = "+sentinel"
PORT = 26379
MOST = 16
ONCE = Retry(NoBackoff(), 0)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Who knows which Redis is the master of `service`.

    addresses  (host, port) each
    master     redis-py's options for a connection to the master: db, username, password, ...
    own        the same for a connection to a Sentinel
    """

    addresses: tuple[tuple[str, int], ...]
    service: str
    tls: bool
    master: dict[str, Any] = field(default_factory=dict, repr=False)
    own: dict[str, Any] = field(default_factory=dict, repr=False)


def sentinels_of(url: str) -> Sentinels | None:
    """None for the address of a server. Raises ValueError with the sentence to show."""
    parts = urlsplit(url)
    if not parts.scheme.endswith(SENTINEL):
        return None
    scheme = parts.scheme.removesuffix(SENTINEL)
    user, at, places = parts.netloc.rpartition("@")
    service, _, db = parts.path.strip("/").partition("/")
    if scheme not in ("redis", "rediss") or not places or not service:
        raise ValueError(
            "REDIS_URL with Sentinels is redis+sentinel://host:port,host:port/service/db, where "
            "`service` is the master's name in their configuration."
        )
    addresses = tuple(_address(place) for place in places.split(","))
    if len(addresses) > MOST:
        raise ValueError(f"REDIS_URL names {len(addresses)} Sentinels; {MOST} are enough.")
    plain = urlunsplit((scheme, f"{user}{at}sentinel.invalid", f"/{db or 0}", parts.query, ""))
    options = {name: value for name, value in parse_url(plain).items()
               if name not in ("host", "port", "connection_class")}  # fmt: skip
    own = {
        name: options.pop(f"sentinel_{name}")
        for name in ("username", "password")
        if f"sentinel_{name}" in options
    }
    return Sentinels(addresses, service, scheme == "rediss", options, own)


def broker_url(url: str) -> tuple[str, dict[str, Any]]:
    """Celery's broker_url for this address, and its transport options beside the usual ones."""
    known = sentinels_of(url)
    if known is None:
        return url, {}
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    db = known.master.get("db", 0)
    # kombu takes user, password and database from the first of them.
    places = [f"sentinel://{user}{at}{_place(*address)}/{db}" for address in known.addresses]
    options: dict[str, Any] = {
        "master_name": known.service,
        "sentinel_kwargs": asking(known, {"socket_timeout": 5, "socket_connect_timeout": 5}, ONCE),
    }
    return ";".join(places), options


def with_sentinel_password(url: str, password: str) -> str:
    """The address with the Sentinels' password, where it has none."""
    parts = urlsplit(url)
    if not password or not parts.scheme.endswith(SENTINEL) or "sentinel_password=" in parts.query:
        return url
    said = urlencode({"sentinel_password": password})
    return urlunsplit(parts._replace(query=f"{parts.query}&{said}" if parts.query else said))


def connect(url: str, **options: Any) -> redis.Redis:
    """As redis.Redis.from_url. Raises ValueError where the address cannot be read."""
    known = sentinels_of(url)
    if known is None:
        return redis.Redis.from_url(url, **options)
    sentinels = Sentinel(known.addresses, sentinel_kwargs=asking(known, options, ONCE))
    return sentinels.master_for(
        known.service,
        connection_pool_class=_MasterPool,
        ssl=known.tls,
        **{**options, **known.master},
    )


class _MasterPool(SentinelConnectionPool):
    """One that closes the connections to the Sentinels with its own."""

    def disconnect(self, inuse_connections: bool = True) -> None:
        super().disconnect(inuse_connections)
        if inuse_connections:
            for sentinel in self.sentinel_manager.sentinels:
                sentinel.close()


def asking(known: Sentinels, options: dict[str, Any], once: Any) -> dict[str, Any]:
    """Options of a connection to a Sentinel, which has as long for an answer as Redis.

    `once`: a retry that does not: redis-py's own would wait for seconds at each Sentinel that is
    away, where the next one knows as much.
    """
    names = ("socket_timeout", "socket_connect_timeout")
    given = {name: options[name] for name in names if name in options}
    return {**given, "retry": once, **known.own}


def _address(place: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, PORT
    if not host:
        raise ValueError(f"REDIS_URL: {place!r} is no host of a Sentinel.")
    return host, port


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
