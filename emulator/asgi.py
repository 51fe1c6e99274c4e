"""ASGI entry: HTTP by Django, WebSockets by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")
http = get_asgi_application()  # loads the apps; routing needs them

from channels.routing import ProtocolTypeRouter  # noqa: E402

from emulator.routing import websocket  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": websocket})
