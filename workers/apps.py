from importlib import import_module

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"
    verbose_name = "Envíos"

    def ready(self) -> None:
        # Connects the signals of Celery's workers; nothing happens in any other process.
        import_module("workers.lifecycle")
