"""Opening a Lote: its ledger rows are written, or, for a retry, its failed rows are judged again.

The step is part of the caller's transaction and guarded by the Lote's own estado, so doing it twice is doing it once.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from campaigns.audiencia.juicio import JUZGADOS, TEXTOS
from campaigns.campana.reintentos import DESCARTADA, OCUPADO, PARAMS, elegidos
from campaigns.mensaje import variables
from campaigns.mensaje.enlace import enlaces_de
from campaigns.mensaje.texto import ENLACE
from campaigns.models import CampanaSMS, Lote
from campaigns.values import codigos, twilio
from campaigns.values.estados import LOTE, SMS
from workers.engine.lote import medida
from workers.engine.lote.cupos import Cupos
from workers.engine.lote.medida import MEDIDOS

# Each Lote that is passed over was opened in vain: after so many a person is asked.
MOST_PASSED: Final = 100

# The rows' ids beforehand, because a message may hold a link that names its row.
IDS_SQL = "SELECT nextval(pg_get_serial_sequence('campaigns_smslog', 'id')) FROM generate_series(1, %s)"

# The text of a row, whose name and link are in the expressions `{nombre}` and `{enlace}`: the plain substitution of
# campaigns.mensaje.texto.render.
MENSAJE_SQL: Final = "replace(replace(%(mensaje)s, '{{enlace_baja}}', {enlace}), '{{nombre}}', {nombre})"


@dataclass(frozen=True, slots=True)
class Propio:
    """SQL of what a row has of its own, over the judged, `j`.

    Args:
        columnas: of `finales`, after those that every row has; `dicho` is a verdict's own text.
        nombre, telefono: of the row.
        veredicto: a WHEN of its code, before the judgement's.
        de: what the judged are joined with.
    """

    columnas: str = ", '' AS dicho"
    nombre: str = "j.nombre"
    telefono: str = "j.telefono"
    veredicto: str = ""
    de: str = ""


NADA: Final = Propio()
# Of a campaign whose call names people by their phones: `campaigns.models.destinatario`.
DE_LA_LLAMADA: Final = Propio(
    columnas=", d.valores, CASE WHEN %(sin_enviar)s = '' THEN d.error ELSE '' END AS dicho",
    # Of a client who was deleted meanwhile nothing is kept.
    nombre="CASE WHEN j.cliente_id IS NULL AND d.codigo = '' THEN '' ELSE coalesce(d.nombre, j.nombre) END",
    telefono="CASE WHEN d.codigo <> '' THEN d.telefono ELSE j.telefono END",
    veredicto="WHEN d.codigo <> '' THEN d.codigo",
    de="LEFT JOIN campaigns_destinatario d ON d.campana_id = %(campana)s AND d.quien = j.quien",
)


def open_sql(propio: Propio, mensaje: str) -> str:
    """Build the one statement that says who of the frozen ids can be sent to, and why the others cannot.

    Args:
        mensaje: such as MENSAJE_SQL.
    """
    rendered = mensaje.format(nombre="nombre", enlace="enlace", valores="valores")
    chosen = "WITH elegidos AS (SELECT u.id, u.n FROM unnest(%(ids)s) WITH ORDINALITY AS u(id, n)),"
    return f"""{chosen}{JUZGADOS}
, finales AS (
    SELECT j.n, j.cliente_id, {propio.nombre} AS nombre, {propio.telefono} AS telefono, j.pais, CASE
        WHEN %(sin_enviar)s <> '' THEN %(sin_enviar)s
        {propio.veredicto}
        -- an earlier Lote of the campaign has this phone
        WHEN j.codigo = '' AND EXISTS (SELECT FROM campaigns_smslog s WHERE s.campana_id = %(campana)s
            AND s.telefono = j.telefono AND s.telefono <> '' AND s.codigo <> 'telefono_duplicado')
            THEN 'telefono_duplicado'
        ELSE j.codigo END AS codigo{propio.columnas}
    FROM juzgados j {propio.de}
), reservados AS (
    SELECT * FROM unnest(%(log_ids)s::bigint[], %(enlaces)s::text[]) WITH ORDINALITY AS r (id, enlace, n)
), {MEDIDOS}
INSERT INTO campaigns_smslog (id, campana_id, lote_id, cliente_id, nombre, telefono, mensaje, estado, codigo, error,
    segmentos, costo, twilio_sid, entrega, entrega_codigo, intentos, ausencias, creado, actualizado)
