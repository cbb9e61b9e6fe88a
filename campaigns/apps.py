from importlib import import_module

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campañas"

    def ready(self) -> None:
        # They connect their receivers.
        import_module("campaigns.privacidad")
        import_module("campaigns.ajustes.services")
