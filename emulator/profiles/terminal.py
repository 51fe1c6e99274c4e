"""Settings of commands that need no server and no store.

Nothing is read from the data folder and nothing is written there; who asked a store all the same
would find nobody.
"""

import os
import secrets

os.environ["MONGODB_URI"] = "mongodb://127.0.0.1:9/"  # RFC 863: nobody answers there
os.environ["REDIS_URL"] = "redis://127.0.0.1:9/0"
# Secrets are encrypted in memory only, for as long as the process lives.
os.environ.setdefault("DJANGO_SECRET_KEY", secrets.token_urlsafe(32))
os.environ.setdefault("LOG_LEVEL", "WARNING")  # frames are what is shown

from emulator.profiles.charge_points import *  # noqa: E402, F403
from emulator.profiles.charge_points import INSTALLED_APPS as _APPS  # noqa: E402

INSTALLED_APPS = [*_APPS, "terminal"]
