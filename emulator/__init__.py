"""The Django project: wires the apps and the services together, decides nothing."""

import os

# Celery's shared_task needs the app to exist in every Django process; `manage.py up` has no task.
if os.environ.get("DJANGO_SETTINGS_MODULE") != "emulator.profiles.up":
    from emulator.celery import app as celery_app

    __all__ = ["celery_app"]
