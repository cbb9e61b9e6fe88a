from importlib import import_module

from django.apps import AppConfig


class ClientesConfig(AppConfig):
    name = "clientes"
    verbose_name = "Clientes"

    def ready(self) -> None:
        for module in ("clientes.importacion.privacidad", "clientes.bajas.privacidad"):
            import_module(module)  # connects its receiver
