"""Pages of messaging, below /admin/."""

from django.urls import path

from messaging import views
from messaging.statistics.page import statistics

urlpatterns = [
    path("live/", views.live, name="live-view"),
    path("statistics/", statistics, name="statistics"),
]
