"""The page where an operator says why they look into a shop's data, before Django's admin shows any."""

from typing import Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import accesos
from core.models import Usuario
from core.pages.access import operador_de, pagina
from core.permisos import Rol

SOLO_OPERADOR: Final = "Solo quien administra la instalación abre datos de una tienda, y dice por qué."
NINGUNA: Final = "Ninguna: textos que no se sabe de qué tienda son"


class TiendaField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    def label_from_instance(self, obj: Usuario) -> str:
        """Name the shop as its people know it, and by who founded it, since no two have that."""
        return obj.username if obj.nombre_tienda == obj.username else f"{obj.nombre_tienda} ({obj.username})"


class MotivoForm(forms.Form):
    tienda = TiendaField(
        Usuario.objects.filter(rol=Rol.ADMIN, creado_por=None).order_by("username"), required=False, empty_label=NINGUNA
    )
    motivo = forms.CharField(
        min_length=accesos.MOTIVO_MIN,
        max_length=accesos.MOTIVO_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text="Lo lee la tienda en su registro de seguridad, con su usuario y la hora. No escriba en él datos de"
        " nadie.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def motivo(request: HttpRequest) -> HttpResponse:
    """Ask for the shop and the reason, then go on to where the operator wanted to.

    Raises:
        PermissionDenied: it is nobody of the installation.
    """
    operador = operador_de(request, SOLO_OPERADOR)
    volver = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(volver, {request.get_host()}, request.is_secure()):
        volver = reverse("admin:index")
    form = MotivoForm(request.POST or None)
    if form.is_valid():
        accesos.abrir(request, operador=operador, **form.cleaned_data)
        return redirect(volver)
    minutos = accesos.DURA_S // 60
    context = {**admin.site.each_context(request), "title": "Motivo", "form": form, "minutos": minutos}
    return render(request, "core/motivo.html", context)
