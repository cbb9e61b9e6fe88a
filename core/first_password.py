"""A password that somebody else chose or read opens one page: the one where its owner chooses another.

OWASP ASVS 5.0, 6.4.1: an initial password must not become the long-term one. A password that another person sets is
marked, by whatever way they set it; one's own takes the mark away.
"""

from typing import Any, Final

from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from core.confinement import DE_TODOS, Confinement, refuse
from core.models import Usuario
from core.ops import actor

CODE: Final = "password_change_required"
CAMBIE: Final = "Su clave la escogió otra persona. Escoja una propia en «Mi cuenta» antes de seguir."
# Its page, its form, and what a second factor may ask before.
ABIERTAS: Final = {"cuenta-clave", "factor", "confirmar", "ingresar", "salir", "healthz", "readyz"}
CUENTA: Final = "cuenta"


@receiver(pre_save, sender=Usuario)
def _mark(instance: Usuario, **kwargs: Any) -> None:
    # Django's own mark of a new password. Without anybody, as from a command, the caller says whose it is.
    por = instance.pk if instance.clave_propia else actor.actual().usuario_id
    if por and getattr(instance, "_password", None) is not None:
        instance.clave_ajena = por != instance.pk


class FirstPassword(Confinement):
    """Middleware of that room.

    A key of the API ends with the password before, and none is given for such a password.
    """

    def refusal(self, request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
        if match.url_name in ABIERTAS or match.route.startswith(DE_TODOS):
            return None
        if match.url_name == CUENTA and request.method in {"GET", "HEAD"}:
            return None
        user: Any = request.user
        if not user.is_authenticated or not user.clave_ajena:
            return None
        return refuse(request, code=CODE, detail=CAMBIE, page=CUENTA)
