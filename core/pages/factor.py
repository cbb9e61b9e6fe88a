"""The pages of one's own second factor."""

from typing import Any, Final

import segno
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import guesses, llaves, sessions
from core.factor import passkeys, services
from core.guesses import TooManyGuessesError
from core.models import Factor, Usuario
from core.pages import una_vez
from core.pages.access import pagina, reciente, usuario_de
from core.pages.ingreso import CODIGO_MALO, RETO, demasiados

# The secret that is being shown, in the session until its first code proves that an app has it.
NUEVO: Final = "factor_nuevo"
NOMBRE_MAX: Final = 60
LLAVE: Final = "Llave de acceso"
LLAVE_PUESTA: Final = "Su llave de acceso quedó añadida: úsela en vez del código."
LLAVE_MALA: Final = "No se pudo añadir la llave. Intente de nuevo, o con otra."
QUITADO: Final = "Su segundo factor se quitó: ahora ingresa solo con la clave."
NO_TIENE: Final = "Usted no tiene segundo factor."
OBLIGATORIO: Final = "En esta instalación usted necesita un segundo factor: puede cambiarlo, y no quitarlo."


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def factor(request: HttpRequest) -> HttpResponse:
    """Show the second factor, or set one up: `?cambiar=1` sets up another, and the old one is good until it works."""
    usuario = usuario_de(request)
    found = Factor.objects.filter(usuario=usuario).first()
    if found and services.exigido(usuario) and not sessions.con_factor(request):
        logout(request)  # it was set up elsewhere: this session has not shown it
        return redirect("ingresar")
    if found and "cambiar" not in request.GET:
        return _pagina(request, found)
    return _poner(request)


@reciente("factor")
def _poner(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        request.session.setdefault(NUEVO, services.secreto_nuevo())  # the same if the page is loaded again
        return _con_qr(request)
    usuario = usuario_de(request)
    if NUEVO not in request.session:
        return redirect("factor")
    try:
        guesses.count(request, usuario.get_username())
    except TooManyGuessesError as refused:
        return _con_qr(request, status=429, error=demasiados(refused))
    made = services.poner(usuario=usuario, secreto=request.session[NUEVO], texto=request.POST.get("codigo", ""))
    if made is None:
        return _con_qr(request, error=CODIGO_MALO)
    guesses.forgive(request, usuario.get_username())
    del request.session[NUEVO]
    update_session_auth_hash(request, usuario)  # the session that asked stays, the others end
    sessions.confirmar(request, factor=True)
    return _pagina(request, Factor.objects.get(usuario=usuario), codigos=made, recien=True)


@require_POST
@never_cache
@pagina
@reciente("factor")
def codigos(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, shown in this answer and never again."""
    usuario = usuario_de(request)
    found = Factor.objects.filter(usuario=usuario).first()
    if found is None:
        messages.info(request, NO_TIENE)
        return redirect("factor")
    if una_vez.es_repetido(request):
        messages.error(request, una_vez.USADO)
        return redirect("factor")
    return _pagina(request, found, codigos=services.codigos_nuevos(usuario=usuario))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("factor")
def llave(request: HttpRequest) -> HttpResponse:
    """Add a passkey."""
    usuario = usuario_de(request)
    found = Factor.objects.select_related("usuario").filter(usuario=usuario).first()
    if found is None:
        messages.info(request, NO_TIENE)
        return redirect("factor")
    reto = request.session.pop(RETO, "")
    if request.method == "POST":
        nombre = " ".join(request.POST.get("nombre", "").split())[:NOMBRE_MAX] or LLAVE
        if passkeys.poner(factor=found, reto=reto, respuesta=request.POST.get("respuesta", ""), nombre=nombre):
            messages.success(request, LLAVE_PUESTA)
            return redirect("factor")
        messages.error(request, LLAVE_MALA)
    request.session[RETO] = passkeys.reto_nuevo()
    opciones = passkeys.opciones_para_poner(found, request.session[RETO])
    return render(request, "core/factor/llave.html", {"seccion": "cuenta", "opciones": opciones})


@require_POST
@pagina
@reciente("factor")
def quitar_llave(request: HttpRequest, pk: int) -> HttpResponse:
    found = Factor.objects.filter(usuario=usuario_de(request)).first()
    if found is None or not passkeys.quitar(factor=found, pk=pk):
        raise Http404
    messages.success(request, "La llave de acceso se quitó.")
    return redirect("factor")


@require_POST
@pagina
@reciente("factor")
def quitar(request: HttpRequest) -> HttpResponse:
    usuario = usuario_de(request)
    if services.exigido(usuario):
        messages.error(request, OBLIGATORIO)
    elif services.quitar(usuario=usuario):
        request.session.pop(sessions.FACTOR, None)
        update_session_auth_hash(request, usuario)
        messages.success(request, _con_llaves(QUITADO, usuario))
    else:
        messages.info(request, NO_TIENE)
    return redirect("factor")


def _con_llaves(said: str, usuario: Usuario) -> str:
    """Add to a message that keys of the API go on, if there are any."""
    siguen = llaves.siguen(usuario)
    return format_html('{} {} <a href="{}">Revíselas</a>', said, siguen, reverse("llaves")) if siguen else said


def _pagina(request: HttpRequest, found: Factor, **context: Any) -> HttpResponse:
    shown = {
        "factor": found,
        "quedan": found.codigos.count(),
        "llaves": found.llaves.order_by("pk"),
        "exigido": services.exigido(usuario_de(request)),
        "siguen": llaves.siguen(usuario_de(request)),
        **una_vez.token(),
    }
    return render(request, "core/factor/factor.html", {"seccion": "cuenta", **shown, **context})


def _con_qr(request: HttpRequest, *, status: int = 200, error: str = "") -> HttpResponse:
    usuario, secreto = usuario_de(request), request.session[NUEVO]
    context = {
        "seccion": "cuenta",
        "qr": qr(services.direccion(usuario, secreto)),
        "secreto": " ".join(secreto[at : at + 4] for at in range(0, len(secreto), 4)),
        "exigido": services.exigido(usuario),
        "sin_factor": not sessions.con_factor(request),
        "error": error,
        "cambia": "cambiar" in request.GET,
    }
    return render(request, "core/factor/poner.html", context, status=status)


def qr(texto: str) -> SafeString:
    """Return the QR of the text as SVG, without a style or a script that the pages' CSP would refuse."""
    svg = segno.make(texto, error="m", micro=False).svg_inline(scale=5, border=4, light="#fff", dark="#000")
    return mark_safe(svg)  # noqa: S308 - segno's own shapes: the text is in their places, not in their words
