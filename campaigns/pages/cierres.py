"""The operator's pages about the daily closes: what Twilio has of a day beside what we have."""

from datetime import UTC
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns.cierre import selectors, services
from core.dates import de_este_mundo
from core.errors import InvalidInputError
from core.forms import StyledForm
from core.pages.access import operador_de, pagina, usuario_de

SOLO_OPERADOR: Final = "Los cierres son de toda la instalación: solo los ve quien la administra."
DIAS: Final = 90
DE_CADA_TIPO: Final = 100


class DiaForm(StyledForm, forms.Form):
    """The day that is to be closed."""

    dia = forms.DateField(
        label="Día (UTC)",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[de_este_mundo],
    )


@require_safe
@never_cache
@pagina
def cierres(request: HttpRequest) -> HttpResponse:
    found = selectors.cierres_de(operador_de(request, SOLO_OPERADOR))
    dia = selectors.ultimo_dia(timezone.now().astimezone(UTC))
    return render(
        request,
        "campaigns/cierres/cierres.html",
        {"seccion": "cierres", "cierres": found[:DIAS], "form": DiaForm(initial={"dia": dia})},
    )


@require_safe
@never_cache
@pagina
def cierre(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(selectors.cierres_de(usuario_de(request)), pk=pk)
    grupos = selectors.diferencias(found, most=DE_CADA_TIPO)
    return render(request, "campaigns/cierres/cierre.html", {"seccion": "cierres", "cierre": found, "grupos": grupos})


@require_POST
@pagina
def pedir(request: HttpRequest) -> HttpResponse:
    """Let a day be closed, once more if it was before."""
    operador_de(request, SOLO_OPERADOR)
    form = DiaForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["dia"][0]))
        return redirect("cierres")
    try:
        found = services.pedir_cierre(dia=form.cleaned_data["dia"], ahora=timezone.now())
    except InvalidInputError as error:
        messages.error(request, error.message)
        return redirect("cierres")
    messages.success(request, "El cierre empieza en unos minutos y sigue solo: vuelva a mirar esta página.")
    return redirect("cierre", found.pk)