SELECT r.id, %(campana)s, %(lote)s, cliente_id, nombre,
    -- a row that is not sent to does not hold the phone's place in the campaign
    CASE WHEN codigo IN ('', 'telefono_duplicado') THEN telefono ELSE '' END,
    CASE WHEN codigo = '' THEN {rendered} ELSE '' END,
    CASE WHEN codigo = '' THEN {SMS.PENDIENTE} ELSE {SMS.FALLIDO} END,
    codigo, CASE WHEN codigo = '' THEN '' WHEN dicho <> '' THEN dicho ELSE %(textos)s::jsonb ->> codigo END,
    segmentos, costo, '', '', '', 0, 0, now(), now()
FROM medidos JOIN reservados r USING (n) ORDER BY n
"""  # noqa: S608 - constants


OPEN_SQL: Final = open_sql(NADA, MENSAJE_SQL)

# What Twilio accepted and dropped reached nobody: its row fails for that reason, and is judged with the other failed
# ones. The claim's token goes too: a callback that comes once more would bring the dropped message back.
DROPPED_SQL = f"""
WITH descartadas AS (
    SELECT s.id, s.twilio_sid, s.entrega_codigo FROM campaigns_smslog s
    WHERE s.campana_id = %(campana)s AND s.lote_id = %(lote)s AND {DESCARTADA}
        -- What another row's message was before is no proof of this one: such a row keeps it, and its state.
        AND NOT EXISTS (SELECT FROM campaigns_descarte d WHERE d.sid = s.twilio_sid)
    ORDER BY s.id FOR NO KEY UPDATE
), guardadas AS (
    INSERT INTO campaigns_descarte (sid, log_id, codigo, creado)
    SELECT twilio_sid, id, entrega_codigo, now() FROM descartadas
)
UPDATE campaigns_smslog s SET estado = {SMS.FALLIDO}, codigo = d.entrega_codigo,
    error = %(descartes)s::jsonb ->> d.entrega_codigo, twilio_sid = '', entrega = '', entrega_codigo = '', token = NULL,
    actualizado = now()
FROM descartadas d WHERE s.id = d.id AND s.estado = {SMS.ENVIADO}
"""  # noqa: S608 - constants
DESCARTES = json.dumps({code: twilio.look_up(code).text for code in twilio.DROPPED})

FAILED_SQL = f"SELECT id FROM campaigns_smslog WHERE lote_id = %s AND estado = {SMS.FALLIDO}"  # noqa: S608 - constants


def again_sql(propio: Propio, mensaje: str) -> str:
    """Build the statement that judges the failed rows of a Lote that was closed again, by their clients' present data.
    A row that still cannot be sent to keeps its reason, or gets the new one.

    Args:
        mensaje: such as MENSAJE_SQL.
    """
    rendered = mensaje.format(nombre="f.nombre", enlace="r.enlace", valores="f.valores")
    return (
        "WITH "  # noqa: S608 - constants
        + elegidos("s.lote_id = %(lote)s")
        + ","
        + JUZGADOS
        + f", finales AS (SELECT j.n, {propio.nombre} AS nombre, j.telefono, j.pais, CASE WHEN j.codigo = '' AND "
        + OCUPADO
        + f"THEN 'telefono_duplicado' ELSE j.codigo END AS codigo{propio.columnas} FROM juzgados j {propio.de}), "
        + MEDIDOS
        + f"""
