"""WebSockets of browsers: same origin, same login as the pages."""

from importlib.util import find_spec

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

patterns: list = []
if find_spec("messaging.routing"):
    from messaging.routing import websocket_urlpatterns

    patterns += websocket_urlpatterns

websocket = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(patterns)))
