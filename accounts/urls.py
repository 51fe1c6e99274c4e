"""Pages of accounts, below /admin/."""

from django.urls import path

from accounts import views
from accounts.trail.page import trail

urlpatterns = [
    path("tokens/", views.own_tokens, name="own-tokens"),
    path("trail/", trail, name="trail"),
]
