"""The page of the API's keys: an admin's are the whole shop's, a vendedor's their own."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import llaves as domain
from core.addresses import cidr
from core.errors import DomainError
from core.forms import StyledForm
from core.models import LlaveApi, Usuario
from core.pages import una_vez
from core.pages.access import pagina, reciente, usuario_de

MUCHAS_REDES: Final = f"Escriba {domain.REDES_MAX} redes como máximo."
NUNCA: Final = "nunca"
DURACIONES: Final = {"30": "Un mes", "90": "Tres meses", "365": "Un año", NUNCA: "Nunca"}
# More are not shown; a person's own come first.
FILAS: Final = 300


class LlaveForm(StyledForm, forms.Form):
    nombre = forms.CharField(
        label="Nombre", max_length=80, help_text="El programa que la usa, para reconocerla después."
    )
    alcances = forms.MultipleChoiceField(
        label="Qué puede hacer", choices=LlaveApi.Alcance.choices, widget=forms.CheckboxSelectMultiple
    )
    dias = forms.ChoiceField(label="Vence en", choices=DURACIONES, initial="365")
    prueba = forms.BooleanField(
        label="De prueba: lo que envía no sale ni cuesta, y solo ve sus campañas de prueba",
        required=False,
        help_text="Los clientes, etiquetas y segmentos que crea o cambia son de verdad. Plantillas crea, y no las"
        " cambia ni las elimina.",
    )
    redes = forms.CharField(
        label="Solo desde estas redes",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
        help_text="Una por línea, como 203.0.113.7 o 203.0.113.0/24. Vacío: desde cualquier parte.",
    )

    def __init__(self, *args: Any, usuario: Usuario, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = domain.alcances_de(usuario)
        self.fields["alcances"].choices = [(one, one.label) for one in scopes]  # type: ignore[attr-defined]  # of this field
        if len(scopes) == 1:
            self.fields["alcances"].initial = scopes

    def clean_redes(self) -> list[str]:
        found = self.cleaned_data["redes"].replace(",", " ").split()
        if len(found) > domain.REDES_MAX:
            raise ValidationError(MUCHAS_REDES, code="too_many")
        return [_red(text) for text in found]

    def datos(self) -> dict[str, Any]:
        """Return what `crear_llave` takes, of a form that is valid."""
        dias = self.cleaned_data["dias"]
        return {
            "nombre": self.cleaned_data["nombre"],
            "alcances": self.cleaned_data["alcances"],
            "redes": self.cleaned_data["redes"],
            "prueba": self.cleaned_data["prueba"],
            "vence_en": timezone.now() + timedelta(days=int(dias)) if dias != NUNCA else None,
        }


def _red(text: str) -> str:
    try:
        return cidr(text)
    except ValueError:
        raise ValidationError(domain.NO_ES_RED.format(text[:43]), code="invalid") from None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
@reciente("llaves", solo_enviar=True)
def llaves(request: HttpRequest) -> HttpResponse:
    """Show the keys, and make one: the answer shows it, and nothing ever again."""
    usuario = usuario_de(request)
    form = LlaveForm(request.POST if request.method == "POST" else None, usuario=usuario)
    nueva = None
    if form.is_valid():
        if una_vez.es_repetido(request):
            messages.error(request, una_vez.USADO)
            return redirect("llaves")
        try:
            nueva = domain.crear_llave(usuario=usuario, **form.datos())
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            form = LlaveForm(usuario=usuario)
    shown = domain.llaves_de(usuario).order_by("-origen", "-pk")[:FILAS]
    context = {"seccion": "cuenta", "form": form, "nueva": nueva, "ahora": timezone.now(), "llaves": shown}
    context |= una_vez.token()
    return render(request, "core/llaves/llaves.html", context)


@require_POST
@pagina
def revocar(request: HttpRequest, pk: int) -> HttpResponse:
    llave = get_object_or_404(domain.llaves_de(usuario_de(request)), pk=pk)
    domain.revocar_llave(llave=llave)
    messages.success(request, f"La llave «{llave.nombre}» se revocó: los programas que la usaban ya no entran.")
    return redirect("llaves")
