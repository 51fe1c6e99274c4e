"""In which of a make's versions a field has an effect."""


def missing_in(effective: tuple[str, ...], spoken: tuple[str, ...]) -> str:
    """The versions as words where a field has an effect in none of those that are spoken; ""."""
    if not spoken or set(effective) & set(spoken):
        return ""
    return " and ".join(spoken)
