"""The log and the sessions as Django knows them: for their permissions alone.

Messages are written by keeping/storing.py and read by queries/history.py, not by the ORM.
"""

from __future__ import annotations

from django.db import models


class Message(models.Model):  # noqa: DJ008 - there are no instances
    class Meta:
        managed = False
        db_table = "messages"
        default_permissions = ("view", "delete")


class Transaction(models.Model):  # noqa: DJ008 - there are no instances
    class Meta:
        managed = False
        db_table = "transactions"
        default_permissions = ("view",)
