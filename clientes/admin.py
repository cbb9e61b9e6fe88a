from typing import TYPE_CHECKING, cast

from django.contrib import admin
from django.http import HttpRequest

from clientes import services
from clientes.ficha_form import FichaForm
from clientes.models import Baja, Cliente, ConsultaRNE, Etiqueta, Importacion, RegistroBaja, Segmento, Venta
from core.admin import DeTienda, DeUnaTienda, OnlyRead

if TYPE_CHECKING:
    from django.forms import ModelForm

    from core.models import Usuario


def _guardado(cliente: Cliente) -> Cliente:
    cliente.save()
    return cliente


@admin.register(Cliente)
class ClienteAdmin(DeUnaTienda, admin.ModelAdmin[Cliente]):
    form = FichaForm
    list_display = ("nombre", "telefono", "telefono_e164", "documento", "activo", "usuario", "creado")
    list_filter = ("activo", "usuario", "creado")
    list_select_related = ("usuario",)
    search_fields = ("nombre", "telefono", "telefono_e164", "documento")
    readonly_fields = ("telefono_e164", "creado")
    show_full_result_count = False  # counting a million rows to show a number is not worth the page

    def save_model(self, request: HttpRequest, obj: Cliente, form: "ModelForm[Cliente]", change: bool) -> None:
        if change:
            services.cambiar_cliente(cliente=obj, quien=cast("Usuario", request.user), guardar=obj.save)
        else:
            services.crear_cliente(quien=cast("Usuario", request.user), guardar=lambda: _guardado(obj))


@admin.register(Etiqueta)
class EtiquetaAdmin(DeTienda, admin.ModelAdmin[Etiqueta]):
    list_display = ("nombre", "usuario")
    list_filter = ("usuario",)
    list_select_related = ("usuario",)
    search_fields = ("nombre",)


@admin.register(Segmento)
class SegmentoAdmin(DeTienda, admin.ModelAdmin[Segmento]):
    list_display = ("nombre", "condiciones", "usuario", "creado")
    list_filter = ("usuario",)
    list_select_related = ("usuario",)
    search_fields = ("nombre",)


@admin.register(Venta)
class VentaAdmin(DeUnaTienda, admin.ModelAdmin[Venta]):
    list_display = ("referencia", "cliente", "total", "fecha", "usuario")
    list_filter = ("usuario", "fecha")
    list_select_related = ("cliente", "usuario")
    search_fields = ("referencia", "cliente__nombre")
    autocomplete_fields = ("cliente",)
    show_full_result_count = False


@admin.register(Importacion)
class ImportacionAdmin(DeUnaTienda, admin.ModelAdmin[Importacion]):
    """Imports, read only: their pages and the workers move them."""

    list_display = ("archivo", "tipo", "estado", "leidas", "creadas", "rechazadas", "usuario", "creado")
    list_filter = ("estado", "tipo", "usuario")
    list_select_related = ("usuario",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Importacion | None = None) -> bool:
        return False


@admin.register(ConsultaRNE)
class ConsultaRNEAdmin(OnlyRead, admin.ModelAdmin[ConsultaRNE]):
    """Consultations of the register, read only: they are evidence."""

    list_display = ("consultado_en", "archivo", "numeros", "sha256", "quien", "usuario", "creado")
    list_filter = ("usuario",)
    list_select_related = ("usuario", "quien")


@admin.register(Baja)
class BajaAdmin(DeUnaTienda, OnlyRead, admin.ModelAdmin[Baja]):
    """Suppressions, read only: the pages, the API or the client make and lift them, with their proof."""

    list_display = ("telefono", "vigente", "fuente", "desde", "usuario", "remitente")
    list_filter = ("vigente", "fuente", "usuario")
    list_select_related = ("usuario",)
    search_fields = ("telefono",)
    exclude = ("huella",)
    show_full_result_count = False


@admin.register(RegistroBaja)
class RegistroBajaAdmin(DeUnaTienda, OnlyRead, admin.ModelAdmin[RegistroBaja]):
    list_display = ("momento", "telefono", "tipo", "fuente", "texto", "usuario", "campana_nombre", "quien")
    list_filter = ("tipo", "fuente", "usuario")
    list_select_related = ("usuario", "quien")
    search_fields = ("telefono", "sid", "texto")
    exclude = ("huella",)
    show_full_result_count = False
