"""One caller of each kind, by token, by session, and without either."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie

from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client, RequestFactory

from accounts.models import ApiToken
from accounts.rights import ANYONE, WORDS
from emulator.groups import make_groups
from emulator.rights import GROUPS, TABLE, group_permissions

NOBODY, WITHOUT = "anonymous", "no right"
EXPIRED, REVOKED, FOREIGN = "expired token", "revoked token", "foreign origin"
KINDS = (NOBODY, WITHOUT, *GROUPS, EXPIRED, REVOKED, FOREIGN)
EVIL = "http://evil.example"
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass
class Caller:
    """`user`: None for nobody; `token`: "" for a session, of the foreign origin."""

    kind: str
    user: User | None
    token: str = ""
    logged_in: SimpleCookie = field(default_factory=SimpleCookie)  # of the foreign origin

    def refused(self, method: str, right: str) -> int:
        """The status that the table says, 0 for none; `right` is of the operation."""
        if right == ANYONE:
            return 0
        if self.kind in (NOBODY, EXPIRED, REVOKED):
            return 401
        if self.kind == FOREIGN:  # an administrator's browser on somebody's page
            return 0 if method in SAFE else 403
        return 0 if right in WORDS or right in self.permissions() else 403

    def permissions(self) -> set[str]:
        return set(group_permissions(self.kind)) if self.kind in GROUPS else set()

    def client(self) -> Client:
        if self.kind == FOREIGN:
            client = Client(enforce_csrf_checks=True, headers={"Origin": EVIL})
            if not self.logged_in:  # once: it is let into nothing that ends its session
                client.force_login(self.user)
                self.logged_in = client.cookies
            client.cookies = SimpleCookie(self.logged_in)
            return client
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client(headers=headers)


def make_callers() -> dict[str, Caller]:
    make_groups()
    callers = {NOBODY: Caller(NOBODY, None)}
    for kind in (WITHOUT, *GROUPS):
        user = User.objects.create_user(kind.replace(" ", "-").lower(), is_staff=True)
        if kind in GROUPS:
            user.groups.add(Group.objects.get(name=kind))
        callers[kind] = Caller(kind, user, ApiToken.objects.issue(user, kind)[1])
    boss = callers["Administrator"].user
    late = ApiToken.objects.issue(boss, EXPIRED, lifetime=timedelta(seconds=-1))[1]
    row, gone = ApiToken.objects.issue(boss, REVOKED)
    row.delete()
    callers[EXPIRED] = Caller(EXPIRED, boss, late)
    callers[REVOKED] = Caller(REVOKED, boss, gone)
    callers[FOREIGN] = Caller(FOREIGN, boss)
    return callers


def asked_by(user: User | None) -> object:
    request = RequestFactory().get("/admin/")
    request.user = user or AnonymousUser()
    return request


def may_see(user: User, right: str) -> bool:
    return TABLE.may(asked_by(user), right)
