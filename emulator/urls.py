"""URLs of the project."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from emulator.api import api
from emulator.web.documentation import documentation
from emulator.web.icon import favicon

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("favicon.ico", favicon, name="favicon"),
    path("docs/", documentation, name="documentation"),
    path("docs/<path:name>", documentation, name="documentation-page"),
    path("api/", api.urls),
    path("admin/", include("accounts.urls")),
    path("admin/", include("messaging.urls")),
    path("admin/", include("stations.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "emulator.web.error_pages.bad_request"
handler403 = "emulator.web.error_pages.permission_denied"
handler404 = "emulator.web.error_pages.page_not_found"
handler500 = "emulator.web.error_pages.server_error"
