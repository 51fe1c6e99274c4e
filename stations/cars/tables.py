"""EV profiles as rows: a document each, under a name that is for good."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from chargepoint.cars.reading import UnfitProfile, read
from chargepoint.cars.shipped import shipped
from stations.configuration.storable import Storable

RESERVED = ("export", "import")  # paths of the API


class CarProfile(Storable):
    """A kind of car, as docs/reference/ev-profiles.md has it. `shipped`: the package brings it; it
    can be copied, and not changed."""

    name = models.CharField(max_length=40, unique=True, editable=False)
    document = models.JSONField(
        "profile", default=dict, help_text="As JSON; see the reference of EV profiles."
    )
    shipped = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "EV profile"

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        return str(self.document.get("title", ""))

    def clean_fields(self, exclude: Any = None) -> None:
        """As Django has it; the name is the document's, and looked at with it."""
        super().clean_fields({*(exclude or ()), "name"})

    def clean(self) -> None:
        """As Django has it. Raises ValidationError for a document that describes no car, its
        sentences each with the path of their field."""
        super().clean()
        try:
            profile = read(self.document)
        except UnfitProfile as error:
            told = [
                f"{path}: {sentence}" if path else sentence
                for path, sentences in error.problems.items() for sentence in sentences
            ]  # fmt: skip
            raise ValidationError({"document": told}) from error
        why = misnamed(profile.name)
        if not why and self.name and profile.name != self.name:
            why = f'A name is for good: add a profile "{profile.name}" beside "{self.name}".'
        if why:
            raise ValidationError({"document": [f"name: {why}"]})
        self.name = profile.name


def misnamed(name: str) -> str:
    """Why a profile of one's own cannot have this name; "" where it can."""
    if name in shipped():
        return f'"{name}" ships with the emulator: choose another name.'
    return "Choose another name: the API has a path of this one." if name in RESERVED else ""
