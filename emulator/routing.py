"""WebSockets: of our own pages with their login, and of programs with a token."""

from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from django.urls import path

from accounts.origins import SameOrigin
from emulator.dashboard.consumer import DashboardConsumer
from messaging.routing import websocket_urlpatterns as messaging_urlpatterns
from stations.life.routing import websocket_urlpatterns as stations_urlpatterns

websocket_urlpatterns = [
    *messaging_urlpatterns,
    *stations_urlpatterns,
    path("ws/dashboard", DashboardConsumer.as_asgi()),
]
websocket = SameOrigin(CookieMiddleware(URLRouter(websocket_urlpatterns)))
