"""ASGI entry: HTTP by Django, WebSockets by Channels."""

import os

from django.core.asgi import get_asgi_application

if os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings") == "emulator.settings":
    os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.profiles.web"
http = get_asgi_application()  # loads the apps; routing needs them

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from emulator.mcp.mount import WithMcp  # noqa: E402
from emulator.routing import websocket  # noqa: E402
from emulator.web.bodies import limit_bodies  # noqa: E402
from emulator.web.crowds import SocketLimit, raise_file_limit  # noqa: E402
from emulator.web.flow import heed_readers  # noqa: E402
from emulator.web.head_requests import WithoutBodyForHead  # noqa: E402
from emulator.web.heads import bound_heads  # noqa: E402
from emulator.web.leaving import end_in_time  # noqa: E402
from emulator.web.proxies import BehindProxies  # noqa: E402
from emulator.web.store_guard import StoreGuard  # noqa: E402
from stations.api.paths import KeepEncoded  # noqa: E402
from stations.roster.kept import read_early  # noqa: E402

inside = ProtocolTypeRouter({"http": WithMcp(KeepEncoded(http)), "websocket": websocket})
guarded = WithoutBodyForHead(SocketLimit(StoreGuard(inside)))
application = BehindProxies(guarded, settings.TRUSTED_PROXIES)
end_in_time()
limit_bodies()
bound_heads(settings.REQUEST_HEAD_SECONDS)
heed_readers()
raise_file_limit()
read_early(goes_on=settings.ROSTER_KEEPS_UP)
