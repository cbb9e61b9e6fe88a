"""A session ends some hours after its last request, and some days after the sign-in; its owner sees it and may end it.

OWASP ASVS 5.0, 7.3.1, 7.3.2 and 7.5. A page that is open and asks by itself counts as somebody there: a wall of
campaigns stays on, and signs in once a week.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout, user_logged_in
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.agente import en_palabras
from core.confinement import DE_FONDO, DE_TODOS
from core.models import Sesion, Usuario
from core.ops import actor
from core.registro import Tipo, anotar

DESDE: Final = "desde"
VISTO: Final = "visto"
# When the person last proved who they are, and whether by both factors.
CONFIRMADO: Final = "confirmado"
FACTOR: Final = "factor"
# Seconds for which that proof is good; a form that was opened within them may be sent for as long again.
RECIENTE_S: Final = 900
# The key under which the session is in the list of its person: Django changes it at a new password.
ANOTADA: Final = "anotada"
AGENTE_MAX: Final = 300
# A session is written no more often than this, in seconds.
NOTED_EACH_S: Final = 300
HOUR_S: Final = 3600
# Where the error is kept that a look at the session met.
SIN_MIRAR: Final = "core.sessions.sin_mirar"
# What has to answer while PostgreSQL is away.
LIBRES: Final = {"healthz", "readyz"}


class SessionLimits:
    """Middleware that ends a session which is over, before anything asks whose it is.

    While PostgreSQL cannot say whether it is over, nothing is done in its name, even if PostgreSQL is back a moment
    later: OWASP ASVS 5.0, 16.5.3.
    """

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            try:
                _look(request)
            except DatabaseError as error:
                request.META[SIN_MIRAR] = error
        return self._respond(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Answer as for a database that is away, where a session asks that nobody could look at.

        Raises:
            DatabaseError: the one that was met.
        """
        match = request.resolver_match
        if SIN_MIRAR in request.META and not (match and (match.url_name in LIBRES or match.route.startswith(DE_TODOS))):
            raise request.META[SIN_MIRAR]


@receiver(user_logged_in)
def _begin(request: HttpRequest, **kwargs: Any) -> None:
    session = request.session
    session[DESDE] = session[VISTO] = int(time.time())
    session.pop(FACTOR, None)  # a door that asked for it says so afterwards
    confirmar(request)
    _list(request)


def confirmar(request: HttpRequest, *, factor: bool = False) -> None:
    """Note that the person has just proved who they are.

    Args:
        factor: whether by the second factor too.
    """
    request.session[CONFIRMADO] = int(time.time())
    if factor:
        request.session[FACTOR] = True


def con_factor(request: HttpRequest) -> bool:
    """Tell whether the session was opened with a second factor."""
    return bool(request.session.get(FACTOR))


def es_reciente(request: HttpRequest) -> bool:
    """Tell whether the person has proved who they are in the last minutes: ASVS 5.0, 7.5.1."""
    good_s = RECIENTE_S * (2 if request.method == "POST" else 1)
    return bool(int(time.time()) - request.session.get(CONFIRMADO, 0) <= good_s)


@dataclass(frozen=True, slots=True)
class Abierta:
    """An open session, for the person whose it is.

    Args:
        pk: of its row in the list.
        equipo: browser and system, in words.
        ip: where it was opened.
        desde, visto: when it was opened, and about when it was last used.
        esta: whether it is the one that asks.
    """

    pk: int
    equipo: str
    ip: str | None
    desde: datetime
    visto: datetime
    esta: bool


def abiertas(request: HttpRequest, usuario: Usuario) -> list[Abierta]:
    """Return the person's open sessions: first the one that asks, then those used last."""
    good = usuario.get_session_auth_hash()
    found = []
    for row in Sesion.objects.filter(usuario=usuario, sesion__expire_date__gt=timezone.now()).select_related("sesion"):
        esta = row.sesion_id == request.session.session_key
        # What this request has just noted is written when it is answered.
        data = request.session if esta else row.sesion.get_decoded()
        if data.get(SESSION_KEY) != str(usuario.pk) or data.get(HASH_SESSION_KEY) != good:
            continue  # a new password has ended it, or somebody else sits there
        desde, visto = int(data.get(DESDE, 0)), int(data.get(VISTO, 0))
        if _is_over(desde, visto, int(time.time())):
            continue
        found.append(
            Abierta(
                pk=row.pk,
                equipo=en_palabras(row.agente),
                ip=row.ip,
                desde=datetime.fromtimestamp(desde, UTC),
                visto=datetime.fromtimestamp(visto, UTC),
                esta=esta,
            )
        )
    return sorted(found, key=lambda one: (not one.esta, -one.visto.timestamp()))


def cerrar(*, usuario: Usuario, pk: int) -> None:
    """End one of the person's sessions.

    Raises:
        Sesion.DoesNotExist: it is none of theirs, or has ended already.
    """
    row = Sesion.objects.get(usuario=usuario, pk=pk)
    Session.objects.filter(pk=row.sesion_id).delete()
    anotar(Tipo.SESIONES, usuario=usuario, detalle=f"una: {en_palabras(row.agente)}, {row.ip or 'sin dirección'}")


def cerrar_todas(usuario: Usuario) -> None:
    """End every session of the person; the caller may keep the one that asked."""
    usuario.end_sessions()
    anotar(Tipo.SESIONES, tienda=usuario, detalle=f"todas las de {usuario.get_username()}")


def _look(request: HttpRequest) -> None:
    session, now = request.session, int(time.time())
    if SESSION_KEY not in session:
        return
    desde, visto = session.get(DESDE, now), session.get(VISTO, now)
    if _is_over(desde, visto, now):
        logout(request)
        return
    by_itself = DE_FONDO in request.headers  # a page that counts in the background says nothing of its person
    if DESDE not in session or (now - visto >= NOTED_EACH_S and not by_itself):
        session[DESDE], session[VISTO] = desde, now
    if session.get(ANOTADA) != session.session_key:
        with suppress(DatabaseError):  # it is known not to be over; the next request puts it on the list
            _list(request)


def _is_over(desde: int, visto: int, now: int) -> bool:
    return now - desde > settings.SESSION_MAX_H * HOUR_S or now - visto > settings.SESSION_IDLE_H * HOUR_S


def _list(request: HttpRequest) -> None:
    """Put the session on its person's list, under the key that it has now."""
    session = request.session
    if session.session_key is None:
        session.create()
    session[ANOTADA] = session.session_key
    Sesion.objects.update_or_create(
        sesion_id=session.session_key,
        defaults={
            "usuario_id": int(session[SESSION_KEY]),
            "ip": actor.ip_de(request),
            "agente": request.headers.get("User-Agent", "").replace("\x00", "")[:AGENTE_MAX],
        },
    )
