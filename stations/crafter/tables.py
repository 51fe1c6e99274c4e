"""What the message crafter keeps for whoever uses it: requests with a name, and what was sent.

Both are a user's own; a saved request may be shown to others who may drive stations. `owner` is the
user's id as text: a charge point worker has these tables, and no users. Writers: crafter/keeping.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from stations.configuration.storable import Storable
from stations.configuration.validation import OCPP_VERSIONS

MOST_SAVED = 500  # of a user
MOST_SENT = 200  # of a user; the oldest go
MOST_STATIONS = 500  # of one sending
LONGEST = 100_000  # characters of a payload or a frame


class SavedRequest(Storable):
    """frame: `text` is a whole frame, of any text; else the payload of a Call of `action`."""

    owner = models.CharField(max_length=24)
    folder = models.CharField(
        max_length=80, blank=True, default="", help_text="Folders within by /, such as Boot/wrong."
    )
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=10, blank=True, default="")
    action = models.CharField(max_length=60, blank=True, default="")
    frame = models.BooleanField(default=False)
    text = models.TextField(max_length=LONGEST)
    shared = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["folder", "name"]
        default_permissions = ()  # who may drive stations may keep requests
        indexes = [
            models.Index(fields=["owner", "folder", "name"], name="saved_request_owner"),
            models.Index(fields=["shared"], name="saved_request_shared"),
        ]

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    def clean(self) -> None:
        """As Django has it. Raises ValidationError with {field: sentence}."""
        super().clean()
        problems: dict[str, str] = {}
        if not self.name.strip():
            problems["name"] = "Give the request a name."
        if self.version and self.version not in OCPP_VERSIONS:
            problems["version"] = f"Choose a version of {', '.join(OCPP_VERSIONS)}."
        if not self.frame and not self.action:
            problems["action"] = "Name the action of the Call, or keep a whole frame."
        if any(not part.strip() for part in self.folder.split("/") if self.folder):
            problems["folder"] = "Write the folder as names with one / between them."
        if problems:
            raise ValidationError(problems)


class SentRequest(models.Model):
    """One sending, to one station or many.

    target: as it was asked. results: [{station, uid, error}] in the order of sending; `error` is
    the sentence of a station that has not sent. answers: [{station, id, kind, error, latency}] as
    far as the log has shown them; ms.
    """

    owner = models.CharField(max_length=24)
    version = models.CharField(max_length=10, blank=True, default="")
    action = models.CharField(max_length=60, blank=True, default="")
    frame = models.BooleanField(default=False)
    text = models.TextField(max_length=LONGEST)
    target = models.JSONField(default=dict)
    results = models.JSONField(default=list)
    answers = models.JSONField(default=list)
    time = models.DateTimeField()

    class Meta:
        ordering = ["-time"]
        default_permissions = ()
        indexes = [models.Index(fields=["owner", "time"], name="sent_request_owner_time")]

    def __str__(self) -> str:
        return f"{self.action or 'frame'}, {self.time:%Y-%m-%d %H:%M:%S}"
