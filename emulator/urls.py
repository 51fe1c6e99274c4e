"""URLs of the project."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from emulator.api import api

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("api/", api.urls),
    path("admin/", include("messaging.urls")),
    path("admin/", admin.site.urls),
]
