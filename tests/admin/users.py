"""One user of each kind that comes to the admin."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.test import Client

KINDS = ("superuser", "staff with all", "staff that views", "staff with none", "outsider", "nobody")
STAFF = KINDS[:4]


class RememberingBackend(ModelBackend):
    """Reads a user and his rights once and not for each page: the join takes the longest of it."""

    _users: dict[str, User] = {}

    def get_user(self, user_id: object) -> User | None:
        key = str(user_id)
        if key not in self._users:
            self._users[key] = super().get_user(user_id)
        return self._users[key]


def make_user(kind: str) -> User | None:
    """None for one who has not logged in."""
    if kind == "nobody":
        return None
    name = kind.replace(" ", "-")
    if kind == "superuser":
        return User.objects.create_superuser(name)
    user = User.objects.create_user(name, is_staff=kind in STAFF)
    if kind != "staff with none":
        # What an outsider may do elsewhere does not open the admin.
        right = "view_" if kind == "staff that views" else ""
        rights = list(Permission.objects.filter(codename__startswith=right))
        assert rights, "there are no permissions: they are made by migrate and flush"
        user.user_permissions.set(rights)
    return user


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
