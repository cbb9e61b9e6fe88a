from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns.campana.services import mover_campana
from campaigns.ley.limites import NOMBRES, cambiar_limites, validar
from campaigns.mensaje import texto
from campaigns.models import (
    Ajustes,
    AjustesCambio,
    CampanaSMS,
    CierreDiario,
    Entrante,
    Gasto,
    LimitesTienda,
    Lote,
    Ocurrencia,
    PlantillaSMS,
    Programacion,
    Remitente,
    SMSLog,
)
from campaigns.programaciones.palabras import en_palabras
from campaigns.values import estados
from core.admin import DeTienda, DeUnaTienda, OnlyRead
from core.errors import ConflictError, InvalidInputError
from core.models import Usuario
from core.registro import Tipo, anotar


class PlantillaSMSForm(forms.ModelForm[PlantillaSMS]):
    class Meta:
        model = PlantillaSMS
        fields = ("nombre", "mensaje", "activo", "usuario")

    def clean_mensaje(self) -> str:
        mensaje = texto.sin_retornos(self.cleaned_data["mensaje"])
        try:
            texto.validate(mensaje)
        except InvalidInputError as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return mensaje


@admin.register(PlantillaSMS)
class PlantillaSMSAdmin(DeTienda, admin.ModelAdmin[PlantillaSMS]):
    form = PlantillaSMSForm
    list_display = ("nombre", "mensaje", "activo", "usuario", "creado")
    list_filter = ("activo", "usuario")
    list_select_related = ("usuario",)
    search_fields = ("nombre", "mensaje")

    def save_model(self, request: HttpRequest, obj: PlantillaSMS, form: Any, change: bool) -> None:
        if "mensaje" in form.changed_data:
            obj.redactada_por = cast("Usuario", request.user)
        super().save_model(request, obj, form, change)


