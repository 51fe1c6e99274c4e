"""Settings of a charge point worker: no web, no admin, no scheduler in its memory.

Five thousand stations share a worker; what only a browser needs would cost each of them 7 KiB.
"""

from emulator.settings import *  # noqa: F403

INSTALLED_APPS = ["django_mongodb_backend", "channels", "stations", "messaging"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "emulator.no_urls"
CELERY_RESULT_BACKEND = "disabled"  # it sends tasks and looks at no results
