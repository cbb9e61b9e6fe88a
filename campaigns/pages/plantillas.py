"""The shop's templates."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.campana import selectors
from campaigns.campana.services import eliminar_plantilla
from campaigns.mensaje import texto
from campaigns.mensaje.texto import EJEMPLO, editor
from campaigns.models import MENSAJE_MAX, PlantillaSMS
from core.api.ajax import ReferenceView
from core.errors import ConflictError, InvalidInputError
from core.forms import KeepsUnsentForm, StyledForm, YesNoField
from core.models import Usuario
from core.pages import borrador
from core.pages.access import con_permiso, pagina
from core.pages.paging import page_before
from core.pages.query import entero
from core.permisos import Accion


class PlantillaForm(KeepsUnsentForm, StyledForm, forms.ModelForm[PlantillaSMS]):
    mensaje = forms.CharField(
        strip=False,
        widget=forms.Textarea({"rows": 5, "placeholder": "Hola {nombre}, …", "spellcheck": "true"}),
        help_text="Escriba {nombre} donde va el nombre de cada cliente, y {enlace_baja} donde va un enlace de baja.",
    )
    activo = YesNoField(label="Activa", help_text="Solo las activas se ofrecen al crear una campaña.", initial=True)

    class Meta:
        model = PlantillaSMS
        fields = ("nombre", "mensaje", "activo")
        help_texts = {"nombre": "Para reconocerla en las listas; los clientes no lo ven."}
        widgets = {"nombre": forms.TextInput({"autocomplete": "off"})}

    def clean_mensaje(self) -> str:
        """Join line ends: browsers send each as two characters, and each would cost a letter of the SMS."""
        mensaje: str = texto.sin_retornos(self.cleaned_data["mensaje"])
        try:
            texto.validate(mensaje)
        except InvalidInputError as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return mensaje


PLANTILLAS = 50
SOLO_ADMIN = "Solo un administrador puede crear, cambiar o eliminar plantillas."


def _propia(request: HttpRequest, pk: int) -> PlantillaSMS:
    return get_object_or_404(selectors.plantillas_de(con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)), pk=pk)


@require_safe
@never_cache
@pagina
def plantillas(request: HttpRequest) -> HttpResponse:
    antes = entero(request, "antes")
    page = page_before(selectors.plantillas_de(con_permiso(request, Accion.VER_CAMPANAS)), antes, PLANTILLAS)
    context = {"seccion": "plantillas", "plantillas": page.rows, "antes": antes, "siguiente": page.siguiente}
    return render(request, "campaigns/plantillas/plantillas.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def crear(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return _formulario(request, PlantillaSMS(usuario_id=usuario.tenant_id), usuario)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return _formulario(request, get_object_or_404(selectors.plantillas_de(usuario), pk=pk), usuario)


def _formulario(request: HttpRequest, plantilla: PlantillaSMS, usuario: Usuario) -> HttpResponse:
    context: dict[str, Any] = {
        "seccion": "plantillas",
        "plantilla": plantilla if plantilla.pk else None,
        "borrador": f"plantilla-{plantilla.pk or ''}",
        "titulo": plantilla.nombre,  # the form writes what it could not accept into the row
        "ejemplo": EJEMPLO,
        **editor(),
        "mensaje_max": MENSAJE_MAX,
    }
    form = PlantillaForm(request.POST if request.method == "POST" else None, instance=plantilla)
    if form.is_valid():
        if "mensaje" in form.changed_data:
            plantilla.redactada_por = usuario
        form.save()
        messages.success(request, f"La plantilla «{plantilla.nombre}» quedó guardada.")
        return borrador.guardado(redirect("plantillas"), context["borrador"])
    return render(request, "campaigns/plantillas/form.html", {**context, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    plantilla = _propia(request, pk)
    if request.method == "POST":
        try:
            eliminar_plantilla(plantilla=plantilla)
        except ConflictError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"La plantilla «{plantilla.nombre}» se eliminó.")
        return redirect("plantillas")
    return render(request, "campaigns/plantillas/eliminar.html", {"seccion": "plantillas", "plantilla": plantilla})


class PlantillasSMSView(ReferenceView):
    """`GET /clientes/plantillas-sms/`: the reference's call, for a page that lets one choose."""

    def get(self, request: Request) -> Response:
        active = selectors.plantillas_de(self.usuario).filter(activo=True)
        rows = active.order_by("nombre", "pk").values("id", "nombre", "mensaje")
        return Response({"success": True, "plantillas": list(rows)})
