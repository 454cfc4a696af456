"""Addresses below /admin/setup/."""

from django.contrib import admin
from django.urls import path

from installation import views

guarded = admin.site.admin_view
urlpatterns = [
    path("setup/", guarded(views.setup_page), name="setup"),
    path("setup/answers/", guarded(views.answers_part), name="setup-answers"),
    path("setup/check/", guarded(views.check_now), name="setup-check"),
    path("setup/leave-lab/", guarded(views.leave_lab), name="setup-leave-lab"),
    path("setup/keep-lab/", guarded(views.keep_lab), name="setup-keep-lab"),
]
