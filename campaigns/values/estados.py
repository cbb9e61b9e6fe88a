"""The states of a campaign, a Lote and a message: what each may become, how it looks, and its name in SQL.

Three tables of moves say what may follow what, and who brings it about; a test finds every statement that writes an
estado and asserts that it makes a move of its table. `ESPERAS` says what a campaign that is not over may wait for.
Statements are built from `CAMPANA`, `LOTE` and `SMS` below, so that no estado is spelt out in SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from django.db.models import Q, TextChoices


class EstadoCampana(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # created and frozen; nothing has been sent, maybe not before its date
    PROCESANDO = "procesando", "Procesando"  # Lotes are open
    PAUSADO = "pausado", "Pausada"  # by a person, or by Twilio refusing the account: see motivo
    COMPLETADO = "completado", "Completada"  # ended; at least one message was sent
    ERROR = "error", "Error"  # ended; none was sent, or its deadline passed: see motivo
    CANCELADO = "cancelado", "Cancelada"  # a person stopped it; what was not sent never will be


class EstadoLote(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # only ids, no SMSLog rows yet; or its failed rows are to be tried again
    ABIERTO = "abierto", "Abierto"  # rows written; some are still to be sent
    POR_CONCILIAR = "por_conciliar", "Por conciliar"  # all tried; the outcome of some is unknown
    CERRADO = "cerrado", "Cerrado"  # every row is final; exitosos, fallidos and desconocidos are set


class EstadoSMS(TextChoices):
    PENDIENTE = "pendiente", "Pendiente"  # free to be claimed
    ENVIANDO = "enviando", "Enviando"  # claimed; the call to Twilio may be under way
    ENVIADO = "enviado", "Enviado"  # Twilio accepted it: twilio_sid
    FALLIDO = "fallido", "Fallido"  # it was not sent: codigo and error
    INCIERTO = "incierto", "Incierto"  # the call's outcome is unknown; never blindly sent again


class Aprobacion(TextChoices):
    """The approval of a large campaign: whether somebody has said yes."""

    NO_HACE_FALTA = "", "No hace falta"
    PENDIENTE = "pendiente", "Por aprobar"  # it does not start before somebody says yes
    APROBADA = "aprobada", "Aprobada"
    RECHAZADA = "rechazada", "Rechazada"  # and so it is `cancelado`


# --- What may become of each ------------------------------------------------------------------------------------------

E = TypeVar("E", EstadoCampana, EstadoLote, EstadoSMS)


@dataclass(frozen=True, slots=True)
class Move(Generic[E]):
    """One way in which an estado changes.

    Args:
        de: from these; none of a row that is new.
        a: what it is afterwards.
        quien: who asks for it, or what brings it about.
    """

    de: frozenset[E]
    a: E
    quien: str

    @property
    def pairs(self) -> set[tuple[E | None, E]]:
        return {(de, self.a) for de in self.de or {None}}


@dataclass(frozen=True, slots=True)
class Aspecto:
    """The look of an estado, a wait or a line of the log.

    Args:
        tono: CSS class of its colour.
        icono: name in the sprite, so that colour never speaks alone.
    """

    tono: str
    icono: str


@dataclass(frozen=True, slots=True)
class Accion(Move[EstadoCampana]):
    """A move that has a name: a person may ask for it, or its log line is a person's too.

    Args:
        suceso: what the campaign's log calls it afterwards, of `Suceso.Tipo`.
        aspecto: how that line looks, and the button's icon.
        anota: the reason that the log keeps when a person does it from a page, with `{usuario}`.
        hecho: what the page says when it is done; "" when it has no button.
    """

    suceso: str
    aspecto: Aspecto
    anota: str = ""
    hecho: str = ""


def _de(*estados: E) -> frozenset[E]:
    return frozenset(estados)


_C = EstadoCampana
# In the order of the buttons.
MOVES: Final[dict[str, Accion]] = {
    "iniciar": Accion(
        _de(_C.PENDIENTE),
        _C.PROCESANDO,
        "the engine, once its date has come",
        "iniciada",
        Aspecto("tono-activo", "send"),
    ),
    "pausar": Accion(
        _de(_C.PROCESANDO),
        _C.PAUSADO,
        "a person; Twilio, which refuses the account or everybody alike; a cap on money",
        "pausada",
        Aspecto("tono-duda", "player-pause"),
        "La pausó {usuario}.",
        "La campaña quedó en pausa. Lo que ya salió hacia Twilio no se detiene.",
    ),
    "reanudar": Accion(
        _de(_C.PAUSADO),
        _C.PROCESANDO,
        "a person; the engine, when the next day of a cap begins",
        "reanudada",
        Aspecto("tono-activo", "player-play"),
        hecho="La campaña continúa.",
    ),
    "reintentar": Accion(
        _de(_C.COMPLETADO, _C.ERROR),
        _C.PROCESANDO,
        "a person; only those who certainly got nothing: campaigns.campana.reintentos",
        "reintentada",
        Aspecto("tono-activo", "refresh"),
        hecho="Se intenta de nuevo con los fallidos que aún pueden recibir el mensaje, y con lo que Twilio no envió.",
    ),
    "cancelar": Accion(
        _de(_C.PENDIENTE, _C.PROCESANDO, _C.PAUSADO),
        _C.CANCELADO,
        "a person",
        "cancelada",
        Aspecto("tono-falla", "ban"),
        "La canceló {usuario}.",
        "La campaña se canceló. Lo que no se había enviado ya no se enviará.",
    ),
}

DE_CAMPANA: Final[tuple[Move[EstadoCampana], ...]] = (
    Move(_de(), _C.PENDIENTE, "the person or the schedule that creates it"),
    *MOVES.values(),
    Move(_de(_C.PENDIENTE), _C.CANCELADO, "an admin who does not approve it"),
    Move(_de(_C.PROCESANDO, _C.PAUSADO), _C.COMPLETADO, "its end; paused, only by its deadline"),
    Move(_de(_C.PENDIENTE, _C.PROCESANDO, _C.PAUSADO), _C.ERROR, "its end with nothing sent, or its deadline"),
    Move(_de(_C.ERROR), _C.COMPLETADO, "a late callback: a message was sent after all, and nothing was cut off"),
)

_L = EstadoLote
DE_LOTE: Final[tuple[Move[EstadoLote], ...]] = (
    Move(_de(), _L.PENDIENTE, "the freezing of the audience; what is cut off a Lote that is dearer than a cap leaves"),
    Move(_de(_L.PENDIENTE), _L.ABIERTO, "its opening"),
    Move(_de(_L.ABIERTO), _L.POR_CONCILIAR, "its closing, when only uncertain rows are left"),
    Move(_de(_L.POR_CONCILIAR), _L.ABIERTO, "its closing, or the reconciler: a row is to be sent again"),
    Move(_de(_L.ABIERTO, _L.POR_CONCILIAR), _L.CERRADO, "its closing, when every row is final"),
    Move(_de(_L.CERRADO), _L.PENDIENTE, "reintentar: rows that failed, or were dropped, are tried again"),
)

_S = EstadoSMS
DE_SMS: Final[tuple[Move[EstadoSMS], ...]] = (
    Move(_de(), _S.PENDIENTE, "the opening of its Lote"),
    Move(_de(), _S.FALLIDO, "the opening of its Lote: it may not be sent to"),
    Move(_de(_S.PENDIENTE), _S.ENVIANDO, "a claim"),
    Move(_de(_S.ENVIANDO), _S.ENVIADO, "the call's answer"),
    Move(_de(_S.ENVIANDO), _S.FALLIDO, "the call's answer, or an opt-out that came just before the call"),
    Move(_de(_S.ENVIANDO), _S.PENDIENTE, "the call's answer: not created; or the call was not made"),
    Move(_de(_S.ENVIANDO), _S.INCIERTO, "no answer, or a lease that ran out"),
    Move(_de(_S.INCIERTO), _S.ENVIADO, "a late answer, a status callback, or Twilio's list"),
    Move(_de(_S.INCIERTO), _S.FALLIDO, "a late answer; never accepted in all attempts; or the deadline: desconocido"),
    Move(_de(_S.INCIERTO), _S.PENDIENTE, "a late answer, or absent twice from Twilio's list"),
    Move(_de(_S.PENDIENTE), _S.ENVIADO, "a late answer or a callback, after it was thought absent"),
    Move(_de(_S.PENDIENTE), _S.INCIERTO, "PostgreSQL lost its last commits, and with them perhaps that it was sent"),
    Move(
        _de(_S.PENDIENTE),
        _S.FALLIDO,
        "cancelled, too late, opted out, judged again before its day, no room in a cap",
    ),
    Move(_de(_S.FALLIDO), _S.PENDIENTE, "reintentar, when its Lote opens once more; many refused alike, none accepted"),
    Move(_de(_S.ENVIADO), _S.FALLIDO, "its Lote opens once more, and Twilio had dropped it unsent"),
    Move(_de(_S.FALLIDO), _S.ENVIADO, "a late callback, if Twilio had not refused it: the product had given it up"),
)


def may(action: str, estado: str, reanuda_en: datetime | None = None) -> bool:
    """Tell whether `action` may be asked of a campaign.

    One that a cap paused goes on by itself, so pausing it means something: it then waits for a person.

    Args:
        reanuda_en: when a campaign that a cap paused goes on by itself.
    """
    held = action == "pausar" and estado == EstadoCampana.PAUSADO and reanuda_en is not None
    return estado in MOVES[action].de or held


def refusal(action: str, estado: str) -> str:
    """Say why `action` is not possible from `estado`, as a sentence for people."""
    return f"No se puede {action}: {REFUSALS[EstadoCampana(estado)]}."


# --- How each looks ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeCampana(Aspecto):
    """The look of a campaign's estado, and what it means for people.

    Args:
        rechazo: why most moves are not possible from it.
        termina: what the log calls a campaign's end in it, of `Suceso.Tipo`; "" when no campaign ends in it.
        alarma: whether its motivo is shown in its own colour.
        orden: the first on the wall is the lowest.
    """

    rechazo: str
    termina: str = ""
    alarma: bool = False
    orden: int = 2


CAMPANAS: Final[dict[EstadoCampana, DeCampana]] = {
    _C.PENDIENTE: DeCampana("tono-quieto", "clock", "la campaña aún no ha empezado"),
    _C.PROCESANDO: DeCampana("tono-activo", "send", "la campaña está en curso", orden=0),
    _C.PAUSADO: DeCampana("tono-duda", "player-pause", "la campaña está pausada", alarma=True, orden=1),
    _C.COMPLETADO: DeCampana("tono-exito", "circle-check", "la campaña ya terminó", termina="completada"),
    _C.ERROR: DeCampana(
        "tono-falla", "alert-triangle", "la campaña ya terminó con error", termina="error", alarma=True
    ),
    _C.CANCELADO: DeCampana("tono-quieto", "ban", "la campaña fue cancelada", termina="cerrada"),
}
REFUSALS: Final = {estado: row.rechazo for estado, row in CAMPANAS.items()}
FINALES: Final = frozenset(estado for estado, row in CAMPANAS.items() if row.termina)
# How a motivo looks that is no alarm.
AVISO: Final = Aspecto("tono-quieto", "info-circle")


@dataclass(frozen=True, slots=True)
class DeSMS(Aspecto):
    """The look of a message's estado.

    Args:
        varios: what many such messages are called.
        cuenta: their count's name in Progreso.
    """

    varios: str
    cuenta: str


# In the order of the bar, from left to right.
MENSAJES: Final[dict[EstadoSMS, DeSMS]] = {
    _S.ENVIADO: DeSMS("tono-exito", "circle-check", "Enviados", "exitosos"),
    _S.FALLIDO: DeSMS("tono-falla", "circle-x", "Fallidos", "fallidos"),
    _S.INCIERTO: DeSMS("tono-duda", "help-circle", "Inciertos", "inciertos"),
    _S.ENVIANDO: DeSMS("tono-activo", "send", "Enviando", "enviando"),
    _S.PENDIENTE: DeSMS("tono-quieto", "circle-dashed", "Pendientes", "pendientes"),
}


# --- In SQL -----------------------------------------------------------------------------------------------------------

# Lotes with rows that are not final, or were not a moment ago.
LOTES_EN_CURSO: Final = (_L.ABIERTO, _L.POR_CONCILIAR)
SMS_FINALES: Final = (_S.ENVIADO, _S.FALLIDO)


def en_sql(estado: TextChoices) -> str:
    """An estado as a literal: `'pendiente'`."""
    return f"'{estado.value}'"


def en_sql_todos(estados: Iterable[TextChoices]) -> str:
    """Several, for IN: `('abierto', 'por_conciliar')`."""
    return f"({', '.join(map(en_sql, estados))})"


class _CampanaSQL:
    PENDIENTE: Final = en_sql(_C.PENDIENTE)
    PROCESANDO: Final = en_sql(_C.PROCESANDO)
    PAUSADO: Final = en_sql(_C.PAUSADO)
    COMPLETADO: Final = en_sql(_C.COMPLETADO)
    ERROR: Final = en_sql(_C.ERROR)
    CANCELADO: Final = en_sql(_C.CANCELADO)
    TERMINA_SOLA: Final = en_sql_todos((_C.PROCESANDO, _C.CANCELADO))  # with its last Lote; the others by the deadline


class _LoteSQL:
    PENDIENTE: Final = en_sql(_L.PENDIENTE)
    ABIERTO: Final = en_sql(_L.ABIERTO)
    POR_CONCILIAR: Final = en_sql(_L.POR_CONCILIAR)
    CERRADO: Final = en_sql(_L.CERRADO)
    EN_CURSO: Final = en_sql_todos(LOTES_EN_CURSO)
    SUMADOS: Final = en_sql_todos((_L.CERRADO, _L.PENDIENTE))  # if it was ever closed, its sums are in its row


class _SmsSQL:
    PENDIENTE: Final = en_sql(_S.PENDIENTE)
    ENVIANDO: Final = en_sql(_S.ENVIANDO)
    ENVIADO: Final = en_sql(_S.ENVIADO)
    FALLIDO: Final = en_sql(_S.FALLIDO)
    INCIERTO: Final = en_sql(_S.INCIERTO)
    FINALES: Final = en_sql_todos(SMS_FINALES)
    VIVOS: Final = en_sql_todos((_S.PENDIENTE, _S.ENVIANDO, _S.INCIERTO))
    POR_ENVIAR: Final = en_sql_todos((_S.PENDIENTE, _S.ENVIANDO))
    RECLAMADOS: Final = en_sql_todos((_S.ENVIANDO, _S.INCIERTO))  # whose call's answer may still come
    SIN_ASENTAR: Final = en_sql_todos((_S.INCIERTO, _S.PENDIENTE))  # tried, and not settled
    QUIZAS_LEIDOS: Final = en_sql_todos((_S.ENVIANDO, _S.ENVIADO, _S.INCIERTO))  # the client may have got them


# Read as `s.estado = {SMS.PENDIENTE}`, `l.estado IN {LOTE.EN_CURSO}`.
CAMPANA: Final = _CampanaSQL
LOTE: Final = _LoteSQL
SMS: Final = _SmsSQL


# --- What a campaign waits for ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Espera:
    """Something for which a campaign stands still, as a condition on its row: in memory, in SQL and in the ORM.

    Args:
        clave: its name in metrics and pages.
        aspecto, texto: how the campaign looks meanwhile, and what it is called.
        estado: of the campaign meanwhile.
        campo: the field that says so.
        valor: the field's value; None for a moment that is still to come.
        se_borra: whether the engine clears the moment when the campaign goes on. Until then it still waits for people
            who look at it, though the engine already finds that its time has come.
    """

    clave: str
    aspecto: Aspecto
    texto: str
    estado: EstadoCampana
    campo: str
    valor: str | None = None
    se_borra: bool = False

    def aplica(self, campana: Any, now: datetime) -> bool:
        """Tell whether the campaign waits for it, as people see it."""
        if campana.estado != self.estado:
            return False
        value = getattr(campana, self.campo)
        if self.valor is not None:
            return bool(value == self.valor)
        return value is not None and (self.se_borra or value > now)

    def sql(self, alias: str = "") -> str:
        """Return an SQL condition: nothing is to be done for the row of `campaigns_campanasms` yet; NULL is no.

        Args:
            alias: of the table, with its dot.
        """
        condition = f"{self.campo} > now()" if self.valor is None else f"{self.campo} = '{self.valor}'"
        return f"{alias}estado = {en_sql(self.estado)} AND {alias}{condition}"

    def q(self, now: datetime) -> Q:
        """Return the condition of `sql` for the ORM."""
        lookup = {f"{self.campo}__gt": now} if self.valor is None else {self.campo: self.valor}
        return Q(estado=self.estado, **lookup)


# In the order in which metrics ask, and in which the first decides how the campaign looks.
ESPERA_VENTANA: Final = Espera(
    "espera_ventana", Aspecto("tono-duda", "clock"), "En espera", _C.PROCESANDO, "espera_hasta", se_borra=True
)
ESPERA_APROBACION: Final = Espera(
    "espera_aprobacion",
    Aspecto("tono-duda", "shield-check"),
    "Por aprobar",
    _C.PENDIENTE,
    "aprobacion",
    valor=Aprobacion.PENDIENTE.value,
)
ESPERA_FECHA: Final = Espera(
    "espera_fecha", Aspecto("tono-quieto", "calendar-event"), "Programada", _C.PENDIENTE, "programada_para"
)
ESPERAS: Final = (ESPERA_VENTANA, ESPERA_APROBACION, ESPERA_FECHA)


def esperas_de(campana: Any, now: datetime) -> list[Espera]:
    """List what the campaign waits for; nothing when it moves by itself.

    Args:
        campana: a CampanaSMS.
    """
    return [espera for espera in ESPERAS if espera.aplica(campana, now)]


def descansa(campana: Any, now: datetime) -> bool:
    """Tell whether nothing happens before its date comes, a window opens or a person does something."""
    return campana.estado == EstadoCampana.PAUSADO or bool(esperas_de(campana, now))
