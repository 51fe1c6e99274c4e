"""What the admin's first page shows."""


def dashboard(request, context: dict) -> dict:
    return context
