"""Settings, secrets and what was built: what can be seen without asking a store."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from django.conf import settings
from django.core import checks

from emulator.doctor.findings import Area, Finding
from emulator.monitoring import limits
from emulator.web import documentation
from stations.link.egress import Rules

SETTINGS, NETWORK, SECRETS, DOCS = map(Area, ("settings", "network", "secrets", "documentation"))
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
SECRET_FILES = (
    "DJANGO_SECRET_KEY_FILE", "MONGODB_PASSWORD_FILE", "REDIS_PASSWORD_FILE",
    "REDIS_SENTINEL_PASSWORD_FILE",
)  # fmt: skip
KEPT_SECRETS = ("secret_key", "mongodb_password", "redis_password")  # in DATA_DIR
SHORTEST_KEY, SHORTEST_TOKEN = 32, 16  # characters
SHORTEST_LEASE_MS = 2000
# Secrets that Docker and Kubernetes mount: nobody but the container's own user is there.
MOUNTED = Path("/run/secrets")


def examine() -> Iterator[Finding]:
    """What the settings and this folder say, without a store."""
    yield from system_checks()
    yield from of_settings()
    yield from of_network()
    yield from of_secrets()
    yield from of_documentation()


def system_checks() -> Iterator[Finding]:
    """Django's own and ours; the stores are asked elsewhere."""
    for message in checks.run_checks():
        if message.is_silenced() or message.level < checks.WARNING:
            continue
        make = SETTINGS.error if message.is_serious() else SETTINGS.warning
        yield make(f"{message.msg} ({message.id})", message.hint or "Mend this setting.")


def of_settings() -> Iterator[Finding]:
    """DEBUG, and what a site that others reach must not have."""
    named = named_hosts()
    if settings.DEBUG:
        make = SETTINGS.error if named else SETTINGS.warning
        yield make(
            "DEBUG is on: whoever meets an error page reads settings and source code.",
            "Unset DEBUG, and start the processes again.",
        )
    if settings.CHARGE_POINT_SHARDS < 1:
        yield SETTINGS.error(
            f"CHARGE_POINT_SHARDS is {settings.CHARGE_POINT_SHARDS}: no station can run.",
            "Set it to the most charge point workers that you will ever run, 8 for example.",
        )
    if settings.CHARGE_POINT_LEASE_MS < SHORTEST_LEASE_MS:
        yield SETTINGS.warning(
            f"CHARGE_POINT_LEASE_MS is {settings.CHARGE_POINT_LEASE_MS}: a short pause of a worker "
            "or of Redis is taken for its death.",
            f"Set it to {SHORTEST_LEASE_MS} or more; the default is 10000.",
        )
    if settings.SYNC_INTERVAL <= 0:
        yield SETTINGS.error(
            f"SYNC_INTERVAL is {settings.SYNC_INTERVAL:g}: states are never copied to MongoDB.",
            "Set it to seconds above 0; the default is 30.",
        )
    try:
        limits.expected()
    except ValueError as error:
        yield SETTINGS.error(str(error), "For example EXPECTED_PROCESSES=charge_points=3,celery=2.")
    if named and not settings.EGRESS_CSMS_DENY:
        yield SETTINGS.warning(
            "The site has a name of its own, and its stations may lead to every inside address.",
            "Set EGRESS_CSMS_DENY=inside and EGRESS_TRANSFERS_DENY=inside, and name what they "
            "shall reach in EGRESS_CSMS_ALLOW.",
        )
    yield SETTINGS.ok("The settings were read.")


def named_hosts() -> list[str]:
    """Names under which others than this machine reach the site."""
    return [host for host in settings.ALLOWED_HOSTS if host not in LOOPBACK_HOSTS]


