"""The moments at which a campaign's messages leave: all at its first jornada, or, where a cap stops it, day by day.

By the engine's own rules (`campaigns.ley`, `campaigns.audiencia.juicio`), as if every message were accepted, nothing
else were sent meanwhile and nobody changed anything.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from campaigns.audiencia.juicio import parametros
from campaigns.audiencia.seleccion import Audiencia
from campaigns.ley.consulta import falta_consulta
from campaigns.ley.gasto import (
    MEDIDAS,
    SE_ACABO,
    Cabida,
    Gastado,
    Medida,
    Toma,
    alguno_cabe,
    caben,
    gastado,
    que_falta,
    sin_precio,
    topes_de,
)
from campaigns.ley.jornada import Jornada, jornada_desde, jornada_tras
from campaigns.ley.precios import precio_de, precio_operador
from campaigns.mensaje import texto
from campaigns.mensaje.partes import contar
from campaigns.models import Ajustes, Remitente
from campaigns.remitentes import valor_de
from campaigns.values import codigos
from campaigns.vista_previa.costo import CLASE, SAMPLE, Costo, Grupo, calcular, grupo_de, grupos_de, juzgar

NUNCA: Final = "El horario de envío de la tienda no se abre nunca: no se enviaría nada."
VENCE: Final = "El plazo de {horas} horas se acaba antes de que se abra el horario: no se enviaría nada."
VENCE_ANTES: Final = "El plazo de {horas} horas se acaba antes."
# Beyond so many recipients the days of a cap are told by what a message costs on average.
EXACTO_HASTA: Final = 10_000

FILAS_SQL: Final = f"""
SELECT n, codigo, clase, char_length(nombre), CASE WHEN clase = 'raro' THEN nombre END, telefono, pais, consentido,
    movil
FROM (SELECT *, {CLASE} AS clase FROM candidatos) AS c ORDER BY n
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Salida:
    """The messages that leave in one jornada.

    Args:
        desde: when the first one does.
        cantidad: how many do before the day, or the window, ends.
    """

    dia: date
    desde: datetime
    cantidad: int


@dataclass(slots=True)
class Reparto:
    """A campaign's messages over its days.

    Args:
        jornada: the first one; None when the shop's timetable has none.
        pedido: what the whole campaign would take on its first day, whatever the caps.
        salidas: in order; empty when nothing would leave.
        grupos: the recipients who have had their turn by the deadline, judged each on their own day.
        no_salen: the other recipients, sendable or not.
        motivo: why those do not leave; "" when there are none.
        aproximado: the days of `salidas` are estimated.
    """

    jornada: Jornada | None
    pedido: Costo
    salidas: list[Salida] = field(default_factory=list)
    grupos: list[Grupo] = field(default_factory=list)
    no_salen: int = 0
    motivo: str = ""
    aproximado: bool = False

    @property
    def todos_juntos(self) -> bool:
        """Tell whether nobody is kept waiting, or left out, by a cap or the deadline."""
        if self.no_salen or len(self.salidas) > 1:
            return False
        return not self.salidas or self.jornada is None or self.salidas[0].dia == self.jornada.dia

    @property
    def saldra_en(self) -> datetime | None:
        """Return when the first message leaves; None when none does."""
        return self.salidas[0].desde if self.salidas else None


@dataclass(frozen=True, slots=True)
class _Fila:
    """One recipient: the group that they count in, with the code that speaks against them, and what they would take."""

    grupo: Grupo
    telefono: str
    toma: Toma


@dataclass(slots=True)
class Calendario:
    """The caps of a shop over days to come, of which campaigns take, one after the other."""

    ajustes: Ajustes
    tomado: dict[date, Toma] = field(default_factory=dict)
    known: dict[date, Gastado] = field(default_factory=dict)

    def gastado(self, dia: date) -> Gastado:
        if dia not in self.known:
            self.known[dia] = gastado(self.ajustes.usuario_id, dia)
        spent = self.known[dia]
        for day, toma in self.tomado.items():
            if (day.year, day.month) == (dia.year, dia.month):
                spent = spent.mas(toma, mismo_dia=day == dia)
        return spent

    def tomar(self, dia: date, toma: Toma) -> None:
        before = self.tomado.get(dia) or dict.fromkeys(MEDIDAS, 0)
        self.tomado[dia] = {each: before[each] + toma[each] for each in MEDIDAS}


