"""One API from the apps' routers."""

from importlib import import_module
from importlib.util import find_spec

from ninja import NinjaAPI

from accounts.auth import api_auth
from accounts.error_handlers import register
from emulator.api_health import router as operation

api = NinjaAPI(
    title="OCPP Emulator",
    version="1",
    description="Stations, their messages and transactions. Log in at POST /api/auth/login.",
    auth=api_auth,
    urls_namespace="api",
    docs_url="/docs",
)
register(api)
api.add_router("", operation)

for app in ("accounts", "stations", "messaging"):
    if find_spec(f"{app}.api"):
        api.add_router("", import_module(f"{app}.api").router)