def of_network() -> Iterator[Finding]:
    """Hosts, proxies and TLS, as the settings have them."""
    named = named_hosts()
    if "*" in named:
        yield NETWORK.error(
            "ALLOWED_HOSTS has *: a request may claim any host, and links lead there.",
            "Name the hosts under which the site is reached.",
        )
    yield from _proxies()
    if settings.HTTPS and not named:
        yield NETWORK.error(
            "HTTPS is on, and ALLOWED_HOSTS has no name: every request by the proxy is refused.",
            "Set ALLOWED_HOSTS to the name in the proxy's certificate.",
        )
    if named and not settings.HTTPS:
        yield NETWORK.warning(
            f"The site is reached as {', '.join(named)} without TLS: passwords pass in clear.",
            "Put a reverse proxy with TLS before it and set HTTPS=1 (docs/deploy/one-server.md).",
        )
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if settings.HTTPS and origin.startswith("http://"):
            yield NETWORK.warning(
                f"CSRF_TRUSTED_ORIGINS has {origin}, and the site is reached by HTTPS.",
                f"Write https://{origin.removeprefix('http://')}.",
            )
    if settings.HTTPS and named:
        yield NETWORK.ok(f"HTTPS is the proxy's; the site is {', '.join(named)}.")


def _proxies() -> Iterator[Finding]:
    try:
        rules = Rules.parse(settings.TRUSTED_PROXIES)
    except ValueError as error:
        yield NETWORK.error(f"TRUSTED_PROXIES cannot be read: {error}", "Mend it.")
        return
    everybody = {ip_network("0.0.0.0/0"), ip_network("::/0")}
    if everybody & {network for network, _ in rules.networks}:
        yield NETWORK.error(
            "TRUSTED_PROXIES trusts everybody: anybody may claim another address and HTTPS.",
            "Name the addresses of your reverse proxies alone.",
        )


def of_secrets() -> Iterator[Finding]:
    """Keys and tokens that can be guessed, and files that others may read."""
    if len(settings.SECRET_KEY) < SHORTEST_KEY and not settings.DEBUG:
        yield SECRETS.error(
            f"The secret key has {len(settings.SECRET_KEY)} characters: it can be guessed.",
            "Before there are stations: set DJANGO_SECRET_KEY to 50 random characters. Passwords "
            "that stations have already are lost with the old key: export them before.",
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield SECRETS.warning(
            f"METRICS_TOKEN has {len(settings.METRICS_TOKEN)} characters: it can be guessed.",
            "Set it to 30 random characters.",
        )
    folder = settings.DATA_DIR
    open_files = [path for path in _kept(folder) if _mode(path) & 0o077]
    if folder.is_dir() and _mode(folder) & 0o077:
        yield SECRETS.warning(
            f"Other users may look into {folder}: logs and messages are there.",
            f"chmod 700 {folder}",
        )
    for path in open_files:
        yield SECRETS.error(f"Other users may read {path}.", f"chmod 600 {path}")
    for name in SECRET_FILES:
        yield from _named(name)
    if not open_files:
        yield SECRETS.ok("Secrets that are kept in files are this user's alone.")


def _kept(folder: Path) -> list[Path]:
    return [path for name in KEPT_SECRETS if (path := folder / name).is_file()]


def _named(variable: str) -> Iterator[Finding]:
    given = os.environ.get(variable)
    if not given:
        return
    path = Path(given)
    try:
        text, mode = path.read_text().strip(), _mode(path)
    except OSError as error:
        yield SECRETS.error(
            f"{variable} names {path}, which cannot be read: {error.strerror}.",
            "Mount the secret there, or correct the name.",
        )
        return
    if not text:
        yield SECRETS.error(f"{path}, which {variable} names, is empty.", "Write the secret there.")
    elif mode & 0o004 and not path.is_relative_to(MOUNTED) and _reached_by_others(path):
        yield SECRETS.error(f"Other users may read {path}.", f"chmod 600 {path}")


def _reached_by_others(path: Path) -> bool:
    return all(_mode(folder) & 0o001 for folder in path.resolve().parents)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def of_documentation() -> Iterator[Finding]:
    if (documentation.PAGES / "index.html").is_file():
        yield DOCS.ok("The pages under /docs are built.")
    else:
        yield DOCS.warning(
            "The pages under /docs are not built.",
            "Run `make docs`, or `python -m documentation build` in a checkout.",
        )
