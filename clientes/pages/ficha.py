"""One client: what is known of them, their sales, and the form to change it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clientes import consentimiento, services
from clientes.models import Cliente, Etiqueta
from clientes.pages.comun import SOLO_ADMIN, cliente_propio, cliente_visible
from clientes.selectors import etiquetas_de
from core.errors import InvalidInputError
from core.forms import KeepsUnsentForm, StyledForm, YesNoField
from core.models import Usuario
from core.pages.access import admin_de, pagina


class Marcas(forms.CheckboxSelectMultiple):
    """Boxes to tick. The page sends an empty one too, so that none ticked differs from a field that was not sent."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return [value for value in super().value_from_datadict(data, files, name) or [] if value]


class ClienteForm(KeepsUnsentForm, StyledForm, forms.ModelForm[Cliente]):
    activo = YesNoField(
        label="Activo", help_text="Las campañas a todos los clientes solo llegan a los activos.", initial=True
    )
    etiquetas = forms.ModelMultipleChoiceField(Etiqueta.objects.none(), required=False, widget=Marcas)

    class Meta:
        model = Cliente
        fields = (
            "nombre",
            "telefono",
            "documento",
            "etiquetas",
            "consentimiento_fuente",
            "consentimiento_en",
            "activo",
        )
        labels = {
            "telefono": "Teléfono",
            "consentimiento_fuente": "Aceptó recibir mensajes en",
            "consentimiento_en": "Cuándo",
        }
        help_texts = {
            "telefono": "El celular al que llegan los SMS: 300 123 4567, o +57… con el código del país.",
            "documento": "Cédula, NIT u otro número de identificación.",
            "consentimiento_fuente": "De dónde viene: un formulario, la caja, una llamada. En blanco si no lo ha dado.",
        }
        widgets = {
            "nombre": forms.TextInput({"autocomplete": "off"}),
            "telefono": forms.TextInput({"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
            "documento": forms.TextInput({"autocomplete": "off"}),
            "consentimiento_fuente": forms.TextInput({"autocomplete": "off"}),
            "consentimiento_en": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, data: Any = None, *, usuario: Usuario, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["etiquetas"].queryset = etiquetas_de(usuario)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if {"consentimiento_fuente", "consentimiento_en"} & self.errors.keys():
            return data
        try:
            consentimiento.validar(data.get("consentimiento_fuente", ""), data.get("consentimiento_en"))
        except InvalidInputError as error:
            self.add_error(error.field, error.message)
        return data


VENTAS = 10
SIN_SMS = "El teléfono «{}» no es un número válido: {} no recibirá SMS hasta que se corrija."
SIN_MOVIL = "El teléfono «{}» no es de un celular: es posible que {} no reciba SMS."
REPETIDO = "{} tiene el mismo teléfono: en una campaña, solo uno de los dos recibirá el mensaje."


@require_safe
@never_cache
@pagina
def cliente(request: HttpRequest, pk: int) -> HttpResponse:
    cliente = cliente_visible(request, pk)
    ventas = cliente.ventas.order_by("-fecha", "-pk")
    context = {
        "seccion": "clientes",
        "cliente": cliente,
        "etiquetas": list(cliente.etiquetas.all()),
        "ventas": ventas[:VENTAS],
        "resumen": ventas.aggregate(n=Count("pk"), total=Sum("total"), ultima=Max("fecha")),
    }
    return render(request, "clientes/cliente.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def nuevo(request: HttpRequest) -> HttpResponse:
    usuario = admin_de(request, SOLO_ADMIN)
    form = ClienteForm(_sent(request), usuario=usuario, instance=Cliente(usuario=usuario))
    if form.is_valid():
        cliente = form.save()
        messages.success(request, format_html("{} quedó entre sus clientes.", _link(cliente)))
        _warn(request, cliente)
        return redirect("clientes")
    return render(request, "clientes/formulario.html", {"seccion": "clientes", "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@pagina
def editar(request: HttpRequest, pk: int) -> HttpResponse:
    cliente = cliente_propio(request, pk)
    if cliente.anonimizado_en:
        messages.error(request, services.YA_ANONIMO)
        return redirect("cliente", pk)
    nombre = cliente.nombre  # the form writes what it could not accept into the row it was given
    form = ClienteForm(_sent(request), usuario=cliente.usuario, instance=cliente)
    if form.is_valid():
        services.cambiar_cliente(cliente=cliente, guardar=form.save)
        messages.success(request, format_html("Los cambios de {} quedaron guardados.", _link(cliente)))
        if "telefono" in form.changed_data:
            _warn(request, cliente)
        return redirect("clientes")
    context = {"seccion": "clientes", "form": form, "cliente": cliente, "nombre": nombre}
    return render(request, "clientes/formulario.html", context)


def _sent(request: HttpRequest) -> object:
    return request.POST if request.method == "POST" else None


def _link(cliente: Cliente) -> str:
    return format_html('<a href="{}">{}</a>', reverse("cliente", args=[cliente.pk]), cliente.nombre)


def _warn(request: HttpRequest, cliente: Cliente) -> None:
    """Say now what would surprise when a campaign is sent."""
    if not cliente.telefono:
        return
    if not cliente.telefono_e164:
        messages.warning(request, SIN_SMS.format(cliente.telefono, cliente.nombre))
        return
    if not cliente.movil:
        messages.warning(request, SIN_MOVIL.format(cliente.telefono, cliente.nombre))
    same = Cliente.objects.filter(usuario=cliente.usuario_id, telefono_e164=cliente.telefono_e164)
    if other := same.exclude(pk=cliente.pk).first():
        messages.warning(request, format_html(REPETIDO, _link(other)))
