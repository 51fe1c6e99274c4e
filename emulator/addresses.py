"""Where the stores are: the environment's word, else what the embedded ones last recorded.

Imported by settings, so it must not import Django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

RECORD = "embedded.json"
# Used until the embedded stores have recorded other ones.
DEFAULT_PORTS = {"mongodb": 27117, "redis": 6479}


def data_dir(base: Path) -> Path:
    return Path(os.environ.get("DATA_DIR") or base / ".data").resolve()


def recorded_ports(directory: Path) -> dict[str, int]:
    """Ports of the embedded stores at their last start."""
    try:
        recorded = json.loads((directory / RECORD).read_text())
        return {name: int(recorded[name]) for name in DEFAULT_PORTS}
    except (OSError, ValueError, KeyError, TypeError):
        return dict(DEFAULT_PORTS)


def embedded_mongodb_uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def embedded_redis_url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


def mongodb_uri(directory: Path) -> str:
    return os.environ.get("MONGODB_URI") or embedded_mongodb_uri(
        recorded_ports(directory)["mongodb"]
    )


def redis_url(directory: Path) -> str:
    return os.environ.get("REDIS_URL") or embedded_redis_url(recorded_ports(directory)["redis"])
