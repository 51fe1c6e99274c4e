"""Settings of a web process: nobody who asks waits longer than a second for a store that is away.

Other processes have patience: their work is long, and is repeated until it is done.
"""

from emulator import settings as usual
from emulator.settings import *  # noqa: F403

STORE_PATIENCE = 0.45  # seconds
_MILLISECONDS = int(STORE_PATIENCE * 1000)
# Reading has no such limit, for a question may be large: emulator/web/store_guard.py looks whether
# the store lives while one is under way.
_options = usual.DATABASES["default"]["OPTIONS"] | {
    "serverSelectionTimeoutMS": _MILLISECONDS,
    # Also of the driver's look at the store, which ends all connections to one that is too slow.
    "connectTimeoutMS": 2000,
    # The driver's own look at the store: it ends what hangs in one that is frozen.
    "heartbeatFrequencyMS": 2000,
}
DATABASES = {"default": {**usual.DATABASES["default"], "OPTIONS": _options}}
ROSTER_KEEPS_UP = True
# Nothing that the web asks of Redis is large.
REDIS_CLIENT = {"socket_timeout": STORE_PATIENCE, "socket_connect_timeout": STORE_PATIENCE}
