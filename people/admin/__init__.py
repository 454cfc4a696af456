"""Pages about people. Those that came with Django, knox and django-otp make room."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django_otp.plugins.otp_static import admin as static_admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as totp_admin
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox import admin as knox_admin
from knox.models import AuthToken

BEFORE = (auth_admin, knox_admin, static_admin, totp_admin)  # importing them registers theirs
for model in (User, Group, AuthToken, StaticDevice, TOTPDevice):
    admin.site.unregister(model)

from people.admin import groups, tokens, users  # noqa: E402  only now is there room

__all__ = ["groups", "tokens", "users"]
