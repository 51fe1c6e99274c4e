"""What every model that an operator writes refuses, by the field."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models
from django_mongodb_backend.fields import ArrayField

from stations.configuration import validation


class Storable(models.Model):
    """Refuses, by its field, what no document can hold."""

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """As Django has it. Raises ValidationError for a text where a list belongs."""
        lists = [f.name for f in self._meta.concrete_fields if isinstance(f, ArrayField)]
        # Django would read a text as JSON, and fail at what is none.
        if wrong := [name for name in lists if isinstance(getattr(self, name), str)]:
            raise ValidationError({name: ["Give a list of texts."] for name in wrong})
        super().clean_fields(exclude)

    def clean(self) -> None:
        """As Django has it. Raises ValidationError for what the store cannot keep."""
        super().clean()
        kinds = (models.CharField, models.TextField, models.JSONField, ArrayField)
        fields = [f.name for f in self._meta.concrete_fields if isinstance(f, kinds)]
        problems = validation.check_storable({name: getattr(self, name) for name in fields})
        if problems:
            raise ValidationError(problems)
