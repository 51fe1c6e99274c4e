"""WebSocket URLs of messaging."""

from django.urls import path

from messaging.live.consumers import MessagesConsumer, StatsConsumer

websocket_urlpatterns = [
    path("ws/messages", MessagesConsumer.as_asgi()),
    path("ws/stats", StatsConsumer.as_asgi()),
]
