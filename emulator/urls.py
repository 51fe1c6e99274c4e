"""URLs of the project."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from emulator.api import api

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("api/", api.urls),
]
if find_spec("messaging.urls"):
    urlpatterns.append(path("admin/", include("messaging.urls")))
urlpatterns.append(path("admin/", admin.site.urls))
