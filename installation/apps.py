from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "installation"
    default_auto_field = "django.db.models.BigAutoField"
