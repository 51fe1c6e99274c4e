"""Makes as rows: a document each, under a name that is for good."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from stations.configuration.storable import Storable
from stations.makes import documents


class Make(Storable):
    """What the stations of one model do. `shipped`: the package brings it; it can be copied, and
    not changed."""

    name = models.CharField(max_length=documents.LONGEST_NAME, unique=True, editable=False)
    document = models.JSONField(default=dict)
    shipped = models.BooleanField(default=False, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def description(self) -> str:
        return self._text("description")

    @property
    def vendor(self) -> str:
        return self._text("vendor")

    @property
    def model(self) -> str:
        return self._text("model")

    @property
    def versions(self) -> list[str]:
        return list(self.document.get("versions") or [])

    def _text(self, name: str) -> str:
        return str(self.document.get(name) or "")

    def clean(self) -> None:
        """As Django has it. Raises ValidationError for a document that describes no make, its
        sentences each with the path of their field."""
        super().clean()
        try:
            made = documents.read(self.document)
        except documents.MakeRefused as error:
            told = [f"{path}: {sentence}" for path, sentence in error.fields.items()]
            raise ValidationError({"document": told}) from error
        if not self._state.adding and made.name != self.name:
            sentence = f'name: A name is for good: copy "{self.name}" under another one.'
            raise ValidationError({"document": [sentence]})
        self.name = made.name

    def clean_fields(self, exclude: Any = None) -> None:
        """As Django has it; the name is the document's, and looked at with it."""
        super().clean_fields({*(exclude or ()), "name"})
