from importlib import import_module

from django.apps import AppConfig


class ClientesConfig(AppConfig):
    name = "clientes"
    verbose_name = "Clientes"

    def ready(self) -> None:
        # They connect their receivers, and say what they process.
        for module in ("clientes.importacion.privacidad", "clientes.bajas.privacidad", "clientes.rne.proceso"):
            import_module(module)
