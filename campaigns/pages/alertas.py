"""The page of the shop's alerts: which it wants, where, and what became of the last ones."""

from math import ceil
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.bitacora import selectors
from campaigns.bitacora.alertas import DemasiadasError, cambiar_secreto, guardar_ajustes
from campaigns.bitacora.alertas import probar as enviar_prueba
from campaigns.models import AjustesAlertas
from campaigns.models.alerta import URL_MAX
from campaigns.values.direccion import CORREOS_MAX, leer
from core.api.throttling import espera_de_prueba
from core.errors import ConflictError, InvalidInputError
from core.forms import KeepsUnsentForm, StyledForm, YesNoField
from core.models import Usuario
from core.pages import una_vez
from core.pages.access import con_permiso, pagina, reciente
from core.permisos import Accion
from core.text import formato

DEMASIADOS: Final = "Son demasiados: hasta {max} correos."
NO_ES_CORREO: Final = "«{correo}» no es una dirección de correo."


def correos_de(texto: str) -> list[str]:
    """The addresses of a text, one a line or with commas in between, each once.

    Raises:
        ValidationError: one is no address, or they are too many.
    """
    found = list(dict.fromkeys(word for word in texto.replace(",", " ").replace(";", " ").split() if word))
    for correo in found:
        try:
            validate_email(correo)
        except ValidationError as error:
            raise ValidationError(NO_ES_CORREO.format(correo=correo[:80])) from error
    if len(found) > CORREOS_MAX:
        raise ValidationError(DEMASIADOS.format(max=CORREOS_MAX))
    return found


class AjustesForm(KeepsUnsentForm, StyledForm, forms.ModelForm[AjustesAlertas]):
    url = forms.URLField(
        label="Dirección del webhook",
        required=False,
        max_length=URL_MAX,
        assume_scheme="https",
        help_text="Un programa suyo que recibe cada alerta: https://…",
    )
    al_pausarse = YesNoField(label="Una campaña se pausa sola")
    al_detenerse = YesNoField(label="Una campaña deja de avanzar")
    al_fallar = YesNoField(label="Una campaña termina con error")
    correos = forms.CharField(
        label="Correos",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "gerencia@tienda.co"}),
        help_text=f"Hasta {CORREOS_MAX}, uno por renglón.",
    )

    class Meta:
        model = AjustesAlertas
        fields = ("url", "correos", "al_pausarse", "al_detenerse", "al_fallar", "minutos_sin_avance")
        labels = {
            "minutos_sin_avance": "Minutos sin avance",
        }
        help_texts = {
            "minutos_sin_avance": "Después de cuántos se avisa que una campaña dejó de avanzar.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        known: AjustesAlertas = kwargs["instance"]
        super().__init__(*args, initial={"correos": "\n".join(known.correos)}, **kwargs)
        self.fields["url"].widget.attrs.update(placeholder="https://", autocomplete="off")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url:
            try:
                leer(url)
            except InvalidInputError as error:
                raise ValidationError(error.message) from error
        return url

    def clean_correos(self) -> list[str]:
        return correos_de(self.cleaned_data["correos"])


ALERTAS = 30
SOLO_ADMIN = "Solo un administrador ve y cambia las alertas."
GUARDADO = "Las alertas quedaron como las pidió."
PROBADA = "La prueba va en camino: en unos segundos verá abajo cómo le fue."
DEMASIADAS = "Ya pidió varias pruebas. Espere {espera} y vuelva a intentar."


def _pagina(request: HttpRequest, usuario: Usuario, **context: Any) -> HttpResponse:
    ajustes = selectors.ajustes_de(usuario)
    context.setdefault("form", AjustesForm(instance=ajustes))
    context |= {
        "seccion": "alertas",
        "ajustes": ajustes,
        "alertas": selectors.alertas_de(usuario)[:ALERTAS],
        "sin_correo": not settings.EMAIL_HOST,
        **una_vez.token(),
    }
    return render(request, "campaigns/alertas/alertas.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("alertas", solo_enviar=True)
def alertas(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    if request.method != "POST":
        return _pagina(request, usuario)
    before = selectors.ajustes_de(usuario)
    form = AjustesForm(request.POST, instance=selectors.ajustes_de(usuario))
    if not form.is_valid():
        return _pagina(request, usuario, form=form)
    try:
        ajustes = guardar_ajustes(usuario=usuario, datos=form.cleaned_data)
    except InvalidInputError as error:
        form.add_error(error.field, error.message)
        return _pagina(request, usuario, form=form)
    if ajustes.secreto != before.secreto:
        # Shown in this answer and never again.
        return _pagina(request, usuario, secreto_nuevo=ajustes.secreto)
    messages.success(request, GUARDADO)
    return redirect("alertas")


@require_POST
@never_cache
@pagina
@reciente("alertas")
def secreto(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    if una_vez.es_repetido(request):
        messages.error(request, una_vez.USADO)
        return redirect("alertas")
    return _pagina(request, usuario, secreto_nuevo=cambiar_secreto(usuario=usuario).secreto)


@require_POST
@pagina
def probar(request: HttpRequest) -> HttpResponse:
    usuario = con_permiso(request, Accion.ADMINISTRAR, SOLO_ADMIN)
    if (espera := espera_de_prueba(request, usuario)) is not None:
        messages.error(request, DEMASIADAS.format(espera=formato.duracion(ceil(espera))))
        return redirect("alertas")
    try:
        enviar_prueba(usuario=usuario)
    except ConflictError as refusal:
        messages.error(request, refusal.message)
    except DemasiadasError as late:
        messages.error(request, DEMASIADAS.format(espera=formato.duracion(ceil(late.espera))))
    else:
        messages.success(request, PROBADA)
    return redirect("alertas")
