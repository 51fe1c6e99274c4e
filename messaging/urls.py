"""Pages of messaging, below /admin/."""

from django.urls import path

from messaging import views

urlpatterns = [path("live/", views.live, name="live-view")]
