from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class PeopleConfig(AppConfig):
    name = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from knox.models import AuthToken  # noqa: PLC0415  models are ready only now

        from people import filling, tokens  # noqa: PLC0415

        post_migrate.connect(filling.fill_roles, dispatch_uid="people.fill_roles")
        post_save.connect(tokens.describe, sender=AuthToken, dispatch_uid="people.describe")
