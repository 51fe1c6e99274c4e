"""The Django project: wires the apps and the services together, decides nothing."""

# Celery's shared_task needs the app to exist in every Django process.
from emulator.celery import app as celery_app

__all__ = ["celery_app"]
