"""The shop that a client's text is for.

A sender may be shared by several shops, and a text says no more than the number it was written to. It is for:

1. the shop that last sent to this phone from this sender: the client answers what they read last;
2. if none did, or a carrier's code hides the sender, the shop that last sent to it from any;
3. else the only shop there is behind the sender;
4. else every shop that has a client with this phone;
5. else nobody knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from campaigns.remitentes import tiendas_de, valor_de
from campaigns.values.estados import SMS
from clientes.models import Cliente

# Sent, or perhaps: it is what the client may have read.
SENT: Final = f"s.estado IN {SMS.QUIZAS_LEIDOS}"

# The sender of a campaign `c`, its own sender being `r`, if it has one.
SENDER: Final = "coalesce(r.valor, %(instalacion)s)"
CAME_FROM: Final = f"(%(remitentes)s::text[] IS NULL OR {SENDER} = ANY(%(remitentes)s))"

# The clients with this phone are few, each with its messages, so nothing is searched.
POR_CLIENTE_SQL: Final = f"""
SELECT c.id, c.nombre, c.usuario_id, s.mensaje, {SENDER}
FROM clientes_cliente k JOIN campaigns_smslog s ON s.cliente_id = k.id AND s.telefono = k.telefono_e164
JOIN campaigns_campanasms c ON c.id = s.campana_id LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
WHERE k.telefono_e164 = %(telefono)s AND k.telefono_e164 <> '' AND {SENT} AND {CAME_FROM} AND NOT c.prueba
ORDER BY s.reclamado_en DESC NULLS LAST, s.id DESC LIMIT 1
"""  # noqa: S608 - constants

# The client has another phone by now, or was anonymised: campaign by campaign, by the index that makes a phone unique
# in each. A thousand take some milliseconds. Answers to single clients would soon be all of them.
CAMPANAS: Final = 1_000
POR_CAMPANA_SQL: Final = f"""
SELECT c.id, c.nombre, c.usuario_id, m.mensaje, c.sender
FROM (SELECT c.id, c.nombre, c.usuario_id, {SENDER} AS sender
    FROM campaigns_campanasms c LEFT JOIN campaigns_remitente r ON r.id = c.remitente_id
    WHERE c.iniciado_en IS NOT NULL AND NOT c.prueba AND c.respuesta_a_id IS NULL AND {CAME_FROM}
    ORDER BY c.id DESC LIMIT {CAMPANAS}) c
CROSS JOIN LATERAL (SELECT s.mensaje, s.reclamado_en FROM campaigns_smslog s
    WHERE s.campana_id = c.id AND s.telefono = %(telefono)s AND s.telefono <> ''
        AND s.codigo <> 'telefono_duplicado' AND {SENT} LIMIT 1) m
ORDER BY m.reclamado_en DESC NULLS LAST, c.id DESC LIMIT 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Destino:
    """The shops that a text is for, and the message that it answers.

    Args:
        tiendas: ids of the shops; none when nobody knows.
        campana_id, campana_nombre, mensaje: the campaign and the text that the phone got last.
        remitente: what that text came from.
    """

    tiendas: tuple[int, ...]
    campana_id: int | None = None
    campana_nombre: str = ""
    mensaje: str = ""
    remitente: str = ""


def destino_de(telefono: str, *, remitentes: Sequence[str]) -> Destino:
    """Find the shops that a text is for.

    Args:
        telefono: who wrote, in E.164.
        remitentes: the senders of ours that they wrote to; none when that is not known.
    """
    found = (_last_sent(telefono, remitentes) if remitentes else None) or _last_sent(telefono, None)
    if found is not None:
        return found
    behind = list(tiendas_de(remitentes).order_by("pk").values_list("pk", flat=True)[:2])
    if len(behind) == 1:
        return Destino((behind[0],))
    owners = Cliente.objects.filter(telefono_e164=telefono).exclude(telefono_e164="")
    return Destino(tuple(owners.order_by("usuario").values_list("usuario", flat=True).distinct()))


def _last_sent(telefono: str, remitentes: Sequence[str] | None) -> Destino | None:
    """Find the shop by the last message that the phone got; from these senders only, if any are given."""
    params = {
        "telefono": telefono,
        "remitentes": list(remitentes) if remitentes else None,
        "instalacion": valor_de(None),
    }
    for sql in (POR_CLIENTE_SQL, POR_CAMPANA_SQL):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            row = cursor.fetchone()
        if row is not None:
            campana_id, nombre, tienda_id, mensaje, remitente = row
            return Destino((tienda_id,), campana_id, nombre, mensaje, remitente)
    return None
