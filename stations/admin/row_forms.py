"""A form of a row, which tells a fault once."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError


class RowForm(forms.ModelForm):
    """As Django has it; what a field has refused is not judged by the row as well, which never
    got it and would call it missing."""

    def _update_errors(self, errors: ValidationError) -> None:
        by_field = getattr(errors, "error_dict", None)
        if by_field is not None:
            new = {name: told for name, told in by_field.items() if name not in self.errors}
            errors = ValidationError(new)
        super()._update_errors(errors)
