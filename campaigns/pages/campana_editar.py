"""Changing a campaign of another day, until it starts."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.campana.edicion import YA_NO, Cambios, editar, se_edita, texto_fijo
from campaigns.mensaje.texto import EJEMPLO, editor, sin_retornos
from campaigns.models import MENSAJE_MAX, CampanaSMS
from campaigns.models.campana import NOMBRE_MAX
from campaigns.pages.campana import campana_de
from core.errors import ConflictError, InvalidInputError
from core.forms import StyledForm
from core.pages import borrador
from core.pages.access import con_permiso, pagina
from core.permisos import Accion
from core.text import formato

SOLO_ADMIN = "Solo un administrador cambia una campaña."
GUARDADA = "La campaña quedó cambiada."
OTRA_PERSONA = (
    "Otra persona cambió la campaña mientras usted escribía, y lo suyo no se guardó. Esto es lo que hay ahora: revíselo"
    " y, si hace falta, cámbielo otra vez."
)
POR_APROBAR = "La campaña quedó cambiada, y espera otra vez que la aprueben."


class EditarForm(StyledForm, forms.Form):
    nombre = forms.CharField(max_length=NOMBRE_MAX, widget=forms.TextInput({"autocomplete": "off"}))
    mensaje = forms.CharField(label="Texto", strip=False, widget=forms.Textarea({"rows": 5, "spellcheck": "true"}))
    programada_para = forms.DateTimeField(
        label="Día y hora", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def __init__(self, campana: CampanaSMS, data: Any = None) -> None:
        super().__init__(data, initial=_inicial(campana))
        if fijo := texto_fijo(campana):
            self.fields["mensaje"].disabled = True
            self.fields["mensaje"].help_text = fijo


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar_campana(request: HttpRequest, pk: int) -> HttpResponse:
    usuario = con_permiso(request, Accion.EDITAR_CAMPANAS, SOLO_ADMIN)
    campana = campana_de(usuario, pk)
    if not se_edita(campana):
        messages.error(request, YA_NO)
        return redirect("campana", pk)
    clave = f"campana-{pk}"
    form = EditarForm(campana, request.POST if request.method == "POST" else None)
    # What is refused is shown again as it was typed, over what was seen when it was.
    visto = request.POST.get("visto", campana.huella)
    perdido: list[tuple[str, str]] | None = None
    if form.is_valid():
        try:
            cambios = _cambios(form.cleaned_data, campana)
            changed = editar(campana=campana, usuario=usuario, cambios=cambios, huella=visto)
        except InvalidInputError as error:
            field = error.field if error.field in form.fields else None
            form.add_error(field, forms.ValidationError(error.message, code=error.code))
        except ConflictError as refusal:
            now = campana_de(usuario, pk)
            if se_edita(now):
                perdido = _perdido(form, now)
                form, campana, visto = EditarForm(now), now, now.huella
            else:
                messages.error(request, refusal.message)
                return redirect("campana", pk)
        else:
            messages.success(request, POR_APROBAR if changed.por_aprobar else GUARDADA)
            return borrador.guardado(redirect("campana", pk), clave)
    context = {
        "seccion": "campanas",
        "campana": campana,
        "visto": visto,
        "otra_persona": OTRA_PERSONA,
        "perdido": perdido,
        "borrador": clave,
        "form": form,
        "ejemplo": EJEMPLO,
        "mensaje_max": MENSAJE_MAX,
        **editor(),
    }
    return render(request, "campaigns/campana/editar.html", context, status=200 if perdido is None else 409)


def _inicial(campana: CampanaSMS) -> dict[str, Any]:
    return {"nombre": campana.nombre, "mensaje": campana.mensaje, "programada_para": campana.programada_para}


def _perdido(form: EditarForm, campana: CampanaSMS) -> list[tuple[str, str]]:
    """Return (field, what was typed) of what is not as the campaign is now."""
    cambios = _cambios(form.cleaned_data, campana)
    typed = ((name, getattr(cambios, name)) for name in form.fields)
    return [
        (str(form[name].label), formato.momento(value) if isinstance(value, datetime) else value)
        for name, value in typed
        if value is not None and value != getattr(campana, name)
    ]


def _cambios(data: dict[str, Any], campana: CampanaSMS) -> Cambios:
    fecha: datetime = data["programada_para"]
    # The field knows minutes: the seconds of a date that was not touched are no change.
    known = campana.programada_para
    same = known is not None and timezone.localtime(known).replace(second=0, microsecond=0) == fecha
    return Cambios(
        nombre=data["nombre"], mensaje=sin_retornos(data["mensaje"]), programada_para=None if same else fecha
    )
