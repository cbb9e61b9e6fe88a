from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Usuarios"

    def ready(self) -> None:
        from core import checks, correo, first_password, registro, sessions  # noqa: F401, PLC0415 - what they register needs the loaded app registry
        from core.postgresql import durable  # noqa: F401, PLC0415
