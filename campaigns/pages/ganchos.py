"""The pages of a shop's hooks: which program is told of what, how its calls went, and telling again."""

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.bitacora import ganchos as services
from campaigns.models import Gancho
from campaigns.models.alerta import URL_MAX
from campaigns.pages.alertas import DEMASIADAS
from campaigns.values import eventos
from campaigns.values.direccion import leer
from core.api.throttling import espera_de_prueba
from core.errors import DomainError, InvalidInputError
from core.forms import StyledForm
from core.models import Usuario
from core.pages import una_vez
from core.pages.access import con_permiso, pagina, reciente
from core.permisos import Accion
from core.text import formato

ENTREGAS: Final = 30
ID_MAX: Final = 18  # digits
SOLO_ADMIN = "Solo un administrador ve y cambia los ganchos."
GUARDADO = "El gancho quedó como lo pidió."
ACTIVADO = "El gancho está activo otra vez."
DESACTIVADO = "El gancho está desactivado: no se le avisa de nada."
ELIMINADO = "El gancho se eliminó."
PROBADO = "La prueba va en camino: en unos segundos verá abajo cómo le fue."
REPETIDA = "La entrega se repite: va en camino."
TRAMO = ("Se avisa otra vez de {n} evento.", "Se avisa otra vez de {n} eventos.")
SIN_FECHAS = "Diga desde cuándo y hasta cuándo."


class GanchoForm(StyledForm, forms.Form):
    url = forms.URLField(
        label="Dirección de su programa",
        max_length=URL_MAX,
        assume_scheme="https",
        help_text="https://…, en una dirección pública.",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )
    tipos = forms.MultipleChoiceField(
        label="Avisar cuando", choices=eventos.ELEGIBLES, widget=forms.CheckboxSelectMultiple
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            leer(url)
        except InvalidInputError as error:
            raise ValidationError(error.message) from error
        return url


class TramoForm(StyledForm, forms.Form):
    desde = forms.DateTimeField(label="Desde", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    hasta = forms.DateTimeField(label="Hasta", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))


def _lista(request: HttpRequest, usuario: Usuario, form: GanchoForm, **context: Any) -> HttpResponse:
    context |= {"seccion": "alertas", "ganchos": services.ganchos_de(usuario), "form": form, **una_vez.token()}
    return render(request, "campaigns/ganchos/ganchos.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("ganchos", solo_enviar=True)
def ganchos(request: HttpRequest) -> HttpResponse:
    """Show the shop's hooks and a form for one more; make it."""
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    if request.method != "POST":
        return _lista(request, usuario, GanchoForm())
    form = GanchoForm(request.POST)
    if not form.is_valid():
        return _lista(request, usuario, form)
    if una_vez.es_repetido(request):
        messages.error(request, una_vez.USADO)
        return redirect("ganchos")
    try:
        made = services.crear(usuario=usuario, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, error.message)
        return _lista(request, usuario, form)
    # Shown in this answer and never again.
    return _uno(request, made, secreto_nuevo=made.secreto)


def _uno(request: HttpRequest, gancho: Gancho, **context: Any) -> HttpResponse:
    context.setdefault("form", GanchoForm(initial={"url": gancho.url, "tipos": gancho.tipos}))
    context |= {
        "seccion": "alertas",
        "gancho": gancho,
        "entregas": services.entregas_de(gancho)[:ENTREGAS],
        "tramo": TramoForm(),
        **una_vez.token(),
    }
    return render(request, "campaigns/ganchos/gancho.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("ganchos", solo_enviar=True)
def gancho(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one hook with its last calls; change it."""
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    found = get_object_or_404(services.ganchos_de(usuario), pk=pk)
    if request.method != "POST":
        return _uno(request, found)
    form = GanchoForm(request.POST)
    if not form.is_valid():
        return _uno(request, found, form=form)
    services.cambiar(gancho=found, usuario=usuario, datos=form.cleaned_data)
    messages.success(request, GUARDADO)
    return redirect("gancho", pk)


@require_POST
@never_cache
@pagina
@reciente("ganchos")
def hacer(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a button of a hook's page says."""
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    found = get_object_or_404(services.ganchos_de(usuario), pk=pk)
    accion = request.POST.get("accion", "")
    if accion == "secreto":
        if una_vez.es_repetido(request):
            messages.error(request, una_vez.USADO)
            return redirect("gancho", pk)
        changed = services.cambiar_secreto(gancho=found, usuario=usuario)
        return _uno(request, changed, secreto_nuevo=changed.secreto)
    if accion == "eliminar":
        services.eliminar(gancho=found, usuario=usuario)
        messages.success(request, ELIMINADO)
        return redirect("ganchos")
    try:
        if done := ACCIONES.get(accion):
            messages.success(request, done(request, found, usuario))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("gancho", pk)


def _activar(request: HttpRequest, found: Gancho, usuario: Usuario) -> str:
    services.cambiar(gancho=found, usuario=usuario, datos={"activo": True})
    return ACTIVADO


def _desactivar(request: HttpRequest, found: Gancho, usuario: Usuario) -> str:
    services.cambiar(gancho=found, usuario=usuario, datos={"activo": False})
    return DESACTIVADO


def _probar(request: HttpRequest, found: Gancho, usuario: Usuario) -> str:
    if (espera := espera_de_prueba(request, usuario)) is not None:
        raise InvalidInputError(DEMASIADAS.format(espera=formato.duracion(ceil(espera))))
    services.probar(gancho=found)
    return PROBADO


def _repetir(request: HttpRequest, found: Gancho, usuario: Usuario) -> str:
    sent = request.POST.get("entrega", "")
    asked = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= ID_MAX else 0
    entrega = get_object_or_404(services.entregas_de(found).select_related("gancho"), pk=asked)
    services.repetir(entrega=entrega)
    return REPETIDA


def _tramo(request: HttpRequest, found: Gancho, usuario: Usuario) -> str:
    form = TramoForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(SIN_FECHAS)
    desde: datetime = form.cleaned_data["desde"]
    n = services.repetir_tramo(gancho=found, desde=desde, hasta=form.cleaned_data["hasta"])
    return TRAMO[n != 1].format(n=formato.numero(n))


ACCIONES: Final[dict[str, Callable[[HttpRequest, Gancho, Usuario], str]]] = {
    "activar": _activar,
    "desactivar": _desactivar,
    "prueba": _probar,
    "repetir": _repetir,
    "tramo": _tramo,
}
