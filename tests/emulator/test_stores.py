"""The stores that the tests run on are real."""

import pytest
import redis
from django.conf import settings
from django.contrib.auth import get_user_model


@pytest.mark.django_db
def test_a_user_is_kept_in_the_database():
    get_user_model().objects.create_user("ada", password="a long one 4 you")
    assert get_user_model().objects.get(username="ada").check_password("a long one 4 you")


def test_redis_answers():
    assert redis.Redis.from_url(settings.REDIS_URL).ping()
