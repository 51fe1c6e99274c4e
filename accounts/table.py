"""Who may do what with log-ins and tokens: this app's part of the table. See rights.py."""

from __future__ import annotations

from accounts.rights import ADMINISTER, ANYONE, LOGIN, OWN, Part, crud, model_pages

VIEW_TRAIL = "accounts.view_trailentry"

PART = Part(
    levels={**crud("accounts.apitoken", ADMINISTER, ADMINISTER), VIEW_TRAIL: ADMINISTER},
    operations={
        "POST /auth/login": ANYONE,
        "POST /auth/logout": LOGIN,
        "GET /auth/me": LOGIN,
        "POST /auth/refresh": LOGIN,
        "GET /auth/tokens": OWN,
        "POST /auth/tokens": OWN,
        "DELETE /auth/tokens/{token}": OWN,
        "GET /trail": VIEW_TRAIL,
        "GET /trail/export": VIEW_TRAIL,
    },
    pages={**model_pages("accounts.apitoken"), "own-tokens": LOGIN, "trail": VIEW_TRAIL},
    actions={"accounts.apitoken delete_selected": "accounts.delete_apitoken"},
)
