"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

import ethonode.admin  # noqa: F401 - importing it registers its pages
from ethonode import banner, health

admin.autodiscover()

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.numbers, name="metrics"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/watch/", banner.watch_part, name="watch"),
    path("admin/", admin.site.urls),
    path("", include("backups.api.urls")),
]
