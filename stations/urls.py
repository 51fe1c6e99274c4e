"""Pages of the sessions, of the message crafter and of the fleet, below /admin/."""

from django.urls import path

from stations.many import mapping, pages
from stations.pages import crafting, sessions

urlpatterns = [
    path("crafter/", crafting.crafter, name="crafter"),
    path("sessions/", sessions.session_list, name="session-list"),
    path("sessions/totals/", sessions.session_totals, name="session-totals"),
    path("sessions/export/", sessions.session_export, name="session-export"),
    path("sessions/of/<str:session_id>/", sessions.session, name="session"),
    path("sessions/of/<str:session_id>/readings/", sessions.readings, name="session-readings"),
    path("fleet/jobs/", pages.job_list, name="fleet-jobs"),
    path("fleet/jobs/<str:job>/", pages.job_page, name="fleet-job"),
    path("fleet/many/", pages.new_job, name="fleet-new"),
    path("fleet/import/", pages.import_page, name="fleet-import"),
    path("fleet/map/", mapping.fleet_map, name="fleet-map"),
    path("fleet/map/data/", mapping.map_data, name="fleet-map-data"),
]
