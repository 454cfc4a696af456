"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

import ethonode.admin  # noqa: F401 - importing it registers its pages
import installation.urls
import people.urls
from ethonode import banner, health
from ethonode.security_contact import security_txt

admin.autodiscover()

handler403 = "ethonode.error_pages.not_allowed"
handler404 = "ethonode.error_pages.not_found"
handler500 = "ethonode.failures.server_error"

pages, app, namespace = admin.site.urls
own_pages = people.urls.urlpatterns + installation.urls.urlpatterns
urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.numbers, name="metrics"),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/watch/", banner.watch_part, name="watch"),
    path("admin/bell/", banner.bell_part, name="bell"),
    path("admin/", (own_pages + pages, app, namespace)),
    path("api/v1/", include("incidents.api.urls")),
    path("", include("backups.api.urls")),
]
