"""Settings of `manage.py up`, which looks after processes and needs no application of ours."""

from emulator.profiles.stores import *  # noqa: F403

INSTALLED_APPS = ["emulator"]
ROOT_URLCONF = "emulator.no_urls"
LOGGING_CONFIG = None  # it says what it has to say itself
USE_TZ = True
