"""2.1 adds kinds of tokens (part 2, appendix 7) and lets them be longer."""

from typing import Any

from chargepoint.v201.authorization.authorization import TOKEN_TYPES, Authorization, token_of

TOKEN_TYPES_21 = (*TOKEN_TYPES, "DirectPayment", "EVCCID", "VIN")


class TokenTypes(Authorization):
    """Block of Station21."""

    __slots__ = ()

    def token(self, id_tag: Any, kind: str | None = None) -> dict:
        return token_of(id_tag, kind, TOKEN_TYPES_21, 255)
