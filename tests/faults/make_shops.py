"""Make shops in the database of this environment, by the product's services, and print them as JSON.

python -m tests.faults.make_shops SHOPS CLIENTS
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from clientes.services import crear_clientes  # noqa: E402 - models load after the set-up
from core.llaves import crear_llave  # noqa: E402
from core.models import Usuario  # noqa: E402
from local.demo.sin_limites import quitar_limites  # noqa: E402
from tests.faults.recipients import nombre, telefono  # noqa: E402


def make(number: int, clients: int) -> tuple[str, str, list[int]]:
    """One shop: its admin's name, their key, and its clients' ids in the order of their number.

    The admin is an operator too, who lends senders to the shop.
    """
    usuario = Usuario.objects.create_superuser(username=f"tienda-{number}", rol=Usuario.Rol.ADMIN)
    quitar_limites(usuario=usuario, motivo="Prueba de fallas contra el simulador")
    filas = ({"nombre": nombre(n), "telefono": telefono(number, n)} for n in range(clients))
    made = crear_clientes(usuario=usuario, filas=filas)
    llave = crear_llave(usuario=usuario, nombre="Fallas", alcances=["todo"], vence_en=None)
    return usuario.username, llave.llave, [cliente.pk for cliente in made]


if __name__ == "__main__":
    print(json.dumps([make(number, int(sys.argv[2])) for number in range(int(sys.argv[1]))]))
