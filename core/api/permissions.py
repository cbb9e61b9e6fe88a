"""Permissions of the API: a role gets by the API what it gets by the pages, and no more."""

from typing import Any, Final

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core import sessions
from core.api import alcances
from core.models import LlaveApi
from core.permisos import FALTA

SOLO_MIRA: Final = (
    "Una llave de prueba no cambia esto: lo que se guarda aquí se envía de verdad, sin que nadie lo pida."
)
CONFIRME: Final = "Hace rato que ingresó: confirme quién es en /cuentas/confirmar/ y repita la llamada."
SOLO_CREA: Final = (
    "Una llave de prueba crea plantillas y no las cambia ni las elimina: las campañas de verdad envían su texto."
)


class RoleMay(BasePermission):
    """Let in whose role may do this, by the table of `core.api.alcances`, whose actions are those of the pages.

    Row ownership is the queryset's business.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        user, match = request.user, request._request.resolver_match
        if not user.is_authenticated:
            return False
        lacking = alcances.falta_permiso(user, request.method or "", match.route if match else "")
        self.message = FALTA[lacking] if lacking else None
        return lacking is None


class RecentSessionWrites(BasePermission):
    """A session writes only for some minutes after its person proved who they are, as on the pages: ASVS 5.0, 7.5.1.

    A key is no session: what it may do, its scopes say.
    """

    message = CONFIRME
    code = "reauthentication_required"

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or _is_recent(request)


class RecentSession(RecentSessionWrites):
    """The same for reading, where it takes much away at once."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return _is_recent(request)


def _is_recent(request: Request) -> bool:
    by_session = isinstance(request.successful_authenticator, SessionAuthentication)
    return not by_session or sessions.es_reciente(request._request)


class TrialKeyOnlyCreates(BasePermission):
    """A test key adds rows and changes none: what is real would use the row as it left it."""

    message = SOLO_CREA

    def has_permission(self, request: Request, view: Any) -> bool:
        return not _is_trial(request) or request.method in SAFE_METHODS or request.method == "POST"


class TrialKeyOnlyReads(BasePermission):
    """The same where a new row would do something real by itself."""

    message = SOLO_MIRA

    def has_permission(self, request: Request, view: Any) -> bool:
        return not _is_trial(request) or request.method in SAFE_METHODS


def _is_trial(request: Request) -> bool:
    return isinstance(request.auth, LlaveApi) and request.auth.prueba
