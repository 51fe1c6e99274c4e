"""The Celery application."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")

app = Celery("emulator")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in ("messages", "sync", "maintenance")]
app.autodiscover_tasks()
