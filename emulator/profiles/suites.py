"""Settings of commands that run scenarios without a server or a store."""

from emulator.profiles.terminal import *  # noqa: F403
from emulator.profiles.terminal import INSTALLED_APPS as _APPS

INSTALLED_APPS = [
    "emulator.contrib.MongoAuthConfig",  # scenarios' shapes come from the API's, which know users
    "emulator.contrib.MongoContentTypesConfig",
    *_APPS,
    "scenarios",
]