def repartir(
    audiencia: Audiencia,
    mensaje: str,
    *,
    ajustes: Ajustes,
    remitente: Remitente | None = None,
    a_toda_hora: bool = False,
    desde: datetime | None = None,
    calendario: Calendario | None = None,
    total: int | None = None,
) -> Reparto:
    """Tell when the messages of a campaign would leave, and who would get none.

    Args:
        remitente: None for the installation's sender.
        a_toda_hora: the shop's windows and its cap on contacts are not for it.
        desde: when it is to start; now when None.
        calendario: has what campaigns before it will have taken, and is given what this one takes.
        total: recipients, if that is known.
    """
    calendario = calendario or Calendario(ajustes)
    start = desde or timezone.now()
    vence = start + timedelta(hours=ajustes.plazo_h)
    jornada = jornada_desde(ajustes, start, a_toda_hora=a_toda_hora)
    dia = jornada.dia if jornada else start.astimezone(ajustes.zona).date()
    grupos = grupos_de(audiencia, ajustes=ajustes, dia=dia, remitente=remitente, a_toda_hora=a_toda_hora, total=total)
    pedido = calcular(mensaje, grupos)
    reparto = Reparto(jornada, pedido)
    total = sum(grupo.cantidad for grupo in grupos)
    horas = f"{ajustes.plazo_h:g}"
    if jornada is None or jornada.desde >= vence:
        reparto.motivo = VENCE.format(horas=horas) if jornada else NUNCA
        reparto.no_salen = total
        return reparto
    if not a_toda_hora and (motivo := falta_consulta(ajustes, jornada.desde)):
        reparto.motivo, reparto.no_salen = motivo, total
        return reparto
    sin = sin_precio(ajustes, unpriced=pedido.precio(ajustes) is None)
    if not pedido.destinatarios or not (sin or _falta(pedido, calendario, dia)):
        reparto.grupos = grupos
        if pedido.destinatarios:
            reparto.salidas = [Salida(dia, jornada.desde, pedido.destinatarios)]
            calendario.tomar(dia, _toma_de(pedido, ajustes))
        return reparto
    if sin:
        reparto.motivo, reparto.no_salen = sin, total
        return reparto
    if total > EXACTO_HASTA:
        _por_promedio(reparto, calendario, grupos, jornada, vence, a_toda_hora=a_toda_hora)
        return reparto
    plan = _Plan(audiencia, mensaje, ajustes, remitente, a_toda_hora)
    plan.hacer(reparto, calendario, jornada, vence)
    return reparto


def _falta(pedido: Costo, calendario: Calendario, dia: date) -> bool:
    """Tell whether some cap does not let all of it be sent on a day."""
    ajustes = calendario.ajustes
    if next(topes_de(ajustes), None) is None:
        return False
    return que_falta(ajustes, calendario.gastado(dia), _toma_de(pedido, ajustes)) is not None


def cabida_de(
    audiencia: Audiencia,
    mensaje: str,
    *,
    ajustes: Ajustes,
    remitente: Remitente | None,
    a_toda_hora: bool,
    dia: date,
) -> Cabida:
    """Find how many of the first of an audience the caps let through on a day.

    Args:
        dia: on the shop's calendar.
    """
    filas = _Plan(audiencia, mensaje, ajustes, remitente, a_toda_hora).filas(dia)
    tomas = [None if fila.grupo.codigo else fila.toma for fila in filas]
    return caben(ajustes, gastado(ajustes.usuario_id, dia), tomas)


