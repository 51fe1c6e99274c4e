"""Where the stores are: the environment's word, else what the embedded ones last recorded.

Imported by settings, so it must not import Django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from emulator.profiles import secret_files
from runtime.redis_clients import with_sentinel_password

RECORD = "embedded.json"
# Used until the embedded stores have recorded other ones.
DEFAULT_PORTS = {"mongodb": 27117, "redis": 6479}
USER = "emulator"  # of the embedded MongoDB


def data_dir(base: Path) -> Path:
    """DATA_DIR; else `.data` in a checkout, and the user's own folder where it is installed."""
    if given := os.environ.get("DATA_DIR"):
        return Path(given).resolve()
    if (base / "pyproject.toml").exists():
        return (base / ".data").resolve()
    share = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return (Path(share).expanduser() / "ocpp-emulator").resolve()


def recorded_ports(directory: Path) -> dict[str, int]:
    """Ports of the embedded stores at their last start."""
    try:
        recorded = json.loads((directory / RECORD).read_text())
        return {name: int(recorded[name]) for name in DEFAULT_PORTS}
    except (OSError, ValueError, KeyError, TypeError):
        return dict(DEFAULT_PORTS)


def store_password(directory: Path, store: str) -> str:
    """Of an embedded store ("mongodb", "redis"); letters that need no quoting in a URL."""
    return secret_files.kept(directory / f"{store}_password", 32)


def embedded_mongodb_uri(directory: Path, port: int) -> str:
    """The embedded server's URI, with its password."""
    password = store_password(directory, "mongodb")
    options = "directConnection=true&authSource=admin"
    return f"mongodb://{USER}:{password}@127.0.0.1:{port}/?{options}"


def embedded_redis_url(directory: Path, port: int) -> str:
    return f"redis://:{store_password(directory, 'redis')}@127.0.0.1:{port}/0"


def mongodb_uri(directory: Path) -> str:
    """MONGODB_URI with its password put in, else the embedded server's of this data folder."""
    if given := os.environ.get("MONGODB_URI"):
        return _with_password(given, "MONGODB_PASSWORD")
    return embedded_mongodb_uri(directory, recorded_ports(directory)["mongodb"])


def redis_url(directory: Path) -> str:
    """REDIS_URL with its password put in, else the embedded server's of this data folder."""
    if given := os.environ.get("REDIS_URL"):
        own = secret_files.from_environment("REDIS_SENTINEL_PASSWORD")
        return with_sentinel_password(_with_password(given, "REDIS_PASSWORD"), own)
    return embedded_redis_url(directory, recorded_ports(directory)["redis"])


def _with_password(url: str, name: str) -> str:
    """The address with the password of NAME or NAME_FILE, where it has none of its own."""
    password = secret_files.from_environment(name)
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    if not password or ":" in user:
        return url
    netloc = f"{user}:{quote(password, safe='')}@{place}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
