"""Where this installation keeps what it has: the settings that `manage.py up` needs too."""

from __future__ import annotations

import os
from pathlib import Path

from emulator.monitoring import signs
from emulator.profiles import addresses


def env_flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in ("1", "true", "yes", "on")


BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = addresses.data_dir(BASE_DIR)

MONGODB_URI = addresses.mongodb_uri(DATA_DIR)
MONGODB_NAME = os.environ.get("MONGODB_NAME", "ocpp_emulator")
MONGODB_EMBEDDED = not os.environ.get("MONGODB_URI") or env_flag("MONGODB_EMBEDDED")
# A driver has each server tell it at once of a change of primary, for which the embedded one wakes
# four times a second for every client; it has no other to change to.
MONGODB_MONITORING = {"serverMonitoringMode": "poll"} if MONGODB_EMBEDDED else {}
REDIS_URL = addresses.redis_url(DATA_DIR)
REDIS_EMBEDDED = not os.environ.get("REDIS_URL") or env_flag("REDIS_EMBEDDED")
REDIS_PREFIX = signs.prefix()