@dataclass(slots=True)
class _Plan:
    """The engine's opening of Lotes, without writing anything: `workers.engine.campaign.envio`."""

    audiencia: Audiencia
    mensaje: str
    ajustes: Ajustes
    remitente: Remitente | None
    a_toda_hora: bool

    def hacer(self, reparto: Reparto, calendario: Calendario, jornada: Jornada, vence: datetime) -> None:
        filas = self.filas(jornada.dia)
        today = True
        size = settings.LOTE_SIZE
        # Each Lote is a list of places in the audience.
        cola = deque(list(range(len(filas)))[n : n + size] for n in range(0, len(filas), size))
        con_turno: Counter[Grupo] = Counter()
        escritos: set[str] = set()
        while cola:
            salen = pasados = 0
            cabida = None
            while cola and pasados < len(cola):
                lote = self._juzgados([filas[n] for n in cola[0]], escritos)
                cabida = caben(
                    self.ajustes,
                    calendario.gastado(jornada.dia),
                    [None if fila.grupo.codigo else fila.toma for fila in lote],
                )
                places = cola[0]
                if 0 < len(cabida.caros) < len(places):
                    # They make a Lote of their own, and the others are judged without them.
                    cola.append([places[n] for n in cabida.caros])
                    cola[0] = [place for n, place in enumerate(places) if n not in cabida.caros]
                    continue
                if not cabida.n and cabida.hasta(jornada.dia) is None and alguno_cabe(self.ajustes):
                    cola.rotate(-1)
                    pasados += 1
                    continue
                if not cabida.n:
                    break
                pasados = 0
                cola.popleft()
                if places[cabida.n :]:
                    cola.append(places[cabida.n :])  # the engine makes the campaign's last Lote of them
                calendario.tomar(jornada.dia, cabida.toma)
                opened = lote[: cabida.n]
                con_turno.update(fila.grupo for fila in opened)
                escritos.update(fila.telefono for fila in opened if not fila.grupo.codigo)
                salen += sum(not fila.grupo.codigo for fila in opened)
            if salen:
                reparto.salidas.append(Salida(jornada.dia, jornada.desde, salen))
            if not cola or cabida is None or cabida.tope is None:
                break
            hasta = cabida.hasta(jornada.dia)
            siguiente = jornada_tras(self.ajustes, hasta, a_toda_hora=self.a_toda_hora) if hasta else None
            if siguiente is None or siguiente.desde >= vence:
                tope = SE_ACABO.format(nombre=cabida.tope.nombre, tope=cabida.tope.escrito(cabida.cuanto))
                late = VENCE_ANTES.format(horas=f"{self.ajustes.plazo_h:g}") if siguiente else ""
                reparto.motivo = f"{tope} {late}".strip()
                break
            if not self.a_toda_hora and (motivo := falta_consulta(self.ajustes, siguiente.desde)):
                reparto.motivo = motivo
                break
            jornada = siguiente
            if today:  # all the days that follow are alike: nothing is counted against any phone yet
                filas, today = self.filas(jornada.dia), False
        reparto.no_salen = sum(map(len, cola))
        reparto.grupos = [grupo.por(n) for grupo, n in con_turno.items()]

    def filas(self, dia: date) -> list[_Fila]:
        params = parametros(self.ajustes, dia=dia, remitente=valor_de(self.remitente), a_toda_hora=self.a_toda_hora)
        mensaje = texto.con_enlace(self.mensaje)
        known: dict[tuple[Any, ...], Toma] = {}
        filas = []
        llamados = self.audiencia.llamados
        for n, codigo, clase, largo, raro, telefono, pais, consentido, movil in juzgar(
            self.audiencia, params, FILAS_SQL
        ):
            if n <= len(llamados):
                grupo = grupo_de(llamados[n - 1], codigo, pais, consentido=consentido, movil=movil)
            else:
                nombre = raro if raro is not None else SAMPLE[clase] * largo
                sale = not codigo
                grupo = Grupo(codigo, nombre, pais, 1, int(sale and not consentido), int(sale and not movil))
            key = (grupo.nombre, grupo.valores, grupo.pais)
            if key not in known:
                costo = Costo()
                rendered = texto.render(mensaje, grupo.nombre, valores=dict(grupo.valores))
                costo.add(contar(rendered), 1, grupo.pais)
                known[key] = _toma_de(costo, self.ajustes)
            filas.append(_Fila(grupo, telefono, known[key]))
        return filas

    @staticmethod
    def _juzgados(filas: Sequence[_Fila], escritos: set[str]) -> list[_Fila]:
        """Judge the recipients of a Lote beside those who have been written to."""
        seen = set(escritos)
        found = []
        for fila in filas:
            if not fila.grupo.codigo and fila.telefono in seen:
                g = fila.grupo
                fila = _Fila(Grupo(codigos.TELEFONO_DUPLICADO, g.nombre, g.pais, 1, 0, 0), fila.telefono, fila.toma)
            elif not fila.grupo.codigo:
                seen.add(fila.telefono)
            found.append(fila)
        return found


