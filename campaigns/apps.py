from importlib import import_module

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campañas"

    def ready(self) -> None:
        for module in (
            "campana.privacidad",
            "campana.tiendas",
            "entrantes.privacidad",
            "programaciones.uso",
            "respuestas.automaticas",
            "ley.services",
        ):
            import_module(f"campaigns.{module}")  # connects its receivers
