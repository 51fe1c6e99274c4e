"""One API from the apps' routers."""

from ninja import NinjaAPI

from accounts.api import router as accounts
from accounts.auth import api_auth
from accounts.error_handlers import register
from emulator.api_health import router as operation
from messaging.api import router as messaging
from scenarios.api import router as scenarios
from stations.api import router as stations

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

for router in (accounts, stations, messaging, scenarios):
    api.add_router("", router)