def _toma_de(costo: Costo, ajustes: Ajustes) -> Toma:
    """Return what so many messages take of the caps; 0 of one that nobody can price."""
    taken: dict[Medida, Decimal | int] = {
        "monto": sum(((precio_de(ajustes, pais) or 0) * n for pais, n in costo.por_pais.items()), Decimal(0)),
        "operador": sum(((precio_operador(ajustes, pais) or 0) * n for pais, n in costo.por_pais.items()), Decimal(0)),
        "mensajes": costo.destinatarios,
    }
    return taken


def _por_promedio(
    reparto: Reparto,
    calendario: Calendario,
    grupos: list[Grupo],
    jornada: Jornada,
    vence: datetime,
    *,
    a_toda_hora: bool,
) -> None:
    """Tell the days of a large campaign as if each message cost what they cost on average."""
    reparto.aproximado = True
    ajustes = calendario.ajustes
    total = _toma_de(reparto.pedido, ajustes)
    left = reparto.pedido.destinatarios
    one = {each: Decimal(total[each]) / left for each in MEDIDAS}
    siguiente: Jornada | None = jornada
    dia, cabida, sin_consulta = jornada.dia, None, ""
    while left and siguiente is not None and siguiente.desde < vence:
        dia = siguiente.dia
        spent = calendario.gastado(dia)
        n = _cuantos(ajustes, spent, one, left)
        if n:
            calendario.tomar(dia, {each: one[each] * n for each in MEDIDAS})
            reparto.salidas.append(Salida(dia, siguiente.desde, n))
            left -= n
            spent = calendario.gastado(dia)
        cabida = caben(ajustes, spent, [one])
        hasta = cabida.hasta(dia)
        siguiente = jornada_tras(ajustes, hasta, a_toda_hora=a_toda_hora) if left and hasta else None
        if siguiente is not None and siguiente.desde < vence and not a_toda_hora:
            sin_consulta = falta_consulta(ajustes, siguiente.desde)
            if sin_consulta:
                break
    reparto.no_salen = left
    if sin_consulta:
        reparto.motivo = sin_consulta
    elif left and cabida is not None and cabida.tope is not None:
        late = VENCE_ANTES.format(horas=f"{ajustes.plazo_h:g}") if cabida.hasta(dia) else ""
        tope = SE_ACABO.format(nombre=cabida.tope.nombre, tope=cabida.tope.escrito(cabida.cuanto))
        reparto.motivo = f"{tope} {late}".strip()
    reparto.grupos = _sin_los_ultimos(grupos, left)


def _sin_los_ultimos(grupos: list[Grupo], n: int) -> list[Grupo]:
    """Take so many of those who would be sent to out of the groups."""
    kept = []
    for grupo in reversed(grupos):
        out = 0 if grupo.codigo else min(n, grupo.cantidad)
        n -= out
        if grupo.cantidad > out:
            kept.append(
                replace(
                    grupo,
                    cantidad=grupo.cantidad - out,
                    sin_consentimiento=max(0, grupo.sin_consentimiento - out),
                    no_celulares=max(0, grupo.no_celulares - out),
                )
            )
    return kept


def _cuantos(ajustes: Ajustes, spent: Gastado, one: Toma, most: int) -> int:
    """Return how many messages of this cost fit: by halves, for a cap lets through so many and no more."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        fits = que_falta(ajustes, spent, {each: one[each] * middle for each in MEDIDAS}) is None
        low, high = (middle, high) if fits else (low, middle - 1)
    return low
