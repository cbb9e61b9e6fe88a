"""Which shop a client's text is for.

A sender may be shared by several shops, and a text says no more than the number it was written to. It is for:

1. the shop that last sent to this phone: the client answers what they read last;
2. if none did, the only shop there is behind the sender;
3. else every shop that has a client with this phone;
4. else nobody knows.
"""

from dataclasses import dataclass
from typing import Final

from django.db import connection

from campaigns.remitente import tiendas_de
from clientes.models import Cliente

# Sent, or perhaps: it is what the client may have read.
SENT: Final = "s.estado IN ('enviado', 'incierto', 'enviando')"

# By the clients with this phone: few, each with its messages, so nothing is searched.
POR_CLIENTE_SQL: Final = f"""
SELECT m.campana_id, c.nombre, c.usuario_id, m.mensaje
FROM (SELECT s.campana_id, s.mensaje, s.reclamado_en
    FROM clientes_cliente k JOIN campaigns_smslog s ON s.cliente_id = k.id AND s.telefono = k.telefono_e164
    WHERE k.telefono_e164 = %(telefono)s AND k.telefono_e164 <> '' AND {SENT}
    ORDER BY s.reclamado_en DESC NULLS LAST, s.id DESC LIMIT 1) m
JOIN campaigns_campanasms c ON c.id = m.campana_id
"""  # noqa: S608 - constants

# The client has another phone by now, or was anonymised: campaign by campaign, by the index that makes a phone unique
# in each. A thousand take some milliseconds.
CAMPANAS: Final = 1_000
POR_CAMPANA_SQL: Final = f"""
SELECT c.id, c.nombre, c.usuario_id, m.mensaje
FROM (SELECT id, nombre, usuario_id FROM campaigns_campanasms WHERE iniciado_en IS NOT NULL ORDER BY id DESC
    LIMIT {CAMPANAS}) c
CROSS JOIN LATERAL (SELECT s.mensaje, s.reclamado_en FROM campaigns_smslog s
    WHERE s.campana_id = c.id AND s.telefono = %(telefono)s AND s.telefono <> ''
        AND s.codigo <> 'telefono_duplicado' AND {SENT} LIMIT 1) m
ORDER BY m.reclamado_en DESC NULLS LAST, c.id DESC LIMIT 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Destino:
    """Who a text is for, and what it answers.

    Args:
        tiendas: ids of the shops; none when nobody knows.
        campana_id, campana_nombre, mensaje: the campaign and the text that the phone got last.
    """

    tiendas: tuple[int, ...]
    campana_id: int | None = None
    campana_nombre: str = ""
    mensaje: str = ""


def destino_de(telefono: str, *, remitente: str) -> Destino:
    """Args:
    telefono: who wrote, in E.164.
    remitente: the sender of ours that they wrote to; "" when it is not known.
    """
    for sql in (POR_CLIENTE_SQL, POR_CAMPANA_SQL):
        with connection.cursor() as cursor:
            cursor.execute(sql, {"telefono": telefono})
            row = cursor.fetchone()
        if row is not None:
            campana_id, nombre, tienda_id, mensaje = row
            return Destino((tienda_id,), campana_id, nombre, mensaje)
    behind = list(tiendas_de(remitente).order_by("pk").values_list("pk", flat=True)[:2])
    if len(behind) == 1:
        return Destino((behind[0],))
    owners = Cliente.objects.filter(telefono_e164=telefono).exclude(telefono_e164="")
    return Destino(tuple(owners.order_by("usuario").values_list("usuario", flat=True).distinct()))
