"""Django's own backend: guarded against guessing, and quick at permissions on MongoDB."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.http import HttpRequest

from accounts import throttle
from accounts.trail.following import log_in_refused

log = logging.getLogger(__name__)

_names: dict[Any, str] = {}  # of permissions by key; a key that is not here is looked up


class Backend(ModelBackend):
    """Permissions by two questions with an index, where Django's has a join of four collections."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        """Raises throttle.Throttled and hashing.Busy, both ApiErrors."""
        if username is None or password is None or request is None:
            return super().authenticate(request, username, password, **more)
        address = request.META.get("REMOTE_ADDR", "")
        try:
            throttle.attempt(username, address)
        except throttle.Throttled as error:
            log_in_refused(username, error.message)
            raise
        user = super().authenticate(request, username, password, **more)
        if user is None:
            log.warning("Log-in of %r from %s has failed", username[:150], address)
        else:
            throttle.succeeded(username, address)
        return user

    async def aauthenticate(self, request: HttpRequest | None, **given: Any) -> User | None:
        return await sync_to_async(self.authenticate)(request, **given)

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Permissions of an active user as {"app.codename"}, looked up once for each user
        object; none on single objects."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj)
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = permissions_of(user_obj.pk)
        return user_obj._perm_cache

    async def aget_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return await sync_to_async(self.get_all_permissions)(user_obj, obj)


def permissions_of(user: Any) -> set[str]:
    """{"stations.view_station", ...} of the user with this key, by himself and his groups."""
    groups = User.groups.through.objects.filter(user_id=user).values_list("group_id", flat=True)
    own = User.user_permissions.through.objects.filter(user_id=user)
    keys = set(own.values_list("permission_id", flat=True))
    if found := list(groups):
        shared = Group.permissions.through.objects.filter(group_id__in=found)
        keys |= set(shared.values_list("permission_id", flat=True))
    if keys - _names.keys():
        rows = Permission.objects.values_list("pk", "content_type__app_label", "codename")
        _names.update({key: f"{app}.{name}" for key, app, name in rows.order_by()})
    return {_names[key] for key in keys if key in _names}
