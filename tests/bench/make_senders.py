"""Make shops with a long code each and, when asked, a campaign of each: `python -m tests.bench.make_senders WHAT N`.

`shops N` makes N shops of one segment a second, each with as many clients as CLIENTS says; `campaigns N` creates a
campaign to all clients of each of them, by the product's services.
"""

import os
import sys
from typing import Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from django.db import connection  # noqa: E402 - models load after the set-up

from campaigns.audiencia.seleccion import Audiencia, Seleccion  # noqa: E402
from campaigns.campana.services import NuevaCampana, crear_campana  # noqa: E402
from campaigns.models import Remitente  # noqa: E402
from core.models import Usuario  # noqa: E402
from local.demo.sin_limites import quitar_limites  # noqa: E402
from tests.bench.senders import sender_of  # noqa: E402

PREFIX: Final = "bench-many-"
MENSAJE: Final = "Hola {nombre}, hoy abrimos hasta las ocho."
CLIENTS_SQL: Final = """
INSERT INTO clientes_cliente
SELECT (jsonb_populate_record(c, jsonb_build_object('id', nextval(pg_get_serial_sequence('clientes_cliente', 'id')),
    'usuario_id', u.id, 'telefono', phone, 'telefono_e164', phone))).*
FROM clientes_cliente c, core_usuario u, generate_series(1, %s) n,
    LATERAL (SELECT '+57300' || lpad((u.id * %s + n)::text, 7, '0') AS phone) p
WHERE c.id = (SELECT min(id) FROM clientes_cliente) AND u.username LIKE %s
    AND NOT EXISTS (SELECT FROM clientes_cliente o WHERE o.usuario_id = u.id)
"""


def shops(count: int, clients: int) -> None:
    for number in range(count):
        usuario = Usuario.objects.create_user(username=f"{PREFIX}{number}", rol=Usuario.Rol.ADMIN)
        quitar_limites(usuario=usuario, motivo="Medición contra el simulador")
        Remitente.objects.create(usuario=usuario, nombre="Línea", valor=sender_of(number), segmentos_por_segundo=1)
    with connection.cursor() as cursor:
        cursor.execute(CLIENTS_SQL, [clients, clients, PREFIX + "%"])
        cursor.execute("ANALYZE clientes_cliente")


def campaigns(count: int) -> None:
    for number in range(count):
        usuario = Usuario.objects.get(username=f"{PREFIX}{number}")
        remitente = Remitente.objects.get(usuario=usuario)
        nueva = NuevaCampana(mensaje=MENSAJE, audiencia=Audiencia(Seleccion(todos=True)), remitente=remitente)
        crear_campana(usuario=usuario, nueva=nueva)


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    if what == "shops":
        shops(number, int(os.environ["CLIENTS"]))
    else:
        campaigns(number)
