from importlib import import_module

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campañas"

    def ready(self) -> None:
        for module in ("campaigns.privacidad", "campaigns.entrantes.privacidad"):
            import_module(module)  # connects its receiver
