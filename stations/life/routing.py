"""WebSocket URLs of the pages of stations."""

from django.urls import path

from stations.life.consumer import StationConsumer

websocket_urlpatterns = [path("ws/station", StationConsumer.as_asgi())]