UPDATE campaigns_smslog s SET nombre = f.nombre,
    telefono = CASE WHEN f.codigo IN ('', 'telefono_duplicado') THEN f.telefono ELSE '' END,
    mensaje = CASE WHEN f.codigo = '' THEN {rendered} ELSE '' END,
    estado = CASE WHEN f.codigo = '' THEN {SMS.PENDIENTE} ELSE {SMS.FALLIDO} END, codigo = f.codigo,
    error = CASE WHEN f.codigo = '' THEN '' ELSE %(textos)s::jsonb ->> f.codigo END, intentos = 0, actualizado = now(),
    segmentos = f.segmentos, costo = f.costo
FROM medidos f JOIN unnest(%(log_ids)s::bigint[], %(enlaces)s::text[]) AS r (id, enlace) ON r.id = f.n
-- asked again where the row is locked: a callback may have proved meanwhile that it was sent
WHERE s.id = f.n AND s.estado = {SMS.FALLIDO} AND s.twilio_sid = ''
"""  # noqa: S608 - constants
    )


AGAIN_SQL: Final = again_sql(NADA, MENSAJE_SQL)


@dataclass(frozen=True, slots=True)
class Como:
    """The statements that open a campaign's Lotes, with the parameters that its text asks for."""

    open: str
    again: str
    params: Mapping[str, Any]

    @classmethod
    def de(cls, campana: CampanaSMS) -> "Como":
        if not campana.con_destinatarios:
            return cls(OPEN_SQL, AGAIN_SQL, medida.params(campana.mensaje))
        sql, params = con_valores(campana.mensaje)
        known = {**params, **medida.SIN_TABLA}  # each text is counted by itself
        return cls(open_sql(DE_LA_LLAMADA, sql), again_sql(DE_LA_LLAMADA, sql), known)


def con_valores(mensaje: str) -> tuple[str, dict[str, Any]]:
    """Return the expression of a text with variables, as `campaigns.mensaje.variables.poner` renders it, and its
    parameters."""
    parts, params = list[str](), dict[str, Any]()
    for n, part in enumerate(variables.partes(mensaje)):
        if isinstance(part, str):
            parts.append(f"%(parte_{n})s::text")
            params[f"parte_{n}"] = part
        elif part.nombre == variables.ENLACE_SOLO:
            parts.append("{enlace}")
        else:
            own = "nullif({nombre}, '')"
            if part.nombre != variables.NOMBRE_SOLO:
                own = f"{{valores}} ->> %(clave_{n})s"
                params[f"clave_{n}"] = part.nombre
            parts.append(f"coalesce({own}, %(omision_{n})s::text)")
            params[f"omision_{n}"] = part.omision or ""
    return " || ".join(parts), params


# Who waited for a cap ends for the reason for which everybody does.
ASIDE_SQL = f"""
UPDATE campaigns_smslog s SET codigo = %(sin_enviar)s, error = %(textos)s::jsonb ->> %(sin_enviar)s, actualizado = now()
WHERE s.lote_id = %(lote)s AND s.estado = {SMS.FALLIDO} AND s.codigo = %(tope)s
"""  # noqa: S608 - constants

# `now()` of the database: the sweeper compares with it, and clocks of machines differ.
OPENED_SQL = f"UPDATE campaigns_lote SET estado = {LOTE.ABIERTO}, publicar_desde = now() WHERE id = %s"  # noqa: S608 - constants


