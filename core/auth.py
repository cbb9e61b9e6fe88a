"""Sign-in by session and by key. A shop whose founder is disabled is closed to all its people."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.db.models import Model
from limits import RateLimitItemPerMinute
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from core import guesses, llaves, registro
from core.addresses import is_in, network_of
from core.api import alcances
from core.api.throttling import count_here_too
from core.factor import services as factor
from core.models import LlaveApi, Usuario
from core.ops.actor import ip_de
from core.registro import Tipo
from core.text import formato

# How often refused uses are written down, for each key.
SAID: Final = RateLimitItemPerMinute(1)
DESHABILITADO = "El usuario está desactivado."
SIN_LLAVE: Final = "El encabezado Authorization no trae una llave."
NO_SIRVE: Final = "Esa llave no existe o se revocó."
VENCIDA: Final = "Esta llave venció: {}. Haga otra en «Llaves de la API» o pida una con su clave."
OTRA_RED: Final = "Esta llave no sirve desde esta red."
# https://www.rfc-editor.org/rfc/rfc6750#section-2.1, and the framework's own word.
KEYWORDS: Final = frozenset({b"token", b"bearer"})
# Times are PostgreSQL's. The last use is written when it is older than a minute.
CON_LLAVE_SQL: Final = """
SELECT u.is_active AND NOT u.retirado AND a.is_active IS NOT FALSE, coalesce(k.vence_en <= now(), false),
    k.ultimo_uso_en IS NULL OR k.ultimo_uso_en < now() - interval '1 minute', {}
FROM core_llaveapi k JOIN core_usuario u ON u.id = k.usuario_id LEFT JOIN core_usuario a ON a.id = u.creado_por_id
WHERE k.huella = %s
"""
USADA_SQL: Final = """
UPDATE core_llaveapi SET ultimo_uso_en = now(), ultima_red = %s
WHERE id = %s AND (ultimo_uso_en IS NULL OR ultimo_uso_en < now() - interval '1 minute')
"""


class OpenShopBackend(ModelBackend):
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Usuario | None:
        """Look at a password, if neither its network nor its account has had too many wrong ones.

        Raises:
            TooManyGuessesError: it has; every door answers that with 429.
        """
        username = username or kwargs.get(Usuario.USERNAME_FIELD)
        if not username or password is None:
            return None
        guesses.count(request, username)
        usuario = super().authenticate(request, username=username, password=password, **kwargs)
        if usuario is not None:
            # Or who knows the password would begin to guess the code anew as often as they like.
            if not factor.tiene(usuario):
                guesses.forgive(request, username)
        elif request is not None:
            # What was typed may be a password in the wrong field: an unknown name is not kept.
            registro.anotar(Tipo.INGRESO_FALLIDO, usuario=registro.con_nombre(username), request=request)
        return usuario

    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.puede_ingresar

    def get_user(self, user_id: int) -> Usuario | None:
        """Return the person of a session.

        Every page and every fragment asks for it: `puede_ingresar` in one statement that is written once.
        """
        with connection.cursor() as cursor:
            cursor.execute(_de_sesion(), [user_id])
            row = cursor.fetchone()
        return row and Usuario.from_db(connection.alias, _campos(Usuario), row)


@cache
def _campos(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _columns(alias: str, model: type[Model]) -> str:
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


@cache
def _de_sesion() -> str:
    return (
        f"SELECT {_columns('u', Usuario)} FROM core_usuario u LEFT JOIN core_usuario a ON a.id = u.creado_por_id"  # noqa: S608  # the model's own columns
        " WHERE u.id = %s AND u.is_active AND NOT u.retirado AND a.is_active IS NOT FALSE"
    )


@cache
def _con_llave() -> str:
    return CON_LLAVE_SQL.format(f"{_columns('k', LlaveApi)}, {_columns('u', Usuario)}")


class LlaveAuthentication(BaseAuthentication):
    """Knows who calls by a key in `Authorization: Token …` or `Bearer …`, and what the key may do here.

    All that a key is refused for is asked here and not by each view, so that no view can forget it.
    """

    def authenticate(self, request: Request) -> tuple[Usuario, LlaveApi] | None:
        """Return the key's person and the key; None when the request brings no key.

        Raises:
            AuthenticationFailed: the key is none, or is over.
            PermissionDenied: it is not for this network, or not for this.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in KEYWORDS:
            return None
        if len(words) != 2:
            raise AuthenticationFailed(SIN_LLAVE)
        text = words[1].decode("latin-1")
        found = _find(text) if llaves.parece(text) else None
        if found is None:
            raise AuthenticationFailed(NO_SIRVE)
        open_, over, due, llave, usuario = found
        refusal = _refusal(request, llave, over=over)
        if refusal is not None:
            if count_here_too(SAID, f"llave:dicho:{llave.pk}") is None:
                detalle = f"{llave}: {request.method} {request.path}: {refusal.detail}"
                registro.anotar(Tipo.LLAVE_NEGADA, usuario=usuario, request=request, detalle=detalle)
            raise refusal
        if not open_:
            raise AuthenticationFailed(DESHABILITADO)
        if due:
            with connection.cursor() as cursor:
                cursor.execute(USADA_SQL, [network_of(ip_de(request._request) or ""), llave.pk])
        return usuario, llave

    def authenticate_header(self, request: Request) -> str:
        """Return the word that an anonymous call is answered 401 with, and not 403."""
        return "Token"


def _find(text: str) -> tuple[bool, bool, bool, LlaveApi, Usuario] | None:
    """Read a key and its person: whether they may sign in, whether it is over, and whether its use is to be written."""
    with connection.cursor() as cursor:
        cursor.execute(_con_llave(), [llaves.huella(text)])
        row: Sequence[Any] | None = cursor.fetchone()
    if row is None:
        return None
    open_, over, due, *values = row
    names = _campos(LlaveApi)
    llave = LlaveApi.from_db(connection.alias, names, values[: len(names)])
    return open_, over, due, llave, Usuario.from_db(connection.alias, _campos(Usuario), values[len(names) :])


def _refusal(request: Request, llave: LlaveApi, *, over: bool) -> APIException | None:
    """Return why the key is not for this request; None when it is."""
    if llave.revocada_en:
        return AuthenticationFailed(NO_SIRVE)
    if over and llave.vence_en:
        return AuthenticationFailed(VENCIDA.format(formato.momento(llave.vence_en)))
    if llave.redes and not is_in(ip_de(request._request), llave.redes):
        return PermissionDenied(OTRA_RED)
    match = request.resolver_match
    enough = alcances.bastan(request.method or "", match.route if match else "")
    if not llave.alcanza(enough):
        return PermissionDenied(alcances.FALTA.format(enough[0]), code=alcances.CODE)
    return None