@admin.register(Remitente)
class RemitenteAdmin(DeTienda, admin.ModelAdmin[Remitente]):
    list_display = ("nombre", "valor", "segmentos_por_segundo", "activo", "usuario", "creado")
    list_filter = ("activo", "usuario")
    list_select_related = ("usuario",)
    search_fields = ("nombre", "valor")

    def get_readonly_fields(self, request: HttpRequest, obj: Remitente | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *["valor"] * (obj is not None))

    def save_model(self, request: HttpRequest, obj: Remitente, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        what = f"cambió {', '.join(form.changed_data)}" if change else "prestado a la tienda"
        anotar(Tipo.REMITENTE, tienda=obj.usuario, detalle=f"{obj.valor}, {what}")


@admin.register(CampanaSMS)
class CampanaSMSAdmin(OnlyRead, admin.ModelAdmin[CampanaSMS]):
    list_display = (
        "nombre",
        "estado",
        "total_clientes",
        "enviados_exitosos",
        "enviados_fallidos",
        "remitente",
        "usuario",
        "creado",
        "programada_para",
        "completado_en",
    )
    list_filter = ("estado", "usuario", "creado")
    list_select_related = ("usuario", "remitente")
    search_fields = ("nombre", "mensaje", "motivo")
    date_hierarchy = "creado"
    actions = ("pausar", "cancelar")

    def has_operar_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may stop campaigns of any shop: nothing else of one can be changed here."""
        return request.user.has_perm("campaigns.change_campanasms")

    @admin.action(description="Pausar las campañas elegidas", permissions=["operar"])
    def pausar(self, request: HttpRequest, queryset: QuerySet[CampanaSMS]) -> None:
        self._mover(request, queryset, "pausar")

    @admin.action(description="Cancelar las campañas elegidas, para siempre", permissions=["operar"])
    def cancelar(self, request: HttpRequest, queryset: QuerySet[CampanaSMS]) -> None:
        self._mover(request, queryset, "cancelar")

    def _mover(self, request: HttpRequest, queryset: QuerySet[CampanaSMS], action: str) -> None:
        motivo = estados.MOVES[action].anota.format(usuario=request.user.get_username())
        for campana in queryset.order_by("pk"):
            try:
                mover_campana(campana=campana, action=action, motivo=motivo)
            except ConflictError as error:
                self.message_user(request, f"{campana}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{campana}: {estados.MOVES[action].hecho}", messages.SUCCESS)


@admin.register(Lote)
class LoteAdmin(OnlyRead, admin.ModelAdmin[Lote]):
    list_display = (
        "campana",
        "numero",
        "estado",
        "total",
        "exitosos",
        "fallidos",
        "publicado_en",
        "cerrado_en",
    )
    list_filter = ("estado",)
    list_select_related = ("campana",)
    search_fields = ("campana__nombre",)
    exclude = ("cliente_ids",)
    show_full_result_count = False


@admin.register(SMSLog)
class SMSLogAdmin(DeUnaTienda, OnlyRead, admin.ModelAdmin[SMSLog]):
    tienda = "campana__usuario"
    list_display = (
        "id",
        "campana",
        "nombre",
        "telefono",
        "estado",
        "codigo",
        "entrega",
        "twilio_sid",
        "actualizado",
    )
    list_filter = ("estado", "entrega", "codigo")
    list_select_related = ("campana",)
    search_fields = ("telefono", "twilio_sid", "campana__nombre")
    show_full_result_count = False


@admin.register(Ajustes)
class AjustesAdmin(OnlyRead, admin.ModelAdmin[Ajustes]):
    """Settings, read only: their page keeps the history, and tells the campaigns."""

    list_display = ("usuario", "ventanas_activas", "frecuencia_activa", "rne_activo", "tope_diario", "tope_mensual")
    list_select_related = ("usuario",)


class LimitesForm(forms.ModelForm[LimitesTienda]):
    tienda = forms.ModelChoiceField(Usuario.objects.filter(rol=Usuario.Rol.ADMIN, creado_por=None))
    paises = forms.CharField(
        label="países",
        required=False,
        help_text="Dos letras cada uno, con comas: CO, PA. Con * puede enviar a cualquiera; en blanco, a los de todas.",
    )

    class Meta:
        model = LimitesTienda
        fields = tuple(NOMBRES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in NOMBRES.items():
            self.fields[name].label = label
        if self.instance.pk:
            del self.fields["tienda"]
            self.initial["paises"] = ", ".join(self.instance.paises or ())

    def clean_paises(self) -> list[str] | None:
        return [pais.strip().upper() for pais in self.cleaned_data["paises"].split(",") if pais.strip()] or None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            cleaned |= validar({name: cleaned[name] for name in NOMBRES if name in cleaned})
        except InvalidInputError as error:
            self.add_error(error.field, error.message)
        return cleaned


@admin.register(LimitesTienda)
class LimitesTiendaAdmin(admin.ModelAdmin[LimitesTienda]):
    """The operator's ceilings for one shop; in blank, those of every shop. The security log keeps each change."""

    form = LimitesForm
    list_display = ("tienda", *NOMBRES)
    list_select_related = ("ajustes__usuario",)
    search_fields = ("ajustes__usuario__username", "ajustes__usuario__tienda")

    @admin.display(ordering="ajustes__usuario__username")
    def tienda(self, limites: LimitesTienda) -> str:
        return limites.ajustes.usuario.get_username()

    def has_delete_permission(self, request: HttpRequest, obj: LimitesTienda | None = None) -> bool:
        return False  # in blank they are those of every shop

    def get_fields(self, request: HttpRequest, obj: LimitesTienda | None = None) -> tuple[str, ...]:
        return tuple(NOMBRES) if obj else ("tienda", *NOMBRES)

    def save_model(self, request: HttpRequest, obj: LimitesTienda, form: Any, change: bool) -> None:
        tienda = obj.ajustes.usuario if change else form.cleaned_data["tienda"]
        cambiar_limites(tienda=tienda, cambios={name: form.cleaned_data[name] for name in NOMBRES})
        obj.pk = tienda.pk


@admin.register(AjustesCambio)
class AjustesCambioAdmin(OnlyRead, admin.ModelAdmin[AjustesCambio]):
    list_display = ("creado", "usuario", "quien", "cambios", "motivo")
    list_filter = ("usuario",)
    list_select_related = ("usuario", "quien")


@admin.register(Gasto)
class GastoAdmin(OnlyRead, admin.ModelAdmin[Gasto]):
    list_display = ("dia", "usuario", "monto", "operador", "mensajes")
    list_filter = ("usuario",)
    list_select_related = ("usuario",)
    date_hierarchy = "dia"


@admin.register(Entrante)
class EntranteAdmin(DeUnaTienda, OnlyRead, admin.ModelAdmin[Entrante]):
    """Texts of clients, also those whose shop nobody knows."""

    list_display = ("recibido", "telefono", "tipo", "texto", "usuario", "campana", "remitente", "leido_en")
    list_filter = ("tipo", ("usuario", admin.EmptyFieldListFilter), "usuario")
    list_select_related = ("usuario", "campana")
    search_fields = ("telefono", "texto", "sid")
    show_full_result_count = False


@admin.register(Programacion)
class ProgramacionAdmin(OnlyRead, admin.ModelAdmin[Programacion]):
    list_display = ("nombre", "cuando", "zona", "activa", "proxima", "usuario", "creado")
    list_filter = ("activa", "frecuencia", "usuario")
    list_select_related = ("usuario",)
    search_fields = ("nombre", "mensaje")

    @admin.display(description="cuándo")
    def cuando(self, programacion: Programacion) -> str:
        return en_palabras(programacion.recurrencia)


@admin.register(Ocurrencia)
class OcurrenciaAdmin(OnlyRead, admin.ModelAdmin[Ocurrencia]):
    list_display = ("programacion", "ocurrencia_utc", "tipo", "estado", "motivo", "campana", "creado")
    list_filter = ("estado", "tipo", "ocurrencia_utc")
    list_select_related = ("programacion", "campana")
    search_fields = ("programacion__nombre", "motivo")
    show_full_result_count = False


@admin.register(CierreDiario)
class CierreDiarioAdmin(OnlyRead, admin.ModelAdmin[CierreDiario]):
    """Daily closes, read only: their page asks for one, and shows its differences."""

    list_display = ("dia", "estado", "mensajes", "filas", "segmentos", "costo", "moneda", "sin_precio", "diferencias")
    list_filter = ("estado",)
    date_hierarchy = "dia"