def open_next(campana: CampanaSMS, held: Cupos | None = None, *, sin_enviar: str = "") -> Lote | None:
    """Open the campaign's next pending Lote: write its rows. The caller holds the campaign's lock.

    Args:
        held: the shop's quotas; None when nobody is sent to.
        sin_enviar: the code with which all of them fail at once; "" when they are to be sent.
    """
    lote = (
        Lote.objects.select_for_update().filter(campana=campana, estado=Lote.Estado.PENDIENTE).order_by("numero")
    ).first()
    if lote is None:
        return None
    if sin_enviar and lote.dudoso_desde:
        sin_enviar = codigos.DESCONOCIDO  # it may have been opened and sent before, in commits that were lost
    como = Como.de(campana)
    params: dict[str, Any] = {
        **(held or Cupos.look(campana.usuario_id)).judge(campana),
        **como.params,
        "lote": lote.pk,
        "ids": lote.cliente_ids,
        "mensaje": campana.mensaje,
        "sin_enviar": sin_enviar,
        "textos": json.dumps(TEXTOS),
        **PARAMS,
    }
    with connection.cursor() as cursor:
        if lote.cerrado_en is None:
            cursor.execute(IDS_SQL, [len(lote.cliente_ids)])
            cursor.execute(como.open, params | _links(cursor.fetchall(), campana.mensaje))
        elif not sin_enviar:
            cursor.execute(DROPPED_SQL, params | {"descartes": DESCARTES})
            cursor.execute(FAILED_SQL, [lote.pk])
            cursor.execute(como.again, params | _links(cursor.fetchall(), campana.mensaje))
        if lote.cerrado_en is not None:
            # Whom the judgement has passed over is a client no more.
            why = sin_enviar or codigos.CLIENTE_ELIMINADO
            cursor.execute(ASIDE_SQL, params | {"tope": codigos.TOPE, "sin_enviar": why})
        if not sin_enviar:
            medida.count_odd(lote.pk, params)
        cursor.execute(OPENED_SQL, [lote.pk])
    lote.estado = Lote.Estado.ABIERTO
    return lote


def _links(rows: list[tuple[int]], mensaje: str) -> dict[str, Any]:
    """The rows' `log_ids` in order, and the `enlaces` by which their clients opt out, if the text has one."""
    log_ids = sorted(row[0] for row in rows)
    return {"log_ids": log_ids, "enlaces": enlaces_de(log_ids) if ENLACE in mensaje else [""] * len(log_ids)}


@transaction.atomic
def cut_next(campana_id: int, stay: int, *, without: Collection[int] = ()) -> bool:
    """Leave in the campaign's next unopened Lote some of its recipients; the others make the campaign's last Lote.

    Args:
        stay: so many of the first of them stay.
        without: where some cannot stay, they alone go, and the Lote is to be asked for again.

    Returns:
        Whether there are fewer now; not when nobody would be left, or when its rows exist already.
    """
    lote = _next(campana_id)
    if lote is None or lote.cerrado_en is not None:
        return False
    ids = lote.cliente_ids
    rest = [ids[place] for place in sorted(without)] or ids[stay:]
    if not 0 < len(rest) < lote.total:
        return False
    Lote.objects.create(
        campana_id=campana_id,
        numero=_after_the_last(campana_id),
        cliente_ids=rest,
        total=len(rest),
        dudoso_desde=lote.dudoso_desde,
    )
    gone = set(rest)
    lote.cliente_ids = [pk for pk in ids if pk not in gone]
    lote.total -= len(rest)
    lote.save(update_fields=["cliente_ids", "total"])
    return True


@transaction.atomic
def pass_over(campana_id: int, passed: set[int]) -> bool:
    """Let the campaign's next Lote be its last: nobody in it can be sent to while the caps are as they are.

    Args:
        passed: the ids of Lotes of which that was found before; this one's is added.

    Returns:
        Whether another is next now; not when all of them were passed over.
    """
    lote = _next(campana_id)
    if lote is None or lote.pk in passed or len(passed) >= MOST_PASSED:
        return False
    passed.add(lote.pk)
    lote.numero = _after_the_last(campana_id)
    lote.save(update_fields=["numero"])
    return True


def _next(campana_id: int) -> Lote | None:
    # The opening of a Lote locks the campaign too: no two take the same numero.
    CampanaSMS.objects.select_for_update(no_key=True).only("pk").get(pk=campana_id)
    lotes = Lote.objects.filter(campana_id=campana_id, estado=Lote.Estado.PENDIENTE)
    return lotes.select_for_update().order_by("numero").first()


def _after_the_last(campana_id: int) -> int:
    return Lote.objects.filter(campana_id=campana_id).order_by("-numero").values_list("numero", flat=True)[0] + 1
