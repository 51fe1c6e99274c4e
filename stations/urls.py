"""Pages of the sessions and of the message crafter, below /admin/."""

from django.urls import path

from stations.pages import crafting, sessions

urlpatterns = [
    path("crafter/", crafting.crafter, name="crafter"),
    path("sessions/", sessions.session_list, name="session-list"),
    path("sessions/totals/", sessions.session_totals, name="session-totals"),
    path("sessions/export/", sessions.session_export, name="session-export"),
    path("sessions/of/<str:session_id>/", sessions.session, name="session"),
    path("sessions/of/<str:session_id>/readings/", sessions.readings, name="session-readings"),
]
