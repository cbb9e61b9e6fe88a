"""The shop's saved answers, and the words that are answered by themselves."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.mensaje.texto import EJEMPLO, editor
from campaigns.models import MENSAJE_MAX, RespuestaGuardada
from campaigns.respuestas.automaticas import AL_DIA
from campaigns.respuestas.selectors import guardadas_de
from campaigns.respuestas.services import guardar_respuesta
from core.errors import InvalidInputError
from core.forms import KeepsUnsentForm, StyledForm
from core.pages import borrador
from core.pages.access import con_permiso, pagina
from core.permisos import Accion

SOLO_ADMIN = "Solo un administrador cambia las respuestas guardadas."


class RespuestaForm(KeepsUnsentForm, StyledForm, forms.ModelForm[RespuestaGuardada]):
    mensaje = forms.CharField(strip=False, widget=forms.Textarea({"rows": 4, "spellcheck": "true"}))
    # Longer than what is kept of it: accents and signs are left out first.
    palabra = forms.CharField(
        max_length=100,
        required=False,
        help_text="Si un cliente escribe solo esa palabra, se le contesta sola, a cualquier hora y como mucho"
        f" {AL_DIA} veces al día. En blanco, la usan solo las personas.",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "HORARIO", "autocapitalize": "characters"}),
    )

    class Meta:
        model = RespuestaGuardada
        fields = ("nombre", "mensaje", "palabra")
        help_texts = {"nombre": "Para encontrarla; los clientes no lo ven."}
        widgets = {"nombre": forms.TextInput({"autocomplete": "off"})}


@require_safe
@never_cache
@pagina
def guardadas(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.VER_CLIENTES)
    context = {"seccion": "respuestas", "guardadas": guardadas_de(usuario).order_by("nombre", "pk"), "al_dia": AL_DIA}
    return render(request, "campaigns/respuestas/guardadas.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nueva(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return _formulario(request, RespuestaGuardada(usuario_id=usuario.tenant_id))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    return _formulario(request, _propia(request, pk))


def _propia(request: HttpRequest, pk: int) -> RespuestaGuardada:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    return get_object_or_404(guardadas_de(usuario), pk=pk)


def _formulario(request: HttpRequest, respuesta: RespuestaGuardada) -> HttpResponse:
    clave = f"guardada-{respuesta.pk or ''}"
    context = {
        "seccion": "respuestas",
        "borrador": clave,
        "respuesta": respuesta if respuesta.pk else None,
        "titulo": respuesta.nombre,  # the form writes what it could not accept into the row
        "ejemplo": EJEMPLO,
        "mensaje_max": MENSAJE_MAX,
        **editor(),
    }
    form = RespuestaForm(request.POST if request.method == "POST" else None, instance=respuesta)
    if form.is_valid():
        try:
            guardar_respuesta(respuesta=respuesta, **form.cleaned_data)
        except InvalidInputError as error:
            form.add_error(error.field, forms.ValidationError(error.message, code=error.code))
        else:
            messages.success(request, f"La respuesta «{respuesta.nombre}» quedó guardada.")
            return borrador.guardado(redirect("respuestas-guardadas"), clave)
    return render(request, "campaigns/respuestas/form.html", {**context, "form": form})


@require_POST
@pagina
def eliminar(request: HttpRequest, pk: int) -> HttpResponse:
    respuesta = _propia(request, pk)
    respuesta.delete()
    messages.success(request, f"La respuesta «{respuesta.nombre}» se eliminó.")
    return redirect("respuestas-guardadas")
