"""Who may see passwords and keys, in the message log too."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from accounts.rights import ADMINISTER, Part

SEE_SECRETS = "stations.see_secrets"
SCOPE = ADMINISTER  # of a token that opens what only administrators do
SECRECY = Part(levels={SEE_SECRETS: SCOPE})  # as the table of stations has it


async def sees_secrets(user: AbstractBaseUser | None, token: Any = None) -> bool:
    """`token`: the ApiToken that the user came in by, None for a session."""
    if user is None or SCOPE not in getattr(token, "scopes", (SCOPE,)):
        return False
    return await user.ahas_perm(SEE_SECRETS)


async def asker_sees_secrets(request: Any) -> bool:
    """Of a request behind accounts.auth."""
    return await sees_secrets(request.auth, getattr(request, "api_token", None))
