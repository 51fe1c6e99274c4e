"""A refused row that holds a document: its errors by the document's own fields."""

from django.core.exceptions import ValidationError


def by_path(error: ValidationError) -> dict[str, str]:
    """{path in the document: sentence}; an error of another field by that field's name.

    What the document's reader says begins with the path and a colon.
    """
    fields: dict[str, str] = {}
    for name, texts in error.message_dict.items():
        for text in texts:
            path, colon, sentence = text.partition(": ")
            is_path = colon and " " not in path and name == "document"
            place, said = (path, sentence) if is_path else (name, text)
            fields[place] = f"{fields[place]} {said}" if place in fields else said
    return fields
