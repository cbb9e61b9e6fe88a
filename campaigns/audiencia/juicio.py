"""Who of an audience can be sent to, and why the others cannot: one judgement for the preview and the engine."""

from datetime import date
from typing import Any, Final

from django.db.models import Count, QuerySet

from campaigns.audiencia.seleccion import Audiencia, clientes_de
from campaigns.models import Ajustes, Contacto
from clientes.bajas.sql import LISTA_SQL, en_lista_sql, fuera_sql, sin_baja
from clientes.models import Cliente, NumeroRNE


def _juzgados(fuera: str) -> str:
    return f"""
candidatos AS (
    SELECT e.n, c.id AS cliente_id, coalesce(c.nombre, '') AS nombre, coalesce(c.telefono_e164, '') AS telefono,
        coalesce(c.pais, '') AS pais, c.consentimiento_en IS NOT NULL AS consentido,
        CASE
            WHEN c.id IS NULL THEN 'cliente_eliminado'
            WHEN NOT c.activo THEN 'cliente_inactivo'
            WHEN c.telefono = '' THEN 'sin_telefono'
            WHEN c.telefono_e164 = '' THEN 'telefono_invalido'
            WHEN {fuera} THEN 'baja'
            WHEN %(rne)s AND EXISTS (SELECT FROM clientes_numerorne r
                WHERE r.usuario_id = %(tenant)s AND r.telefono = c.telefono_e164) THEN 'rne'
            WHEN %(consentimiento)s AND c.consentimiento_en IS NULL THEN 'sin_consentimiento'
            WHEN %(frecuencia)s > 0 AND (SELECT count(*) FROM campaigns_contacto k WHERE k.usuario_id = %(tenant)s
                AND k.dia = %(dia)s AND k.telefono = c.telefono_e164 AND k.campana_id <> %(campana)s) >= %(frecuencia)s
                THEN 'frecuencia'
            ELSE ''
        END AS codigo
    FROM elegidos e LEFT JOIN clientes_cliente c ON c.id = e.id AND c.usuario_id = %(tenant)s
), juzgados AS (
    SELECT n, cliente_id, nombre, telefono, pais, consentido,
        CASE WHEN codigo = '' AND row_number() OVER (PARTITION BY codigo, telefono ORDER BY n) > 1
            THEN 'telefono_duplicado' ELSE codigo END AS codigo
    FROM candidatos
)
"""  # noqa: S608 - constants


# Needs `elegidos (id, n)` before it and the parameters of `parametros`; gives `juzgados (n, cliente_id, nombre,
# telefono, pais, consentido, codigo)` with codigo '' for those who can be sent to. The first of two clients with one
# phone receives the message. What the campaign itself took of a phone's contacts of the day does not speak against it.
JUZGADOS: Final = _juzgados(fuera_sql(telefono="c.telefono_e164", tienda="%(tenant)s", remitente="%(remitente)s"))
# The same for a whole audience instead of one Lote.
JUZGADOS_TODOS: Final = f"{LISTA_SQL},{_juzgados(en_lista_sql(telefono='c.telefono_e164'))}"


def parametros(
    ajustes: Ajustes, *, dia: date, remitente: str, campana_id: int = 0, a_toda_hora: bool = False
) -> dict[str, Any]:
    """The parameters of `JUZGADOS`.

    Args:
        ajustes: of the shop.
        dia: on its calendar, on which the messages leave.
        remitente: what they come from.
        campana_id: 0 for one that does not exist yet.
        a_toda_hora: the cap on contacts is not for the campaign.
    """
    return {
        "tenant": ajustes.usuario_id,
        "remitente": remitente,
        "dia": dia,
        "campana": campana_id,
        "rne": ajustes.rne_activo,
        "consentimiento": ajustes.exigir_consentimiento,
        "frecuencia": 0 if a_toda_hora else ajustes.tope_por_telefono,
    }


def enviables_de(
    audiencia: Audiencia, *, ajustes: Ajustes, dia: date, remitente: str, a_toda_hora: bool = False
) -> QuerySet[Cliente]:
    """Of the audience, those who can be sent to; of two clients with one phone, both. As `JUZGADOS` for Django's
    queries, with the arguments of `parametros`."""
    tenant_id = ajustes.usuario_id
    usable = clientes_de(audiencia, tenant_id=tenant_id).filter(activo=True).exclude(telefono_e164="")
    usable = sin_baja(usable, tienda_id=tenant_id, remitente=remitente)
    if ajustes.rne_activo:
        usable = usable.exclude(telefono_e164__in=NumeroRNE.objects.filter(usuario_id=tenant_id).values("telefono"))
    if ajustes.exigir_consentimiento:
        usable = usable.filter(consentimiento_en__isnull=False)
    if ajustes.tope_por_telefono and not a_toda_hora:
        contacted = Contacto.objects.filter(usuario_id=tenant_id, dia=dia).values("telefono")
        full = contacted.annotate(veces=Count("pk")).filter(veces__gte=ajustes.tope_por_telefono)
        usable = usable.exclude(telefono_e164__in=full.values("telefono"))
    return usable
