from importlib import import_module

from django.apps import AppConfig


class ClientesConfig(AppConfig):
    name = "clientes"
    verbose_name = "Clientes"

    def ready(self) -> None:
        import_module("clientes.importacion.privacidad")  # connects its receiver
