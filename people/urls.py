"""Addresses below /admin/ that are no model's."""

from django.contrib import admin
from django.urls import path

from people import views

urlpatterns = [
    path("set-password/<uidb64>/<token>/", views.SetPassword.as_view(), name="set-password"),
    path("second-factor/", admin.site.admin_view(views.factor_page), name="second-factor"),
    path(
        "second-factor/forget/",
        admin.site.admin_view(views.forget_factor),
        name="forget-second-factor",
    ),
]
