"""Pages of the sessions and of the message crafter, below /admin/."""

from django.urls import path

from stations import crafting, session_pages

urlpatterns = [
    path("crafter/", crafting.crafter, name="crafter"),
    path("sessions/", session_pages.session_list, name="session-list"),
    path("sessions/totals/", session_pages.session_totals, name="session-totals"),
    path("sessions/export/", session_pages.session_export, name="session-export"),
    path("sessions/of/<str:session_id>/", session_pages.session, name="session"),
    path("sessions/of/<str:session_id>/readings/", session_pages.readings, name="session-readings"),
]
