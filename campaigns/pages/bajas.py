"""The pages of opt-outs: the shop's list, one of them with its proofs, and the form in which an admin writes one
down."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.bajas import services
from campaigns.remitentes import valores_de
from clientes import phones
from clientes.bajas.selectors import bajas_de, historia_de
from clientes.models import Baja, Fuente
from clientes.models.baja import EVIDENCIA_MAX, MOTIVO_MAX
from clientes.selectors import clientes_de_telefonos
from core.errors import ConflictError, InvalidInputError
from core.forms import StyledForm
from core.models import Usuario
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion


class BajaForm(StyledForm, forms.Form):
    telefono = forms.CharField(
        label="Teléfono",
        max_length=40,
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
        help_text="300 123 4567, o +57… con el código del país.",
    )
    motivo = forms.CharField(
        label="Qué dijo, y cómo",
        max_length=MOTIVO_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text="Por ejemplo: «llamó a la tienda y pidió no recibir más mensajes».",
    )
    evidencia = forms.CharField(
        label="Prueba",
        required=False,
        max_length=EVIDENCIA_MAX,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Dónde está guardada: una carta, una grabación, un correo.",
    )


class AltaForm(StyledForm, forms.Form):
    motivo = forms.CharField(
        label="Cómo consintió de nuevo",
        max_length=MOTIVO_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text="Por ejemplo: «firmó la autorización en la tienda el 3 de mayo».",
    )
    evidencia = forms.CharField(
        label="Prueba",
        max_length=EVIDENCIA_MAX,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Dónde está guardada. La tienda debe poder mostrarla si la autoridad la pide.",
    )


BAJAS: Final = 25
HISTORIA: Final = 50
Q_MAX: Final = 40
SOLO_ADMIN: Final = "Solo un administrador puede registrar o levantar una baja."
VIGENTES: Final = {"si": "Vigentes", "no": "Levantadas"}


@require_safe
@never_cache
@pagina
def bajas(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    fuente = request.GET.get("fuente", "")
    fuente = fuente if fuente in Fuente.values else ""
    vigente = "no" if request.GET.get("vigente") == "no" else "si"
    q = phones.buscadas(request.GET.get("q", "")[:Q_MAX])
    antes = entero(request, "antes")
    found = bajas_de(usuario, remitentes=valores_de(usuario)).filter(vigente=vigente == "si")
    if fuente:
        found = found.filter(fuente=fuente)
    if q:
        found = found.filter(telefono__contains=q)
    page = page_before(found, antes, BAJAS)
    clientes = clientes_de_telefonos(usuario, {row.telefono for row in page.rows})
    context = {
        "seccion": "respuestas",
        "filas": [(row, clientes.get(row.telefono)) for row in page.rows],
        "fuentes": Fuente.choices,
        "fuente": fuente,
        "vigentes": VIGENTES.items(),
        "vigente": vigente,
        "q": q,
        "filtrado": bool(fuente or q or vigente == "no"),
        "busqueda": urlencode({"fuente": fuente, "vigente": vigente, "q": q}),
        "antes": antes,
        "siguiente": page.siguiente,
    }
    return render(request, "campaigns/bajas/bajas.html", context)


@require_safe
@never_cache
@pagina
def baja(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    return _baja(request, usuario, _propia(usuario, pk), AltaForm())


@require_POST
@never_cache
@pagina
def levantar(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    found = _propia(usuario, pk)
    form = AltaForm(request.POST)
    if form.is_valid():
        try:
            services.levantar(usuario=usuario, baja=found, **form.cleaned_data)
        except ConflictError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "La baja quedó levantada, con su prueba. Las próximas campañas le llegan.")
        return redirect("bajas")
    return _baja(request, usuario, found, form)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CLIENTES, SOLO_ADMIN)
    form = BajaForm(
        request.POST if request.method == "POST" else None, initial={"telefono": request.GET.get("tel", "")}
    )
    if form.is_valid():
        try:
            services.registrar(usuario=usuario, **form.cleaned_data)
        except InvalidInputError as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, "La baja quedó registrada: nada más se le envía a ese número.")
            return redirect("bajas")
    return render(request, "campaigns/bajas/nueva.html", {"seccion": "respuestas", "form": form})


def _propia(usuario: Usuario, pk: int) -> Baja:
    return get_object_or_404(bajas_de(usuario, remitentes=valores_de(usuario)), pk=pk)


def _baja(request: HttpRequest, usuario: Usuario, found: Baja, form: AltaForm) -> HttpResponse:
    context: dict[str, Any] = {
        "seccion": "respuestas",
        "baja": found,
        "cliente": clientes_de_telefonos(usuario, {found.telefono}).get(found.telefono),
        "historia": historia_de(found, usuario)[:HISTORIA],
        "form": form,
        "twilio": found.fuente in (Fuente.SMS, Fuente.TWILIO),
    }
    return render(request, "campaigns/bajas/baja.html", context)
