"""The Celery application."""

import os

from celery import Celery
from kombu import Queue

from emulator.monitoring.signs import QUEUES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")

app = Celery("emulator")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.autodiscover_tasks()

import emulator.monitoring.celery_signs  # noqa: E402, F401  (connects the signals)
import emulator.processes.celery_ends  # noqa: E402, F401
