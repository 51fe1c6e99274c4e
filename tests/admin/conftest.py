import pytest


@pytest.fixture
def rights_read_once(settings) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.admin.users.RememberingBackend"]
