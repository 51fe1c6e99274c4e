"""A charge point worker serves nothing."""

urlpatterns: list = []
